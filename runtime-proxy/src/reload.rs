//! Reloads: the file and key material are looked at again and again, and what is wrong with a new version leaves the old one in
//! force.
//!
//! Nothing tells the proxy of a change: a look at a file each second costs nothing, and works on every file system and for the
//! link by which the kubelet swaps a whole ConfigMap.

mod fingerprint;
mod status;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::time::MissedTickBehavior;

pub(crate) use fingerprint::Fingerprint;
pub(crate) use status::Status;

use crate::admin::Admin;
use crate::config::{self, Config, ConfigError};
use crate::listener::Context;
use crate::run::Sockets;
use crate::telemetry::Metrics;
use crate::upstream::Resolver;
use crate::{cli, log};

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Every how many looks key material is looked at as well, and a version that failed is tried again: what it lacks may have come.
const SLOW: u32 = 5;

/// How long the first answers for new names are waited for.
const FIRST_ANSWERS: Duration = Duration::from_secs(2);

/// What a reload acts on.
pub(crate) struct Parts {
    /// The file.
    pub(crate) path: PathBuf,
    /// What was seen of the file before the version that is in force was read.
    pub(crate) seen: Fingerprint,
    /// What is in force.
    pub(crate) context: Arc<Context>,
    /// Counts.
    pub(crate) metrics: Arc<Metrics>,
    /// What is bound.
    pub(crate) sockets: Sockets,
    /// Who resolves names.
    pub(crate) resolver: Resolver,
    /// Whoever asks is told there.
    pub(crate) admin: Arc<Admin>,
    /// SIGHUP, caught before anybody may send it.
    pub(crate) hangup: Signal,
}

/// Puts new versions in force.
pub(crate) struct Reloader {
    path: PathBuf,
    context: Arc<Context>,
    metrics: Arc<Metrics>,
    sockets: Sockets,
    resolver: Resolver,
    admin: Arc<Admin>,
    seen: Fingerprint,
    /// What was wrong with the version that was tried last.
    failing: Option<ConfigError>,
    hangup: Signal,
}

impl Reloader {
    /// One for a file of which a version is in force.
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { path, seen, context, metrics, sockets, resolver, admin, hangup } = parts;
        Self { path, context, metrics, sockets, resolver, admin, seen, failing: None, hangup }
    }

    /// Looks for changes until it is aborted.
    pub(crate) async fn run(mut self) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for look in 1u32.. {
            let asked = tokio::select! {
                _ = looks.tick() => false,
                _ = self.hangup.recv() => true,
            };
            let slow = asked || look % SLOW == 0;
            if slow {
                self.key_material();
            }
            let now = Fingerprint::of(&self.path);
            if asked || now != self.seen || (slow && self.failing.is_some()) {
                self.seen = now;
                self.file(asked).await;
            }
        }
    }

    /// Looks at key material.
    fn key_material(&self) {
        let config = self.context.shared.load();
        match config.tls.poll() {
            Ok(false) => {}
            Ok(true) => {
                log::info("key material was read again", &[]);
                self.count("meshc_proxy_key_material_reloads_total", "success");
            }
            Err(error) => {
                log::error("key material stays as it was", &[("error", &error)]);
                self.count("meshc_proxy_key_material_reloads_total", "failure");
            }
        }
    }

    /// Reads the file and puts it in force.
    async fn file(&mut self, asked: bool) {
        match self.replace(asked).await {
            Ok(false) => {
                if self.failing.take().is_some() {
                    log::info("the file says what is in force again", &[]);
                    self.admin.status().recovered();
                }
            }
            Ok(true) => {
                self.failing = None;
                let config = self.context.shared.load_full();
                log::info("configuration is in force", &[("digest", &config.digest)]);
                self.admin.status().succeeded();
                self.count("meshc_proxy_config_reloads_total", "success");
            }
            Err(error) => {
                if self.failing.as_ref() != Some(&error) {
                    log::error("configuration stays as it was", &[("error", &error)]);
                    self.count("meshc_proxy_config_reloads_total", "failure");
                }
                self.admin.status().failed(&error);
                self.failing = Some(error);
            }
        }
    }

    /// True if another version is in force now.
    async fn replace(&mut self, asked: bool) -> Result<bool, ConfigError> {
        let source = cli::load(&self.path)?;
        let before = self.context.shared.load_full();
        if source.digest == before.digest && !asked {
            return Ok(false);
        }
        let config = Arc::new(config::compile(source, Some(&before), &self.metrics)?);
        let change = self.sockets.prepare(&config)?;
        warn_of_what_needs_a_restart(&before, &config);
        // Names that are new have their addresses before anything is sent to them, if a server answers in time.
        self.resolver.adopt(&config.upstreams);
        let _ = tokio::time::timeout(FIRST_ANSWERS, self.resolver.answered()).await;
        self.context.shared.store(Arc::clone(&config));
        self.sockets.apply(change).await;
        for gone in
            before.chains().filter(|old| !config.chains().any(|new| Arc::ptr_eq(&old.drain, &new.drain)))
        {
            gone.drain.start();
        }
        Ok(true)
    }

    fn count(&self, name: &'static str, result: &str) {
        self.metrics.add(
            name,
            "Changes of files that were seen, by what became of them.",
            &[("result", result)],
            1.0,
        );
    }
}

/// Ports of the proxy itself and its threads are those of its start.
fn warn_of_what_needs_a_restart(before: &Config, after: &Config) {
    if before.source.admin != after.source.admin {
        log::warn("other ports of the proxy itself or probes need a restart", &[("path", &"admin")]);
    }
    if before.source.concurrency != after.source.concurrency {
        log::warn("another number of threads needs a restart", &[("path", &"concurrency")]);
    }
}
