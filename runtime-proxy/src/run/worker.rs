//! Threads that carry traffic.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use meshc_contract::proxy::Bind;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{mpsc, oneshot};

use crate::listener::{self, Bound, Context};

/// Commands that may wait for a thread; the one that controls waits when there are more.
const WAITING: usize = 64;
/// Tasks that run before sockets are asked again, if there are so many. Asking costs as much as a quarter of a request, and this many
/// take about a millisecond.
const TURN: u32 = 256;

/// What a thread is told.
#[derive(Debug)]
pub(super) enum Command {
    /// To accept connections of a socket.
    Listen {
        /// What it is bound to.
        bind: Bind,
        /// The socket.
        bound: Bound,
    },
    /// To accept no more connections there. Those that are open go on.
    Stop {
        /// What the socket is bound to.
        bind: Bind,
    },
}

/// A thread. It ends when this is dropped, with its connections.
#[derive(Debug)]
pub(super) struct Worker {
    commands: Option<mpsc::Sender<Command>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Tells it something.
    pub(super) async fn tell(&self, command: Command) {
        if let Some(commands) = &self.commands {
            // It ends only when nobody tells it anything any more.
            let _ = commands.send(command).await;
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}

/// Starts threads.
///
/// # Errors
/// Those of the operating system.
pub(super) fn start(threads: usize, context: &Arc<Context>) -> io::Result<Vec<Worker>> {
    (0..threads.max(1)).map(|number| one(number, Arc::clone(context))).collect()
}

fn one(number: usize, context: Arc<Context>) -> io::Result<Worker> {
    let (commands, received) = mpsc::channel(WAITING);
    let (started, starts) = std::sync::mpsc::sync_channel(1);
    let thread = std::thread::Builder::new().name(format!("worker-{number}")).spawn(move || {
        // It belongs to this thread alone, which saves its tasks what moving between threads would cost.
        let mut builder = Builder::new_current_thread();
        let runtime = builder.enable_all().event_interval(TURN).build_local(LocalOptions::default());
        match runtime {
            Ok(runtime) => {
                let _ = started.send(Ok(()));
                runtime.block_on(work(received, context));
            }
            Err(error) => drop(started.send(Err(error))),
        }
    })?;
    starts.recv().unwrap_or(Err(io::ErrorKind::Other.into()))?;
    Ok(Worker { commands: Some(commands), thread: Some(thread) })
}

async fn work(mut commands: mpsc::Receiver<Command>, context: Arc<Context>) {
    let mut stops: BTreeMap<Bind, oneshot::Sender<()>> = BTreeMap::new();
    while let Some(command) = commands.recv().await {
        match command {
            Command::Listen { bind, bound } => {
                let (stop, stopped) = oneshot::channel();
                tokio::task::spawn_local(listener::accept(
                    bound,
                    bind.clone(),
                    Arc::clone(&context),
                    stopped,
                ));
                stops.insert(bind, stop);
            }
            Command::Stop { bind } => drop(stops.remove(&bind)),
        }
    }
}
