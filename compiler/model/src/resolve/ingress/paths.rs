//! Paths of Ingress rules as conditions, and their order.

use std::cmp::Reverse;

use meshc_api::istio::{HttpRoute, StringMatch};
use meshc_api::kubernetes::{HttpIngressPath, PathType};

/// The condition on the path; `None` takes every path.
pub(super) fn condition(path: &HttpIngressPath) -> Option<StringMatch> {
    let text = path.path.as_deref().unwrap_or_default();
    let exact = |text: &str| StringMatch { exact: Some(text.to_owned()), ..StringMatch::default() };
    let prefix = |text: &str| StringMatch { prefix: Some(text.to_owned()), ..StringMatch::default() };
    match path.path_type {
        PathType::Exact => Some(exact(text)),
        PathType::Prefix => Some(prefix(text)),
        PathType::ImplementationSpecific => match text {
            "" | "*" | "/*" | ".*" => None,
            _ => Some(match text.strip_suffix(".*").or_else(|| text.strip_suffix("/*")) {
                Some(start) => prefix(start),
                None => exact(text),
            }),
        },
    }
}

/// Longer paths come first, of equal ones the exact.
pub(super) fn specificity(route: &HttpRoute) -> (Reverse<usize>, bool) {
    let uri = route.r#match.first().and_then(|condition| condition.uri.as_ref());
    let exact = uri.and_then(|uri| uri.exact.as_ref());
    let text = exact.or_else(|| uri.and_then(|uri| uri.prefix.as_ref()));
    (Reverse(text.map_or(0, String::len)), exact.is_none())
}

#[cfg(test)]
mod tests {
    use meshc_api::istio::HttpMatchRequest;

    use super::*;

    fn of(text: &str, path_type: PathType) -> Option<StringMatch> {
        condition(&HttpIngressPath { path: Some(text.to_owned()), path_type, ..HttpIngressPath::default() })
    }

    fn words(matched: Option<StringMatch>) -> String {
        match matched {
            None => "all".to_owned(),
            Some(StringMatch { exact: Some(text), .. }) => format!("exact {text}"),
            Some(StringMatch { prefix, .. }) => format!("prefix {}", prefix.unwrap_or_default()),
        }
    }

    #[test]
    fn a_path_without_a_stated_type_may_end_in_a_wildcard() {
        let found = |text| words(of(text, PathType::ImplementationSpecific));
        assert_eq!((found(""), found("/*"), found(".*")), ("all".into(), "all".into(), "all".into()));
        assert_eq!((found("/a.*"), found("/a/*")), ("prefix /a".into(), "prefix /a".into()));
        assert_eq!((found("/a*"), found("/a")), ("exact /a*".into(), "exact /a".into()));
        assert_eq!(words(of("/a/", PathType::Prefix)), "prefix /a/");
    }

    #[test]
    fn long_paths_come_before_short_ones_and_exact_ones_before_prefixes() {
        let route = |text, path_type| {
            let uri = of(text, path_type);
            HttpRoute {
                r#match: vec![HttpMatchRequest { uri, ..HttpMatchRequest::default() }],
                ..HttpRoute::default()
            }
        };
        let mut routes = [
            route("/", PathType::Prefix),
            route("/aa", PathType::Prefix),
            route("/aa", PathType::Exact),
            route("/aaa", PathType::Prefix),
        ];
        routes.sort_by_key(specificity);
        let found: Vec<_> = routes.into_iter().map(|route| words(route.r#match[0].uri.clone())).collect();
        assert_eq!(found, ["prefix /aaa", "exact /aa", "prefix /aa", "prefix /"]);
    }
}
