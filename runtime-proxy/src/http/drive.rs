//! When a connection ends: by itself, after it has been idle or alive for too long, or because the proxy drains.
//!
//! A task beside the connection waits for all that, so that requests do not pay for it.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::connection::Limits;
use super::exchange::Client;

/// Time for a connection to end once it was told to.
const GOODBYE: Duration = Duration::from_secs(5);

/// What a connection is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Nothing.
    Nothing,
    /// It ends once its requests have.
    Leave,
    /// It ends now.
    Stop,
}

/// How a connection is told.
#[derive(Debug)]
struct Line {
    told: Cell<Told>,
    waker: RefCell<Option<Waker>>,
}

impl Line {
    fn tell(&self, what: Told) {
        self.told.set(what);
        if let Some(waker) = self.waker.borrow().as_ref() {
            waker.wake_by_ref();
        }
    }
}

/// Ends the task beside a connection with it.
struct Beside(JoinHandle<()>);

impl Drop for Beside {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Runs a connection until it ends. `None` if it had to be cut off.
pub(super) async fn drive<C: Future>(
    mut connection: Pin<&mut C>,
    client: &Rc<Client>,
    limits: Limits,
    goodbye: impl Fn(Pin<&mut C>),
) -> Option<C::Output> {
    let line = Rc::new(Line { told: Cell::new(Told::Nothing), waker: RefCell::new(None) });
    let _beside = Beside(tokio::task::spawn_local(watch(Rc::clone(client), limits, Rc::clone(&line))));
    std::future::poll_fn(|context| {
        if let Poll::Ready(output) = connection.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        match line.told.replace(Told::Nothing) {
            Told::Nothing => {}
            Told::Leave => {
                goodbye(connection.as_mut());
                if let Poll::Ready(output) = connection.as_mut().poll(context) {
                    return Poll::Ready(Some(output));
                }
            }
            Told::Stop => return Poll::Ready(None),
        }
        let mut waker = line.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            *waker = Some(context.waker().clone());
        }
        Poll::Pending
    })
    .await
}

/// Waits until a connection should end, and tells it.
async fn watch(client: Rc<Client>, limits: Limits, line: Rc<Line>) {
    let born = Instant::now();
    let mut leaving = false;
    let mut wait = next_look(&client, limits, born);
    loop {
        tokio::select! {
            () = client.drain.started(), if !leaving => {
                leaving = true;
                line.tell(Told::Leave);
            }
            () = tokio::time::sleep(wait) => {
                let old = limits.max_connection.is_some_and(|limit| born.elapsed() >= limit);
                let unused = client.active.get() == 0;
                let idle = unused && limits.idle.is_some_and(|limit| client.last.get().elapsed() >= limit);
                wait = next_look(&client, limits, born);
                if old || idle {
                    if leaving && unused {
                        return line.tell(Told::Stop);
                    }
                    leaving = true;
                    line.tell(Told::Leave);
                    wait = GOODBYE;
                }
            }
        }
    }
}

/// When to look whether a connection has been idle or alive for too long.
fn next_look(client: &Client, limits: Limits, born: Instant) -> Duration {
    let left =
        |limit: Option<Duration>, since: Instant| limit.map(|limit| limit.saturating_sub(since.elapsed()));
    let idle = left(limits.idle, if client.active.get() == 0 { client.last.get() } else { Instant::now() });
    let old = left(limits.max_connection, born);
    let next = [idle, old].into_iter().flatten().min().unwrap_or(Duration::from_secs(86_400));
    next.max(Duration::from_millis(10))
}
