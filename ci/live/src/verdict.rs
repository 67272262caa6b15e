//! Holds what happened against what was expected.

mod summary;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::echo::Seen;
use crate::exchange::{Answer, Echo, Exchange, Failure, Outcome};
use crate::traffic::{Expect, SeenExpect};

pub(crate) use summary::summary;

/// How many single problems are told before they are only counted.
const TOLD: usize = 3;

/// How much less than `atLeast` a call may take. An event loop sets its timers by the time at which its turn began, so a timer
/// is early by as long as the turn had lasted when it was set: on a loaded machine that is as long as the scheduler lets others
/// run meanwhile, tens of milliseconds. A timer that is missing altogether is off by far more than this.
const EARLY: Duration = Duration::from_millis(100);

/// What is wrong, as sentences; nothing if the verdict holds.
pub(crate) fn judge(expect: &Expect, exchanges: &[Exchange], seen: &BTreeMap<String, Seen>) -> Vec<String> {
    let mut problems = Vec::new();
    if exchanges.is_empty() {
        problems.push("no call was made".to_owned());
    }
    let single: Vec<String> = exchanges.iter().filter_map(|exchange| mismatch(expect, exchange)).collect();
    problems.extend(single.iter().take(TOLD).cloned());
    if single.len() > TOLD {
        problems.push(format!("and {} more of {}", single.len() - TOLD, exchanges.len()));
    }
    shares(&expect.split, expect.tolerance(), exchanges, server, &mut problems);
    shares(&expect.statuses, expect.tolerance(), exchanges, status, &mut problems);
    let servers: BTreeSet<String> = exchanges.iter().map(server).collect();
    if expect.same_server && servers.len() > 1 {
        let servers: Vec<String> = servers.into_iter().collect();
        problems.push(format!("answered by {} and not by one alone", servers.join(", ")));
    }
    for (host, expect) in &expect.upstream {
        let upstream = upstream(exchanges, host);
        let of_host = judge(expect, &upstream, &BTreeMap::new());
        problems.extend(of_host.into_iter().map(|problem| format!("calls to {host}: {problem}")));
    }
    for (workload, expect) in &expect.seen {
        judge_seen(workload, expect, seen.get(workload), &mut problems);
    }
    problems
}

/// Whether one exchange is what every exchange must be.
pub(crate) fn is_as_expected(expect: &Expect, exchange: &Exchange) -> bool {
    mismatch(expect, exchange).is_none()
}

fn percent(count: usize, total: usize) -> f64 {
    // Counts of calls are far below what a double holds exactly.
    let number = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    if total == 0 { 0.0 } else { number(count) * 100.0 / number(total) }
}

fn server(exchange: &Exchange) -> String {
    match &exchange.outcome {
        Outcome::Answered(answer) => {
            answer.echo.as_ref().map_or_else(|| "no application".to_owned(), |echo| echo.workload.clone())
        }
        Outcome::Failed(Failure { kind, .. }) => kind.to_string(),
    }
}

fn status(exchange: &Exchange) -> u16 {
    match &exchange.outcome {
        Outcome::Answered(answer) => answer.status.unwrap_or(0),
        Outcome::Failed(_) => 0,
    }
}

fn shares<K: Ord + Clone + std::fmt::Display>(
    expected: &BTreeMap<K, f64>,
    tolerance: f64,
    exchanges: &[Exchange],
    key: impl Fn(&Exchange) -> K,
    problems: &mut Vec<String>,
) {
    if expected.is_empty() {
        return;
    }
    let mut counts: BTreeMap<K, usize> = expected.keys().map(|key| (key.clone(), 0)).collect();
    for exchange in exchanges {
        *counts.entry(key(exchange)).or_default() += 1;
    }
    for (key, count) in counts {
        let share = percent(count, exchanges.len());
        match expected.get(&key) {
            Some(wanted) if (share - wanted).abs() <= tolerance => {}
            Some(wanted) => problems.push(format!("{key} has {share:.1}% and not {wanted}% ± {tolerance}")),
            None => problems.push(format!("{key} has {share:.1}% and should have none")),
        }
    }
}

/// The exchanges of answering applications with one host.
fn upstream(exchanges: &[Exchange], host: &str) -> Vec<Exchange> {
    let echo = |exchange: &Exchange| match &exchange.outcome {
        Outcome::Answered(answer) => answer.echo.clone(),
        Outcome::Failed(_) => None,
    };
    let of_host = |echo: Echo| echo.upstream.into_iter().filter(|upstream| upstream.host == host);
    exchanges.iter().filter_map(echo).flat_map(of_host).map(|upstream| upstream.exchange).collect()
}

/// The first thing that is wrong with one exchange.
fn mismatch(expect: &Expect, exchange: &Exchange) -> Option<String> {
    let took = u128::from(exchange.elapsed_ms);
    if let Some(least) = expect.at_least.filter(|least| took < least.saturating_sub(EARLY).as_millis()) {
        return Some(format!("took {took} ms, less than {least:?} by more than {EARLY:?}"));
    }
    if let Some(most) = expect.at_most.filter(|most| took > most.as_millis()) {
        return Some(format!("took {took} ms, more than {most:?}"));
    }
    match &exchange.outcome {
        Outcome::Failed(failure) if expect.fails.contains(&failure.kind) => None,
        Outcome::Failed(failure) => Some(format!("no answer: {} ({})", failure.kind, failure.detail)),
        outcome @ Outcome::Answered(_) if !expect.fails.is_empty() => {
            let kinds: Vec<String> = expect.fails.iter().map(ToString::to_string).collect();
            Some(format!("answered {outcome} instead of failing ({})", kinds.join(", ")))
        }
        Outcome::Answered(answer) => wrong_answer(expect, answer),
    }
}

fn wrong_answer(expect: &Expect, answer: &Answer) -> Option<String> {
    if let Some(status) = expect.status.filter(|status| answer.status != Some(*status)) {
        let got = answer.status.map_or_else(|| "no status".to_owned(), |status| status.to_string());
        return Some(format!("status {got} instead of {status}{}", told(&answer.body)));
    }
    if let Some(text) = expect.body.as_ref().filter(|text| !answer.body.contains(*text)) {
        return Some(format!("the body has no `{text}`{}", told(&answer.body)));
    }
    if let Some(problem) = wrong_headers(&expect.response_headers, &answer.headers) {
        return Some(format!("answer: {problem}"));
    }
    let Expect {
        served_by,
        received_headers,
        received_contains,
        received_path,
        received_protocol,
        received_authority,
        ..
    } = expect;
    let wants_echo = served_by.is_some()
        || !received_headers.is_empty()
        || !received_contains.is_empty()
        || received_path.is_some()
        || received_protocol.is_some()
        || received_authority.is_some();
    let Some(echo) = &answer.echo else {
        return wants_echo.then(|| format!("no application answered{}", told(&answer.body)));
    };
    let equal = |what: &str, expected: &Option<String>, got: &str| {
        expected
            .as_ref()
            .filter(|expected| *expected != got)
            .map(|expected| format!("{what} `{got}` instead of `{expected}`"))
    };
    equal("answered by", served_by, &echo.workload)
        .or_else(|| equal("received path", received_path, &echo.path))
        .or_else(|| equal("received protocol", received_protocol, &echo.protocol))
        .or_else(|| equal("received host", received_authority, &echo.authority))
        .or_else(|| {
            wrong_headers(received_headers, &echo.headers).map(|problem| format!("received {problem}"))
        })
        .or_else(|| lacking(received_contains, &echo.headers))
}

fn lacking(expected: &BTreeMap<String, String>, got: &BTreeMap<String, String>) -> Option<String> {
    expected.iter().find_map(|(name, text)| {
        let value = got.get(&name.to_ascii_lowercase()).map_or("", String::as_str);
        (!value.contains(text)).then(|| format!("received {name}: `{value}` without `{text}`"))
    })
}

fn told(body: &str) -> String {
    match body.lines().next() {
        Some(line) => format!(" (`{line}`)"),
        None => String::new(),
    }
}

fn wrong_headers(
    expected: &BTreeMap<String, Option<String>>,
    got: &BTreeMap<String, String>,
) -> Option<String> {
    expected.iter().find_map(|(name, expected)| match (expected, got.get(&name.to_ascii_lowercase())) {
        (Some(expected), Some(value)) if expected == value => None,
        (None, None) => None,
        (Some(expected), Some(value)) => Some(format!("{name}: `{value}` instead of `{expected}`")),
        (Some(expected), None) => Some(format!("no {name} instead of `{expected}`")),
        (None, Some(value)) => Some(format!("{name}: `{value}` instead of none")),
    })
}

fn judge_seen(workload: &str, expect: &SeenExpect, seen: Option<&Seen>, problems: &mut Vec<String>) {
    let SeenExpect { requests, authority, path, headers } = expect;
    let nothing = Seen::default();
    let seen = seen.unwrap_or(&nothing);
    if !requests.holds(seen.requests) {
        problems.push(format!("{workload} saw {} requests and not {requests}", seen.requests));
    }
    let Some(last) = &seen.last else { return };
    if let Some(authority) = authority.as_ref().filter(|authority| **authority != last.authority) {
        problems.push(format!("{workload} saw host `{}` and not `{authority}`", last.authority));
    }
    if let Some(path) = path.as_ref().filter(|path| **path != last.path) {
        problems.push(format!("{workload} saw path `{}` and not `{path}`", last.path));
    }
    if let Some(problem) = wrong_headers(headers, &last.headers) {
        problems.push(format!("{workload} saw {problem}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::FailureKind;

    fn expect(yaml: &str) -> Expect {
        serde_saphyr::from_str(yaml).unwrap()
    }

    fn answered(workload: &str, status: u16) -> Exchange {
        let echo = serde_json::json!({
            "workload": workload, "pod": "p", "version": "", "protocol": "HTTP/1.1", "method": "GET", "path": "/x",
            "authority": "h", "headers": {"end-user": "jason"}, "upstream": [],
        });
        let echo = serde_json::from_value(echo).unwrap();
        let answer = Answer { status: Some(status), headers: BTreeMap::new(), echo, body: String::new() };
        Exchange { elapsed_ms: 10, outcome: Outcome::Answered(Box::new(answer)) }
    }

    fn judged(yaml: &str, exchanges: &[Exchange]) -> Vec<String> {
        judge(&expect(yaml), exchanges, &BTreeMap::new())
    }

    #[test]
    fn shares_within_the_tolerance_hold_and_others_do_not() {
        let mut exchanges = vec![answered("a.v1", 200); 88];
        exchanges.extend(vec![answered("a.v3", 200); 12]);
        assert_eq!(judged("split: {a.v1: 90, a.v3: 10}", &exchanges), Vec::<String>::new());
        assert_eq!(judged("{split: {a.v1: 90, a.v3: 10}, within: 1}", &exchanges).len(), 2);
        assert!(judged("split: {a.v1: 90}", &exchanges)[0].contains("a.v3 has 12.0% and should have none"));
    }

    #[test]
    fn a_failure_is_wrong_where_an_answer_is_expected_and_the_reverse() {
        let refused = Exchange { elapsed_ms: 1, outcome: Outcome::failed(FailureKind::Refused, "x") };
        assert!(judged("status: 200", std::slice::from_ref(&refused))[0].contains("refused"));
        assert_eq!(judged("fails: [refused, reset]", std::slice::from_ref(&refused)), Vec::<String>::new());
        assert!(judged("fails: [reset]", &[refused])[0].contains("refused"));
        assert!(judged("fails: [reset]", &[answered("a.b", 200)])[0].contains("instead of failing"));
    }

    #[test]
    fn headers_paths_and_servers_are_compared() {
        let exchanges = [answered("a.b", 200)];
        assert_eq!(
            judged(
                "{servedBy: a.b, receivedPath: /x, receivedHeaders: {End-User: jason, other: null}}",
                &exchanges
            ),
            Vec::<String>::new()
        );
        for wrong in [
            "servedBy: a.c",
            "receivedPath: /y",
            "receivedProtocol: HTTP/2.0",
            "receivedHeaders: {end-user: null}",
            "receivedContains: {end-user: jon}",
            "responseHeaders: {x: y}",
            "atLeast: 1s",
            "atMost: 1ms",
        ] {
            assert_eq!(judged(wrong, &exchanges).len(), 1, "{wrong}");
        }
    }

    #[test]
    fn a_timer_may_be_early_by_a_turn_of_the_event_loop_and_no_more() {
        let after = |elapsed_ms| [Exchange { elapsed_ms, ..answered("a.b", 504) }];
        assert_eq!(judged("{status: 504, atLeast: 500ms}", &after(497)), Vec::<String>::new());
        assert_eq!(judged("{status: 504, atLeast: 500ms}", &after(400)), Vec::<String>::new());
        let early = judged("{status: 504, atLeast: 500ms}", &after(399));
        assert_eq!(early, ["took 399 ms, less than 500ms by more than 100ms"]);
    }

    #[test]
    fn no_call_at_all_is_a_problem() {
        assert_eq!(judged("status: 200", &[]), ["no call was made"]);
    }
}
