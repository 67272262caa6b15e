//! Which requests a route takes (translation-spec §2.9.1, §2.9.3).

use std::collections::BTreeMap;

use meshc_api::istio::{HttpMatchRequest, StringMatch as Condition};
use meshc_plan::{HeaderMatch, PathMatch, QueryMatch, RouteMatch, StringMatch, ValueMatch};

use super::claims::claim_match;
use super::virtual_service::RouteSemantics;
use crate::context::ProxyContext;

/// The match of a route without conditions.
pub(super) fn match_everything() -> RouteMatch {
    RouteMatch {
        path: PathMatch::Prefix("/".to_owned()),
        case_sensitive: None,
        headers: Vec::new(),
        query: Vec::new(),
        claims: Vec::new(),
    }
}

/// Whether the conditions about the client hold for this proxy. Istio does not look at labels and namespace of the
/// client where the match names gateways of its own.
pub(super) fn source_matches(cx: &ProxyContext<'_>, gateway: &str, stated: &HttpMatchRequest) -> bool {
    if !stated.gateways.is_empty() {
        return stated.gateways.iter().any(|name| name == gateway);
    }
    has_labels(cx, &stated.source_labels) && in_namespace(cx, stated.source_namespace.as_deref())
}

/// Whether the workload has all of the labels.
pub(crate) fn has_labels(cx: &ProxyContext<'_>, wanted: &BTreeMap<String, String>) -> bool {
    wanted.iter().all(|(key, value)| cx.workload.labels.get(key) == Some(value))
}

/// Whether the workload is in the namespace; an absent or empty one is any.
pub(crate) fn in_namespace(cx: &ProxyContext<'_>, namespace: Option<&str>) -> bool {
    namespace.is_none_or(|namespace| namespace.is_empty() || namespace == cx.workload.namespace())
}

/// The match of a written condition.
pub(super) fn route_match(stated: &HttpMatchRequest, semantics: RouteSemantics) -> RouteMatch {
    let mut headers: Vec<HeaderMatch> = Vec::new();
    let mut claims = Vec::new();
    for (invert, conditions) in [(false, &stated.headers), (true, &stated.without_headers)] {
        for (name, condition) in conditions {
            match claim_match(name, condition, invert) {
                Some(claim) => claims.push(claim),
                None => headers.push(header_match(name, condition, invert)),
            }
        }
    }
    headers.sort_by(|a, b| a.name.cmp(&b.name));
    let pseudo =
        [(":method", &stated.method), (":authority", &stated.authority), (":scheme", &stated.scheme)];
    headers.extend(pseudo.into_iter().filter_map(|(name, condition)| {
        condition.as_ref().map(|condition| header_match(name, condition, false))
    }));
    let query = stated
        .query_params
        .iter()
        .map(|(name, condition)| QueryMatch { name: name.clone(), value: value_match(condition) });
    RouteMatch {
        path: path_match(stated.uri.as_ref(), semantics),
        case_sensitive: Some(!stated.ignore_uri_case.unwrap_or(false)),
        headers,
        query: query.collect(),
        claims,
    }
}

/// Prefixes of routes that stand for the Gateway API or an Ingress end at a `/` of the path.
fn path_match(stated: Option<&Condition>, semantics: RouteSemantics) -> PathMatch {
    let stated = stated.and_then(string_match);
    match stated {
        Some(StringMatch::Exact(path)) => PathMatch::Exact(path),
        Some(StringMatch::Regex(expression)) => PathMatch::Regex(expression),
        Some(StringMatch::Prefix(prefix)) if semantics != RouteSemantics::Istio && prefix != "/" => {
            PathMatch::PathSeparatedPrefix(prefix.strip_suffix('/').unwrap_or(&prefix).to_owned())
        }
        Some(StringMatch::Prefix(prefix)) => PathMatch::Prefix(prefix),
        _ => PathMatch::Prefix("/".to_owned()),
    }
}

fn header_match(name: &str, stated: &Condition, invert: bool) -> HeaderMatch {
    let value = value_match(stated);
    // Envoy must not let a missing header pass a condition on the value of a header that has to be different.
    let missing_is_empty = invert && value != ValueMatch::Present;
    HeaderMatch { name: name.to_owned(), value, invert, missing_is_empty }
}

/// A condition without a value asks for presence, and so does the expression `*`, which RE2 would refuse.
fn value_match(stated: &Condition) -> ValueMatch {
    match string_match(stated) {
        None => ValueMatch::Present,
        Some(StringMatch::Regex(expression)) if expression.as_str() == "*" => ValueMatch::Present,
        Some(value) => ValueMatch::Text(value),
    }
}

/// How a text is compared; `None` where no comparison is stated.
pub(super) fn string_match(stated: &Condition) -> Option<StringMatch> {
    if let Some(text) = &stated.exact {
        return Some(StringMatch::Exact(text.clone()));
    }
    if let Some(text) = &stated.prefix {
        return Some(StringMatch::Prefix(text.clone()));
    }
    stated.regex.clone().map(|expression| StringMatch::Regex(expression.into()))
}

/// Whether nothing can come after a route with this match.
pub(crate) fn is_catch_all(matches: &RouteMatch) -> bool {
    let path = match &matches.path {
        PathMatch::Prefix(path) | PathMatch::PathSeparatedPrefix(path) => path == "/",
        PathMatch::Regex(expression) => expression.as_str() == ".*",
        PathMatch::Exact(_) => false,
    };
    path && matches.headers.is_empty() && matches.query.is_empty() && matches.claims.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(json: &str) -> HttpMatchRequest {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn headers_are_sorted_and_pseudo_headers_follow_them() {
        let stated = condition(
            r#"{"headers": {"x-b": {"exact": "1"}, "x-a": {}}, "withoutHeaders": {"x-aa": {"prefix": "2"}},
               "scheme": {"exact": "https"}, "method": {"exact": "GET"}}"#,
        );
        let names: Vec<_> = route_match(&stated, RouteSemantics::Istio)
            .headers
            .into_iter()
            .map(|header| header.name)
            .collect();
        assert_eq!(names, ["x-a", "x-aa", "x-b", ":method", ":scheme"]);
    }

    #[test]
    fn an_inverted_value_treats_a_missing_header_as_empty_but_an_inverted_presence_does_not() {
        let stated =
            condition(r#"{"withoutHeaders": {"x-a": {"exact": "1"}, "x-b": {}, "x-c": {"regex": "*"}}}"#);
        let headers = route_match(&stated, RouteSemantics::Istio).headers;
        let missing: Vec<_> = headers.iter().map(|header| header.missing_is_empty).collect();
        assert_eq!(missing, [true, false, false]);
        assert!(headers.iter().all(|header| header.invert));
    }

    #[test]
    fn prefixes_of_other_dialects_end_at_path_segments() {
        let stated = condition(r#"{"uri": {"prefix": "/a/"}}"#);
        let path = |semantics| route_match(&stated, semantics).path;
        assert_eq!(path(RouteSemantics::Istio), PathMatch::Prefix("/a/".to_owned()));
        assert_eq!(path(RouteSemantics::Gateway), PathMatch::PathSeparatedPrefix("/a".to_owned()));
    }

    #[test]
    fn only_a_match_without_conditions_catches_everything() {
        assert!(is_catch_all(&match_everything()));
        let with = |json| is_catch_all(&route_match(&condition(json), RouteSemantics::Istio));
        assert!(with(r#"{"uri": {"prefix": "/"}}"#));
        assert!(with(r#"{"uri": {"regex": ".*"}}"#));
        assert!(!with(r#"{"uri": {"prefix": "/a"}}"#));
        assert!(!with(r#"{"uri": {"exact": "/"}}"#));
        assert!(!with(r#"{"method": {"exact": "GET"}}"#));
        assert!(!with(r#"{"queryParams": {"a": {}}}"#));
    }
}
