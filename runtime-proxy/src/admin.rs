//! Ports of the proxy itself: state, metrics, what is in force. What changes anything is for the loopback address alone.

mod answer;
mod dump;
mod scrape;
mod server;

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use meshc_contract::proxy;
use tokio::sync::Notify;

pub(crate) use server::{Answer, Asked, listen, serve_on, text};

use crate::listener::Context;
use crate::reload::Status;
use crate::telemetry::Metrics;
use answer::Audience;

/// What the ports tell of.
#[derive(Debug)]
pub(crate) struct Admin {
    context: Arc<Context>,
    metrics: Arc<Metrics>,
    threads: usize,
    status: Status,
    started: Instant,
    live: AtomicBool,
    quit: Notify,
}

/// What the proxy is doing, by the names of Envoy's admin interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Initializing,
    Live,
    Draining,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Initializing => "INITIALIZING",
            Self::Live => "LIVE",
            Self::Draining => "DRAINING",
        }
    }
}

impl Admin {
    /// A proxy that starts.
    pub(crate) fn new(context: Arc<Context>, metrics: Arc<Metrics>, threads: usize) -> Self {
        Self {
            context,
            metrics,
            threads,
            status: Status::new(),
            started: Instant::now(),
            live: AtomicBool::new(false),
            quit: Notify::new(),
        }
    }

    /// Connections are taken from now on.
    pub(crate) fn set_live(&self) {
        self.live.store(true, Ordering::Release);
    }

    /// What became of reloads.
    pub(crate) fn status(&self) -> &Status {
        &self.status
    }

    /// Waits until somebody asks the proxy to end.
    pub(crate) async fn quit(&self) {
        self.quit.notified().await;
    }

    fn state(&self) -> State {
        match (self.context.drain.started(), self.live.load(Ordering::Acquire)) {
            (true, _) => State::Draining,
            (false, true) => State::Live,
            (false, false) => State::Initializing,
        }
    }
}

/// Opens the ports and answers on them. Runs on a `LocalSet`.
///
/// # Errors
/// If one of them cannot be bound.
pub(crate) async fn serve(admin: &Arc<Admin>, ports: &proxy::Admin) -> io::Result<()> {
    let proxy::Admin { port, status_port, prometheus_port, probes: _ } = ports;
    let loopback = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), *port);
    let everywhere = |port: u16| SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port);
    let ports = [
        (loopback, Audience::Operator),
        (everywhere(*status_port), Audience::Kubelet),
        (everywhere(*prometheus_port), Audience::Prometheus),
    ];
    for (address, audience) in ports {
        let listener = listen(address).map_err(|error| {
            io::Error::new(error.kind(), format!("port {} cannot be bound: {error}", address.port()))
        })?;
        let admin = Arc::clone(admin);
        let answer = move |asked: Asked| {
            let answer = answer::answer(&admin, audience, asked.request.method(), asked.request.uri().path());
            std::future::ready(answer)
        };
        serve_on(listener, Rc::new(answer));
    }
    Ok(())
}
