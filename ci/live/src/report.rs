//! What a run found.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::exchange::Exchange;

/// A scenario with one Envoy: every call with its verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Name of the scenario.
    pub scenario: String,
    /// The Envoy that ran.
    pub envoy: PathBuf,
    /// How many pods ran.
    pub pods: usize,
    /// Milliseconds until every pod was ready.
    pub started_ms: u64,
    /// Milliseconds until every proxy knew its endpoints.
    pub settled_ms: u64,
    /// Milliseconds until the last call was judged.
    pub total_ms: u64,
    /// The calls, in order.
    pub calls: Vec<CallReport>,
}

/// A call and its verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallReport {
    /// What the call shows.
    pub name: String,
    /// Who called.
    pub from: String,
    /// What was called.
    pub url: String,
    /// How often.
    pub repeat: u32,
    /// What came of it, in a few words.
    pub outcome: String,
    /// Milliseconds for all repetitions.
    pub elapsed_ms: u64,
    /// What was not as expected; nothing if the verdict holds.
    pub problems: Vec<String>,
    /// An exchange that was not as expected.
    pub sample: Option<Exchange>,
}

impl Report {
    /// Whether every verdict holds, and there was one at least.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.calls.is_empty() && self.calls.iter().all(|call| call.problems.is_empty())
    }

    /// The report as a table for people, one call a line, with what is wrong below it.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::new();
        let columns: Vec<[String; 4]> = self
            .calls
            .iter()
            .map(|call| {
                let verdict = if call.problems.is_empty() { "ok" } else { "FAIL" };
                let times = if call.repeat == 1 { String::new() } else { format!("{}× ", call.repeat) };
                [verdict.to_owned(), call.name.clone(), format!("{times}{}", call.url), call.outcome.clone()]
            })
            .collect();
        let width = |column: usize| columns.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let (first, second, third) = (width(0), width(1), width(2));
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}, Envoy {}", self.scenario, self.envoy_name());
        for (row, call) in columns.iter().zip(&self.calls) {
            let [verdict, name, request, outcome] = row;
            let _ = writeln!(text, "  {verdict:first$}  {name:second$}  {request:third$}  {outcome}");
            for problem in &call.problems {
                let _ = writeln!(text, "  {:first$}    {problem}", "");
            }
            if let Some(sample) = &call.sample {
                let json = serde_json::to_string_pretty(sample).unwrap_or_default();
                let _ = writeln!(text, "{json}");
            }
        }
        let failed = self.calls.iter().filter(|call| !call.problems.is_empty()).count();
        let _ = writeln!(
            text,
            "  {} calls, {failed} not as expected; {} pods ready after {:.1} s, calls after {:.1} s, done after {:.1} s",
            self.calls.len(),
            self.pods,
            seconds(self.started_ms),
            seconds(self.settled_ms),
            seconds(self.total_ms)
        );
        text
    }

    /// The folder that the binary is in says its version: `envoy-1.40.0/bin/envoy`.
    fn envoy_name(&self) -> String {
        let folder = self.envoy.parent().and_then(|bin| bin.parent()).and_then(|folder| folder.file_name());
        let name = folder.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        match name.strip_prefix("envoy-") {
            Some(version) => version.to_owned(),
            None => self.envoy.display().to_string(),
        }
    }
}

fn seconds(ms: u64) -> f64 {
    f64::from(u32::try_from(ms).unwrap_or(u32::MAX)) / 1000.0
}
