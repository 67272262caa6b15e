//! Rules and matches of a VirtualService that no traffic reaches, as far as Istio's webhook finds them.

use std::collections::BTreeMap;

use meshc_diagnostics::codes;
use serde::Serialize;

use crate::admission::{At, Objector, Report};
use crate::istio::{HttpMatchRequest, HttpRoute, StringMatch, VirtualService};

/// Rules and matches that earlier ones make unreachable.
pub(super) fn check(at: &At<'_>, spec: &VirtualService, report: &mut Report) {
    let http: Vec<Vec<HttpMatchRequest>> = spec.http.iter().map(nameless).collect();
    repeated(at, "http", http.iter().map(Vec::as_slice), report);
    repeated(at, "tls", spec.tls.iter().map(|route| route.r#match.as_slice()), report);
    repeated(at, "tcp", spec.tcp.iter().map(|route| route.r#match.as_slice()), report);
    covered(at, &http, report);
}

/// The matches of a rule without their names, which say nothing about traffic.
fn nameless(route: &HttpRoute) -> Vec<HttpMatchRequest> {
    route.r#match.iter().map(|request| HttpMatchRequest { name: None, ..request.clone() }).collect()
}

/// Matches that stand word by word in an earlier place, and rules that have only such.
fn repeated<'r, M: Serialize + 'r>(
    at: &At<'_>,
    field: &str,
    rules: impl Iterator<Item = &'r [M]>,
    report: &mut Report,
) {
    let mut seen = BTreeMap::new();
    let mut catch_all = false;
    for (rule, matches) in rules.enumerate() {
        let at = at.item(field, rule);
        if matches.is_empty() {
            if catch_all {
                unused(&at, "an earlier rule without matches takes all traffic", report);
            }
            catch_all = true;
            continue;
        }
        let mut repetitions = 0;
        for (index, attributes) in matches.iter().enumerate() {
            let Ok(text) = serde_json::to_string(attributes) else { continue };
            match seen.get(&text) {
                Some((earlier_rule, earlier)) => {
                    repetitions += 1;
                    let place = format!("`{field}[{earlier_rule}].match[{earlier}]`");
                    ineffective(&at.item("match", index), &format!("{place} is the same"), report);
                }
                None => {
                    seen.insert(text, (rule, index));
                }
            }
        }
        if repetitions == matches.len() {
            unused(&at, "earlier rules have all of its matches", report);
        }
    }
}

/// Matches by prefix that start with the prefix of an earlier match, and ask for no less otherwise. The later
/// of two equal matches is left out, since it is reported as such.
fn covered(at: &At<'_>, rules: &[Vec<HttpMatchRequest>], report: &mut Report) {
    let mut by_prefix: Vec<(usize, usize, &HttpMatchRequest, &str)> = Vec::new();
    for (rule, matches) in rules.iter().enumerate() {
        for (index, request) in matches.iter().enumerate() {
            let prefix = request.uri.as_ref().and_then(|uri| uri.prefix.as_deref()).unwrap_or_default();
            if prefix.is_empty() || by_prefix.iter().any(|(_, _, other, _)| *other == request) {
                continue;
            }
            for (earlier_rule, earlier_index, earlier, earlier_prefix) in &by_prefix {
                let longer = prefix != *earlier_prefix && prefix.starts_with(earlier_prefix);
                if longer && asks_no_more(earlier, request) {
                    let at = at.item("http", rule);
                    let place = format!("`http[{earlier_rule}].match[{earlier_index}]`");
                    let reason = format!("{place} takes its traffic by the prefix `{earlier_prefix}`");
                    ineffective(&at.item("match", index), &reason, report);
                }
            }
            by_prefix.push((rule, index, request, prefix));
        }
    }
}

/// Whether a match asks for the same as another, or only for more of the text, apart from the path.
fn asks_no_more(earlier: &HttpMatchRequest, later: &HttpMatchRequest) -> bool {
    let method = |request: &HttpMatchRequest| match spelt(request.method.as_ref()) {
        // Istio takes a match without a method for one of GET.
        text if text.is_empty() => "exact:GET".to_owned(),
        text => text,
    };
    let authority = |request: &HttpMatchRequest| spelt(request.authority.as_ref());
    earlier.port.unwrap_or_default() == later.port.unwrap_or_default()
        && method(earlier).starts_with(&method(later))
        && authority(earlier).starts_with(&authority(later))
        && all(&earlier.headers, &later.headers)
        && all(&earlier.query_params, &later.query_params)
        && all(&earlier.without_headers, &later.without_headers)
}

fn all(earlier: &BTreeMap<String, StringMatch>, later: &BTreeMap<String, StringMatch>) -> bool {
    earlier.len() == later.len()
        && earlier.iter().all(|(key, value)| {
            later.get(key).is_some_and(|other| spelt(Some(value)).starts_with(&spelt(Some(other))))
        })
}

/// A comparison as one text; regular expressions are left out, as Istio leaves them out.
fn spelt(comparison: Option<&StringMatch>) -> String {
    let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let Some(StringMatch { exact, prefix, regex: _ }) = comparison else { return String::new() };
    match (text(exact), text(prefix)) {
        (Some(exact), _) => format!("exact:{exact}"),
        (None, Some(prefix)) => format!("prefix:{prefix}"),
        (None, None) => String::new(),
    }
}

fn unused(at: &At<'_>, reason: &str, report: &mut Report) {
    report.add(at, format!("the rule is never used: {reason}"), &codes::UNREACHABLE_RULE, Objector::Webhook);
}

fn ineffective(at: &At<'_>, reason: &str, report: &mut Report) {
    report.add(
        at,
        format!("the match has no effect: {reason}"),
        &codes::INEFFECTIVE_MATCH,
        Objector::Webhook,
    );
}
