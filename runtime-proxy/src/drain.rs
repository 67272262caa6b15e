//! Draining: connections end when what they are busy with is done, while new ones are still accepted, because captured traffic
//! keeps coming until the pod is gone (dataplane.md §7.6, 22).
//!
//! Two things drain: the whole proxy after SIGTERM, and one filter chain that a reload has removed or changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

/// Starts a drain, once and for good.
#[derive(Debug)]
pub(crate) struct Signal {
    sender: watch::Sender<bool>,
    /// The same for those who look often: a channel is locked to be read.
    started: Arc<AtomicBool>,
}

impl Signal {
    /// A drain that has not started.
    pub(crate) fn new() -> Self {
        Self { sender: watch::Sender::new(false), started: Arc::default() }
    }

    /// Starts it.
    pub(crate) fn start(&self) {
        self.started.store(true, Ordering::Relaxed);
        self.sender.send_replace(true);
    }

    /// Whether it has started.
    pub(crate) fn started(&self) -> bool {
        self.started.load(Ordering::Relaxed)
    }

    /// What one watches it with.
    pub(crate) fn subscribe(&self) -> watch::Receiver<bool> {
        self.sender.subscribe()
    }
}

/// What a connection looks at to know whether it should end.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    process: watch::Receiver<bool>,
    chain: watch::Receiver<bool>,
    started: [Arc<AtomicBool>; 2],
}

impl Watch {
    /// Watches the proxy and a chain of it.
    pub(crate) fn new(process: &Signal, chain: &Signal) -> Self {
        Self {
            process: process.subscribe(),
            chain: chain.subscribe(),
            started: [process, chain].map(|signal| Arc::clone(&signal.started)),
        }
    }

    /// Whether a drain has started. Cheap: for every response.
    pub(crate) fn draining(&self) -> bool {
        self.started.iter().any(|started| started.load(Ordering::Relaxed))
    }

    /// Waits until a drain starts; returns at once if one has. Never returns when nobody is left who could start one.
    pub(crate) async fn started(&self) {
        let (mut process, mut chain) = (self.process.clone(), self.chain.clone());
        tokio::select! {
            () = wait(&mut process) => {}
            () = wait(&mut chain) => {}
        }
    }

    /// Waits until the chain of the connection is gone; the end of the proxy does not count.
    pub(crate) async fn chain_gone(&self) {
        wait(&mut self.chain.clone()).await;
    }
}

/// Waits until it is true. A sender that is gone without having said so means that nothing drains.
async fn wait(flag: &mut watch::Receiver<bool>) {
    if flag.wait_for(|flag| *flag).await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn poll(future: std::pin::Pin<&mut impl Future<Output = ()>>) -> Poll<()> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn either_the_proxy_or_the_chain_starts_a_drain() {
        for first in [true, false] {
            let (process, chain) = (Signal::new(), Signal::new());
            let watch = Watch::new(&process, &chain);
            let mut started = pin!(watch.started());
            assert!(!watch.draining());
            assert_eq!(poll(started.as_mut()), Poll::Pending);
            if first { &process } else { &chain }.start();
            assert!(watch.draining());
            assert_eq!(poll(started.as_mut()), Poll::Ready(()));
        }
    }

    #[test]
    fn a_signal_that_is_dropped_starts_nothing() {
        let (process, chain) = (Signal::new(), Signal::new());
        let watch = Watch::new(&process, &chain);
        drop((process, chain));
        assert_eq!(poll(pin!(watch.started())), Poll::Pending);
        assert!(!watch.draining());
    }
}
