//! The loop: delivers each new release of a source, repairs drift, and pauses after failures.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::args::RunArgs;
use crate::backoff::Backoff;
use crate::cluster::Cluster;
use crate::commands::load;
use crate::error::Error;
use crate::log::Log;
use crate::metrics::{Metrics, PushResult};
use crate::plan::read_parent;
use crate::push::{self, Options, Report};
use crate::serve;

/// Runs until it is stopped from outside.
pub(crate) async fn run(args: &RunArgs, log: Log) -> Result<Infallible, Error> {
    let metrics = Arc::new(Metrics::default());
    let address = serve::start(args.listen, Arc::clone(&metrics)).await?;
    log.info("start", "watching the source", &[("listen", json!(address.to_string()))]);
    let mut state = State {
        args,
        log,
        metrics,
        backoff: Backoff::new(args.max_backoff),
        fingerprint: None,
        next: Instant::now(),
    };
    loop {
        state.turn().await;
        let poll = Instant::now() + args.poll;
        tokio::time::sleep_until(poll.min(state.next.max(Instant::now()))).await;
    }
}

struct State<'a> {
    args: &'a RunArgs,
    log: Log,
    metrics: Arc<Metrics>,
    backoff: Backoff,
    /// The release that was tried last.
    fingerprint: Option<String>,
    /// When it is tried again: to repair drift, or after a failure.
    next: Instant,
}

/// How a try went.
enum Try {
    Delivered(String, Report),
    /// The cluster says that this release was rolled back; trying again would only break and mend it over and over.
    Held(String),
}

impl State<'_> {
    /// Looks at the source and delivers what is due.
    async fn turn(&mut self) {
        let source = self.args.delivery.source.clone();
        let found = match tokio::task::spawn_blocking(move || source.fingerprint()).await {
            Ok(found) => found,
            Err(error) => Err(Error::Failed(format!("cannot look at the source: {error}"))),
        };
        let fingerprint = found.ok();
        if fingerprint.is_some() && fingerprint != self.fingerprint {
            self.backoff.reset();
        } else if Instant::now() < self.next {
            return;
        }
        self.fingerprint = fingerprint;
        let started = Instant::now();
        let tried = self.deliver().await;
        self.note(tried, started.elapsed());
    }

    async fn deliver(&self) -> Result<Try, Error> {
        let delivery = &self.args.delivery;
        let release = load(&delivery.source, self.log).await?;
        let cluster = Cluster::connect(delivery).await?;
        let set = push::apply_set(&cluster, &release, delivery);
        let failed = read_parent(&cluster, &set).await?.and_then(|parent| parent.failed);
        if failed.as_ref() == Some(&release.digest) {
            return Ok(Try::Held(release.digest));
        }
        let report = push::push(&cluster, &release, &set, &Options::of(delivery), self.log).await?;
        Ok(Try::Delivered(release.digest, report))
    }

    /// Says how it went and when the next try is.
    fn note(&mut self, tried: Result<Try, Error>, took: Duration) {
        let mut conflicts = 0;
        let (result, pause) = match tried {
            Ok(Try::Delivered(digest, report)) => {
                self.backoff.reset();
                self.metrics.delivered(&digest, report);
                let Report { applied, unchanged, pruned } = report;
                self.log.info(
                    "done",
                    "the cluster is as the release says",
                    &[
                        ("release", json!(digest)),
                        ("applied", json!(applied)),
                        ("unchanged", json!(unchanged)),
                        ("pruned", json!(pruned)),
                    ],
                );
                (PushResult::Succeeded, self.args.drift_interval)
            }
            Ok(Try::Held(digest)) => {
                self.log.warn(
                    "held",
                    "this release was rolled back; waiting for another one, or for `meshc-agent push`",
                    &[("release", json!(digest))],
                );
                (PushResult::Held, self.args.drift_interval)
            }
            Err(error) => {
                if let Error::Conflicts(found) = &error {
                    conflicts = found.len();
                }
                let (result, pause) = (failure(&error), self.backoff.failed());
                self.log.error(
                    "failed",
                    &error.to_string(),
                    &[
                        ("retry_seconds", json!(pause.as_secs_f64())),
                        ("failures", json!(self.backoff.failures())),
                    ],
                );
                (result, pause)
            }
        };
        self.metrics.push(result, took, self.backoff.failures(), conflicts);
        self.next = Instant::now() + pause;
    }
}

fn failure(error: &Error) -> PushResult {
    match error {
        Error::RolledBack(_) => PushResult::RolledBack,
        Error::Refused(_) | Error::Conflicts(_) | Error::Empty(_) => PushResult::Refused,
        Error::Failed(_) | Error::Unreachable(_) => PushResult::Failed,
    }
}
