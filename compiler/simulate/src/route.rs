//! The route of a request.

use meshc_plan::{ClaimMatch, PathMatch, QueryMatch, Route, RouteMatch, ValueMatch, VirtualHost};
use serde_json::Value;

use crate::request::HttpRequest;
use crate::{header, re2, text};

/// The first route that matches, with its place. `claims` are those of a token that was accepted before routes are chosen.
pub(crate) fn find<'p>(
    host: &'p VirtualHost,
    request: &HttpRequest,
    claims: Option<&Value>,
) -> Option<(usize, &'p Route)> {
    host.routes.iter().enumerate().find(|(_, route)| matches(&route.matches, request, claims))
}

fn matches(matches: &RouteMatch, request: &HttpRequest, token: Option<&Value>) -> bool {
    let RouteMatch { path, case_sensitive, headers, query, claims } = matches;
    path_matches(path, case_sensitive.unwrap_or(true), request.path_only())
        && headers.iter().all(|wanted| header::matches(wanted, request))
        && query.iter().all(|wanted| query_matches(wanted, request))
        && claims.iter().all(|wanted| claim_matches(wanted, token))
}

fn path_matches(wanted: &PathMatch, case_sensitive: bool, path: &str) -> bool {
    let same = |a: &str, b: &str| if case_sensitive { a == b } else { a.eq_ignore_ascii_case(b) };
    let starts = |prefix: &str| path.get(..prefix.len()).is_some_and(|start| same(start, prefix));
    match wanted {
        PathMatch::Exact(text) => same(path, text),
        PathMatch::Prefix(prefix) => starts(prefix),
        PathMatch::PathSeparatedPrefix(prefix) => {
            starts(prefix) && path.as_bytes().get(prefix.len()).is_none_or(|next| *next == b'/')
        }
        PathMatch::Regex(expression) => re2::matches_whole(expression, path),
    }
}

fn query_matches(wanted: &QueryMatch, request: &HttpRequest) -> bool {
    let QueryMatch { name, value } = wanted;
    let found = request.query_parameter(name);
    match value {
        ValueMatch::Present => found.is_some(),
        ValueMatch::Text(matcher) => found.is_some_and(|found| text::matches(matcher, found)),
    }
}

/// A claim that is not there does not match, unless the match is inverted.
fn claim_matches(wanted: &ClaimMatch, token: Option<&Value>) -> bool {
    let ClaimMatch { path, value, invert } = wanted;
    let claim = token.and_then(|token| path.iter().try_fold(token, |value, key| value.get(key)));
    let one = |claim: &Value| claim.as_str().is_some_and(|claim| text::matches(value, claim));
    let found = match claim {
        None => false,
        Some(Value::Array(elements)) => elements.iter().any(one),
        Some(claim) => one(claim),
    };
    found != *invert
}

#[cfg(test)]
mod tests {
    use meshc_plan::StringMatch;
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_match_without_their_query() {
        let prefix = PathMatch::PathSeparatedPrefix("/a".to_owned());
        assert!(path_matches(&prefix, true, "/a") && path_matches(&prefix, true, "/a/b"));
        assert!(!path_matches(&prefix, true, "/ab"));
        assert!(path_matches(&PathMatch::Prefix("/A".to_owned()), false, "/ab"));
        assert!(!path_matches(&PathMatch::Exact("/a".to_owned()), true, "/A"));
        assert!(path_matches(&PathMatch::Regex("/a.".to_owned()), true, "/ab"));
    }

    #[test]
    fn a_list_claim_matches_by_one_element() {
        let wanted = |invert| ClaimMatch {
            path: vec!["groups".to_owned()],
            value: StringMatch::Exact("dev".to_owned()),
            invert,
        };
        let token = json!({ "groups": ["ops", "dev"] });
        assert!(claim_matches(&wanted(false), Some(&token)) && !claim_matches(&wanted(true), Some(&token)));
        assert!(!claim_matches(&wanted(false), None) && claim_matches(&wanted(true), None));
    }
}
