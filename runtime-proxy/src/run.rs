//! The process: one thread that controls, and some that carry traffic.
//!
//! The thread that controls reads files, resolves names, answers on the proxy's own ports and hears signals. Each other thread has a
//! runtime of its own and its own socket for every address, so that no connection ever changes threads.

mod descriptors;
mod drained;
mod sockets;
mod threads;
mod worker;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::LocalSet;

pub(crate) use sockets::Sockets;

use crate::admin::{self, Admin};
use crate::config::{self, Config, ConfigError};
use crate::listener::Context;
use crate::reload::{self, Fingerprint, Reloader};
use crate::telemetry::{self, Metrics};
use crate::upstream::{Resolver, ResolverSettings};
use crate::{cli, drain, log, probe};

/// How long the first answers of name servers are waited for before connections are taken.
const FIRST_ANSWERS: Duration = Duration::from_secs(5);

/// How long lines of access logs are waited for at the end.
const LAST_LINES: Duration = Duration::from_secs(2);

/// What the command line says.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// The configuration.
    pub(crate) config: PathBuf,
    /// Threads.
    pub(crate) concurrency: Option<u32>,
    /// Where name servers are listed.
    pub(crate) resolv_conf: PathBuf,
}

/// Why the proxy cannot run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// The configuration is wrong.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// The operating system says no.
    #[error("{what}: {error}")]
    Io {
        /// What it says no to.
        what: String,
        /// What it says.
        error: io::Error,
    },
}

impl RunError {
    fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |error| Self::Io { what, error }
    }
}

/// Runs the proxy until it is told to end.
///
/// # Errors
/// If the configuration is wrong, or a port cannot be bound.
pub(crate) fn run(options: &Options) -> Result<(), RunError> {
    descriptors::raise();
    let metrics = Metrics::new();
    // Before reading: a version that comes in between is another one for whoever looks for changes.
    let seen = Fingerprint::of(&options.config);
    let config = Arc::new(config::compile(cli::load(&options.config)?, None, &metrics)?);
    let threads = options.concurrency.or(config.source.concurrency);
    let threads =
        threads.and_then(|threads| usize::try_from(threads).ok()).unwrap_or_else(threads::of_container);
    let context = Arc::new(Context {
        shared: Arc::new(ArcSwap::new(Arc::clone(&config))),
        drain: drain::Signal::new(),
        open: AtomicUsize::new(0),
    });
    let workers = worker::start(threads, &context).map_err(RunError::io("a thread cannot be started"))?;
    let sockets = Sockets::new(workers);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(RunError::io("there is no runtime"))?;
    let process = Process { options, seen, metrics, config, context, threads };
    let outcome = LocalSet::new().block_on(&runtime, process.control(sockets));
    telemetry::flush_access_logs(LAST_LINES);
    outcome
}

struct Process<'p> {
    options: &'p Options,
    seen: Fingerprint,
    metrics: Arc<Metrics>,
    config: Arc<Config>,
    context: Arc<Context>,
    threads: usize,
}

impl Process<'_> {
    /// Starts everything, then waits for the end.
    async fn control(self, mut sockets: Sockets) -> Result<(), RunError> {
        let Self { options, seen, metrics, config, context, threads } = self;
        let change = sockets.prepare(&config)?;
        let admin = Arc::new(Admin::new(Arc::clone(&context), Arc::clone(&metrics), threads));
        admin::serve(&admin, &config.source.admin)
            .await
            .map_err(RunError::io("a port of the proxy itself"))?;
        if let Some(bridge) = &config.source.admin.probes {
            let served = probe::serve(bridge, &config.tls).await;
            served.map_err(RunError::io(format!("port {} for probes", bridge.port)))?;
        }
        let mut term = signal(SignalKind::terminate()).map_err(RunError::io("SIGTERM"))?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(RunError::io("SIGINT"))?;
        let hangup = signal(SignalKind::hangup()).map_err(RunError::io("SIGHUP"))?;
        let resolver = resolver(options)?;
        resolver.adopt(&config.upstreams);
        tokio::select! {
            waited = tokio::time::timeout(FIRST_ANSWERS, resolver.answered()) => {
                if waited.is_err() {
                    log::warn("some names have no address yet", &[("waited", &"5s")]);
                }
            }
            // Nothing was taken yet that would have to be finished.
            _ = term.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
        }
        sockets.apply(change).await;
        admin.set_live();
        let fields: [log::Field<'_>; 3] =
            [("digest", &config.digest), ("threads", &threads), ("version", &env!("CARGO_PKG_VERSION"))];
        log::info("ready", &fields);
        let path = options.config.clone();
        let parts = reload::Parts {
            path,
            seen,
            context: Arc::clone(&context),
            metrics,
            sockets,
            resolver,
            admin: Arc::clone(&admin),
            hangup,
        };
        drop(config);
        let reloading = tokio::task::spawn_local(Reloader::new(parts).run());
        tokio::select! {
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
            () = admin.quit() => {}
        }
        context.drain.start();
        log::info("draining", &[("connections", &context.open.load(std::sync::atomic::Ordering::Relaxed))]);
        let longest = context.shared.load().source.drain_duration;
        tokio::select! {
            () = drained::drained(&context, longest) => {}
            // Who asks twice does not want to wait.
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
        }
        let left = context.open.load(std::sync::atomic::Ordering::Relaxed);
        log::info("ended", &[("connections", &left)]);
        // With it go the sockets and the threads.
        reloading.abort();
        Ok(())
    }
}

/// What resolves names, once its servers are known.
///
/// # Errors
/// If the file cannot be read.
fn resolver(options: &Options) -> Result<Resolver, RunError> {
    let path = &options.resolv_conf;
    let settings = ResolverSettings::load(path).map_err(RunError::io(path.display().to_string()))?;
    Ok(Resolver::new(settings))
}
