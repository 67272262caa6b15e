//! Changing path and host before forwarding (translation-spec §2.9.5).

use meshc_api::istio::HttpRewrite;
use meshc_plan::{PathMatch, Pattern};

use super::virtual_service::RouteSemantics;

/// How the address of a request changes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rewrite {
    /// Replaces the matched prefix.
    pub(super) prefix: Option<String>,
    /// RE2 expression and substitution.
    pub(super) regex: Option<(Pattern, String)>,
    /// Replaces the host.
    pub(super) authority: Option<String>,
}

/// The rewrite of a route. An expression wins over a prefix. A route of the Gateway API that replaces its prefix by `/`
/// removes it, which Envoy only does by an expression.
pub(super) fn rewrite(stated: Option<&HttpRewrite>, path: &PathMatch, semantics: RouteSemantics) -> Rewrite {
    let Some(stated) = stated else { return Rewrite::default() };
    let authority = stated.authority.clone().filter(|authority| !authority.is_empty());
    if let Some(expression) = &stated.uri_regex_rewrite {
        let pattern = expression.r#match.clone().unwrap_or_default();
        let substitution = expression.rewrite.clone().unwrap_or_default();
        return Rewrite { prefix: None, regex: Some((pattern.into(), substitution)), authority };
    }
    let Some(uri) = stated.uri.clone().filter(|uri| !uri.is_empty()) else {
        return Rewrite { authority, ..Rewrite::default() };
    };
    match path {
        _ if semantics != RouteSemantics::Gateway || uri != "/" => {
            Rewrite { prefix: Some(uri), regex: None, authority }
        }
        PathMatch::PathSeparatedPrefix(prefix) => remove_prefix(prefix, authority),
        _ => remove_prefix("", authority),
    }
}

fn remove_prefix(prefix: &str, authority: Option<String>) -> Rewrite {
    let pattern = format!("^{}(/?)(.*)", quote(prefix));
    Rewrite { prefix: None, regex: Some((pattern.into(), "/\\2".to_owned())), authority }
}

/// A text as an RE2 expression that matches only itself.
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, semantics: RouteSemantics) -> Rewrite {
        let path = PathMatch::PathSeparatedPrefix("/a.b".to_owned());
        rewrite(Some(&serde_json::from_str(json).unwrap()), &path, semantics)
    }

    #[test]
    fn an_expression_wins_over_a_prefix() {
        let both = read(
            r#"{"uri": "/x", "uriRegexRewrite": {"match": "a", "rewrite": "b"}}"#,
            RouteSemantics::Istio,
        );
        assert_eq!((both.prefix, both.regex), (None, Some(("a".into(), "b".to_owned()))));
    }

    #[test]
    fn the_gateway_api_removes_a_prefix_by_an_expression() {
        let removed = read(r#"{"uri": "/"}"#, RouteSemantics::Gateway);
        assert_eq!(removed.regex, Some(("^/a\\.b(/?)(.*)".into(), "/\\2".to_owned())));
        assert_eq!(read(r#"{"uri": "/"}"#, RouteSemantics::Istio).prefix.as_deref(), Some("/"));
    }
}
