//! What a run found.

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
    /// What came of it, in a few words: of the calls, then of those that applications made, then what they saw.
    pub outcome: Vec<String>,
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

    /// The report as a table for people, with what is wrong below each call.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = format!("{}, Envoy {}\n", self.scenario, self.envoy_name());
        let rows: Vec<Row> = self.calls.iter().map(Row::of).collect();
        let width = |column: fn(&Row) -> &[String]| {
            rows.iter().flat_map(column).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let (call, times) = (width(|row| &row.call), width(|row| &row.times));
        for (row, report) in rows.iter().zip(&self.calls) {
            for line in 0..row.call.len().max(row.outcome.len()) {
                let cell = |column: &[String]| column.get(line).cloned().unwrap_or_default();
                let (verdict, what, count) = (cell(&row.verdict), cell(&row.call), cell(&row.times));
                let printed = format!("  {verdict:4}  {what:call$}  {count:>times$}  {}", cell(&row.outcome));
                text.push_str(printed.trim_end());
                text.push('\n');
            }
            for problem in &report.problems {
                text.push_str(&format!("        {problem}\n"));
            }
            if let Some(sample) = &report.sample {
                text.push_str(&serde_json::to_string_pretty(sample).unwrap_or_default());
                text.push('\n');
            }
        }
        text + &self.footer()
    }

    fn footer(&self) -> String {
        let failed = self.calls.iter().filter(|call| !call.problems.is_empty()).count();
        let verdict =
            if failed == 0 { "all as expected".to_owned() } else { format!("{failed} not as expected") };
        format!(
            "  {} calls, {verdict}. {} pods were ready after {:.1} s and knew each other after {:.1} s; {:.1} s in all.\n",
            self.calls.len(),
            self.pods,
            seconds(self.started_ms),
            seconds(self.settled_ms),
            seconds(self.total_ms)
        )
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

/// The cells of a call, each of one or more lines.
struct Row {
    verdict: [String; 1],
    call: [String; 2],
    times: [String; 1],
    outcome: Vec<String>,
}

impl Row {
    fn of(call: &CallReport) -> Self {
        Self {
            verdict: [if call.problems.is_empty() { "ok" } else { "FAIL" }.to_owned()],
            call: [call.name.clone(), format!("  {} → {}", call.from, call.url)],
            times: [format!("{}×", call.repeat)],
            outcome: call.outcome.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_aligns_its_columns_and_says_what_is_wrong() {
        let call = |name: &str, repeat, problems: &[&str]| CallReport {
            name: name.to_owned(),
            from: "a".to_owned(),
            url: "http://b/".to_owned(),
            repeat,
            outcome: vec!["200 from b.b".to_owned(), "b.b saw 1".to_owned()],
            elapsed_ms: 1,
            problems: problems.iter().map(|&problem| problem.to_owned()).collect(),
            sample: None,
        };
        let report = Report {
            scenario: "s".to_owned(),
            envoy: PathBuf::from("/x/envoy-1.40.0/bin/envoy"),
            pods: 2,
            started_ms: 1000,
            settled_ms: 2000,
            total_ms: 3000,
            calls: vec![call("one", 1, &[]), call("another", 100, &["no answer"])],
        };
        let expected = "\
s, Envoy 1.40.0
  ok    one                1×  200 from b.b
          a → http://b/        b.b saw 1
  FAIL  another          100×  200 from b.b
          a → http://b/        b.b saw 1
        no answer
  2 calls, 1 not as expected. 2 pods were ready after 1.0 s and knew each other after 2.0 s; 3.0 s in all.
";
        assert_eq!(report.table(), expected);
        assert!(!report.passed());
    }
}
