//! What Prometheus reads.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;

use crate::push::Report;

/// How a push of `run` ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PushResult {
    /// The cluster is as the release says.
    Succeeded,
    /// Something is to be acted on.
    Refused,
    /// It failed half-way and everything is as it was.
    RolledBack,
    /// The API server or the source was away.
    Failed,
    /// The release was rolled back before and is not tried again.
    Held,
}

impl PushResult {
    const ALL: [Self; 5] = [Self::Succeeded, Self::Refused, Self::RolledBack, Self::Failed, Self::Held];

    fn label(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Refused => "refused",
            Self::RolledBack => "rolled_back",
            Self::Failed => "failed",
            Self::Held => "held",
        }
    }
}

/// Counters and gauges of the agent.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    values: Mutex<Values>,
}

#[derive(Debug, Default)]
struct Values {
    pushes: BTreeMap<PushResult, u64>,
    applied: u64,
    pruned: u64,
    seconds: f64,
    conflicts: usize,
    failures: u32,
    last_success: Option<i64>,
    release: Option<String>,
}

impl Metrics {
    /// Takes the end of a push into account.
    pub(crate) fn push(&self, result: PushResult, took: Duration, failures: u32, conflicts: usize) {
        self.with(|values| {
            *values.pushes.entry(result).or_default() += 1;
            values.seconds += took.as_secs_f64();
            (values.failures, values.conflicts) = (failures, conflicts);
        });
    }

    /// Takes what a successful push did into account.
    pub(crate) fn delivered(&self, release: &str, report: Report) {
        let Report { applied, unchanged: _, pruned } = report;
        self.with(|values| {
            values.applied += applied as u64;
            values.pruned += pruned as u64;
            values.last_success = Some(OffsetDateTime::now_utc().unix_timestamp());
            values.release = Some(release.to_owned());
        });
    }

    /// Whether a release was delivered since the agent started.
    pub(crate) fn is_ready(&self) -> bool {
        self.with(|values| values.last_success.is_some())
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Values) -> T) -> T {
        // Numbers are whole whatever panicked.
        use_it(&mut self.values.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The text that Prometheus reads.
    pub(crate) fn render(&self) -> String {
        self.with(|values| {
            let mut text = String::new();
            family(&mut text, "pushes_total", "counter", "Pushes by how they ended.");
            for result in PushResult::ALL {
                let count = values.pushes.get(&result).copied().unwrap_or_default();
                line(&mut text, &format!("pushes_total{{result=\"{}\"}}", result.label()), count);
            }
            for (name, kind, help, value) in [
                ("push_seconds_total", "counter", "Time that pushes took.", values.seconds),
                ("objects_applied_total", "counter", "Objects that were written.", values.applied as f64),
                ("objects_pruned_total", "counter", "Objects that were removed.", values.pruned as f64),
                (
                    "conflicts",
                    "gauge",
                    "Fields that other managers own, at the last push.",
                    values.conflicts as f64,
                ),
                (
                    "consecutive_failures",
                    "gauge",
                    "Pushes in a row that did not succeed.",
                    f64::from(values.failures),
                ),
            ] {
                family(&mut text, name, kind, help);
                line(&mut text, name, value);
            }
            if let Some(at) = values.last_success {
                family(&mut text, "last_success_timestamp_seconds", "gauge", "When a push last succeeded.");
                line(&mut text, "last_success_timestamp_seconds", at);
            }
            if let Some(release) = &values.release {
                family(&mut text, "release_info", "gauge", "The release that the cluster has.");
                line(&mut text, &format!("release_info{{digest=\"{release}\"}}"), 1);
            }
            text
        })
    }
}

fn family(text: &mut String, name: &str, kind: &str, help: &str) {
    // Writing to a String does not fail.
    let _ = write!(text, "# HELP meshc_agent_{name} {help}\n# TYPE meshc_agent_{name} {kind}\n");
}

fn line(text: &mut String, series: &str, value: impl std::fmt::Display) {
    let _ = writeln!(text, "meshc_agent_{series} {value}");
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Metrics, PushResult};
    use crate::push::Report;

    #[test]
    fn a_scrape_shows_what_happened() {
        let metrics = Metrics::default();
        assert!(!metrics.is_ready());
        metrics.push(PushResult::Failed, Duration::from_millis(500), 1, 0);
        metrics.push(PushResult::Succeeded, Duration::from_millis(500), 0, 0);
        metrics.delivered("sha256:1", Report { applied: 3, unchanged: 1, pruned: 2 });
        assert!(metrics.is_ready());
        let text = metrics.render();
        for line in [
            "meshc_agent_pushes_total{result=\"failed\"} 1",
            "meshc_agent_pushes_total{result=\"rolled_back\"} 0",
            "meshc_agent_push_seconds_total 1",
            "meshc_agent_objects_applied_total 3",
            "meshc_agent_objects_pruned_total 2",
            "meshc_agent_release_info{digest=\"sha256:1\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
    }
}
