//! Matches in words.

use meshc_api::istio::{HttpMatchRequest, L4MatchAttributes, StringMatch, TlsMatchAttributes};

/// What requests must have at a gateway: alternatives joined by commas, empty for all requests. `None` where the rule is
/// not for the gateway.
pub(super) fn http(matches: &[HttpMatchRequest], gateway: &str) -> Option<String> {
    alternatives(matches, gateway, |condition| &condition.gateways, one_http)
}

/// As [`http`], for TCP.
pub(super) fn tcp(matches: &[L4MatchAttributes], gateway: &str) -> Option<String> {
    let text = |condition: &L4MatchAttributes| {
        let port = condition.port.map(|port| format!("port {port}"));
        joined(
            port.into_iter().chain(condition.destination_subnets.iter().map(|subnet| format!("to {subnet}"))),
        )
    };
    alternatives(matches, gateway, |condition| &condition.gateways, text)
}

/// As [`http`], for TLS.
pub(super) fn tls(matches: &[TlsMatchAttributes], gateway: &str) -> Option<String> {
    let text = |condition: &TlsMatchAttributes| {
        let port = condition.port.map(|port| format!("port {port}"));
        let names =
            (!condition.sni_hosts.is_empty()).then(|| format!("SNI {}", condition.sni_hosts.join(" ")));
        joined(names.into_iter().chain(port))
    };
    alternatives(matches, gateway, |condition| &condition.gateways, text)
}

fn alternatives<M>(
    matches: &[M],
    gateway: &str,
    gateways: impl Fn(&M) -> &Vec<String>,
    text: impl Fn(&M) -> String,
) -> Option<String> {
    if matches.is_empty() {
        return Some(String::new());
    }
    let here = |condition: &&M| {
        gateways(condition).is_empty() || gateways(condition).iter().any(|name| name == gateway)
    };
    let texts: Vec<String> = matches.iter().filter(here).map(text).collect();
    if texts.is_empty() {
        return None;
    }
    // One alternative without a condition takes everything.
    Some(if texts.iter().any(String::is_empty) { String::new() } else { texts.join(", ") })
}

fn one_http(condition: &HttpMatchRequest) -> String {
    let mut words: Vec<String> = Vec::new();
    words.extend(condition.uri.as_ref().map(path));
    let named =
        [("method", &condition.method), ("authority", &condition.authority), ("scheme", &condition.scheme)];
    words.extend(
        named.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value_text(value.as_ref()?)))),
    );
    words.extend(condition.headers.iter().map(|(name, value)| format!("{name}: {}", value_text(value))));
    words.extend(
        condition.without_headers.iter().map(|(name, value)| format!("not {name}: {}", value_text(value))),
    );
    words.extend(condition.query_params.iter().map(|(name, value)| format!("?{name}={}", value_text(value))));
    words.extend(condition.port.map(|port| format!("port {port}")));
    words.extend(condition.source_namespace.as_ref().map(|namespace| format!("from {namespace}")));
    words.extend(condition.source_labels.iter().map(|(key, value)| format!("from {key}={value}")));
    joined(words)
}

fn joined(words: impl IntoIterator<Item = String>) -> String {
    words.into_iter().collect::<Vec<_>>().join(" and ")
}

/// A path as people write it: `/exact`, `/prefix*`, `~regex`.
fn path(text: &StringMatch) -> String {
    match (&text.exact, &text.prefix, &text.regex) {
        (Some(exact), _, _) => exact.clone(),
        (_, Some(prefix), _) => format!("{prefix}*"),
        (_, _, Some(regex)) => format!("~{regex}"),
        _ => "/*".to_owned(),
    }
}

fn value_text(text: &StringMatch) -> String {
    match (&text.exact, &text.prefix, &text.regex) {
        (Some(exact), _, _) => exact.clone(),
        (_, Some(prefix), _) => format!("{prefix}*"),
        (_, _, Some(regex)) => format!("~{regex}"),
        _ => "any".to_owned(),
    }
}
