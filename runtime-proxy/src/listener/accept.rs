//! The loop that accepts the connections of one socket.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use meshc_contract::proxy::Bind;
use tokio::net::{TcpListener, UnixListener};

use super::Bound;
use super::backoff::{Advice, Backoff};
use super::handle::{self, Accepted};
use crate::config::Shared;
use crate::stream::Stream;
use crate::{drain, log};

/// What all connections of a process share.
#[derive(Debug)]
pub(crate) struct Context {
    /// The configuration in force.
    pub(crate) shared: Arc<Shared>,
    /// The end of the process.
    pub(crate) drain: drain::Signal,
    /// Connections that are open.
    pub(crate) open: AtomicUsize,
}

/// A connection that is open, for as long as this lives.
struct Open(Arc<Context>);

impl Open {
    fn new(context: &Arc<Context>) -> Self {
        context.open.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(context))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A socket as the runtime of a thread has it.
enum Listening {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listening {
    fn new(bound: Bound) -> io::Result<Self> {
        Ok(match bound {
            Bound::Tcp(socket) => Self::Tcp(TcpListener::from_std(socket)?),
            Bound::Unix(socket) => Self::Unix(UnixListener::from_std(socket)?),
        })
    }

    async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(socket) => socket.accept().await.map(|(stream, _)| Stream::tcp(stream)),
            Self::Unix(socket) => socket.accept().await.map(|(stream, _)| Stream::unix(stream)),
        }
    }
}

/// Accepts connections until `stop` says so. What has arrived by then is still accepted, since closing the socket would reset it.
/// Runs on a `LocalSet`, like the connections.
pub(crate) async fn accept(
    bound: Bound,
    bind: Bind,
    context: Arc<Context>,
    stop: tokio::sync::oneshot::Receiver<()>,
) {
    let listening = match Listening::new(bound) {
        Ok(listening) => Rc::new(listening),
        Err(error) => return log::error("a listener cannot be served", &[("error", &error)]),
    };
    let bind = Rc::new(bind);
    tokio::select! {
        biased;
        _ = stop => {}
        () = forever(&listening, &bind, &context) => {}
    }
    // Everything that is ready now; the first wait means that nothing is left.
    tokio::select! {
        biased;
        () = forever(&listening, &bind, &context) => {}
        () = tokio::task::yield_now() => {}
    }
}

async fn forever(listening: &Listening, bind: &Rc<Bind>, context: &Arc<Context>) {
    let mut backoff = Backoff::default();
    loop {
        match listening.accept().await {
            Ok(stream) => {
                backoff.succeeded();
                spawn(stream, Rc::clone(bind), context);
            }
            Err(error) => match backoff.failed(&error) {
                Advice::Next => {}
                Advice::Wait { time, first } => {
                    if first {
                        log::error("connections cannot be accepted for now", &[("error", &error)]);
                        let help = "Times that connections could not be accepted for want of something.";
                        let config = context.shared.load();
                        config.labels.metrics().add("meshc_proxy_accept_failures_total", help, &[], 1.0);
                    }
                    tokio::time::sleep(time).await;
                }
            },
        }
    }
}

fn spawn(stream: Stream, bind: Rc<Bind>, context: &Arc<Context>) {
    let open = Open::new(context);
    let started = Instant::now();
    let context = Arc::clone(context);
    tokio::task::spawn_local(async move {
        handle::handle(Accepted { stream, bind: &bind, started }, &context).await;
        drop(open);
    });
}
