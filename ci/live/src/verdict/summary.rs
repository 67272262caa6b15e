//! What came of calls, in a few words.

use std::collections::BTreeMap;

use super::{percent, upstream};
use crate::echo::Seen;
use crate::exchange::{Exchange, Failure, Outcome};
use crate::traffic::Expect;

/// One line for the calls, one for each host that applications called, one for each application that counted.
pub(crate) fn summary(expect: &Expect, exchanges: &[Exchange], seen: &BTreeMap<String, Seen>) -> Vec<String> {
    let mut lines = vec![counted(exchanges)];
    upstream_lines(expect, exchanges, "", &mut lines);
    lines.extend(seen.iter().map(|(workload, seen)| format!("{workload} saw {}", seen.requests)));
    lines
}

fn upstream_lines(expect: &Expect, exchanges: &[Exchange], indent: &str, lines: &mut Vec<String>) {
    for (host, expect) in &expect.upstream {
        let upstream = upstream(exchanges, host);
        lines.push(format!("{indent}calls {host}: {}", counted(&upstream)));
        upstream_lines(expect, &upstream, &format!("{indent}  "), lines);
    }
}

/// Outcomes with their share.
fn counted(exchanges: &[Exchange]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for exchange in exchanges {
        let word = match &exchange.outcome {
            Outcome::Failed(Failure { kind, .. }) => kind.to_string(),
            outcome @ Outcome::Answered(_) => outcome.to_string(),
        };
        *counts.entry(word).or_default() += 1;
    }
    let total = exchanges.len();
    let share = |(word, count): (String, usize)| match total {
        _ if count == total => word,
        _ => format!("{word} {:.1}%", percent(count, total)),
    };
    counts.into_iter().map(share).collect::<Vec<_>>().join(", ")
}
