//! Matching and replacement of paths.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Pattern;

/// How a path is matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PathMatch {
    /// The whole path.
    Exact(String),
    /// A prefix of the text.
    Prefix(String),
    /// A prefix that ends at a `/` or at the end (Gateway API and Ingress).
    PathSeparatedPrefix(String),
    /// An RE2 expression over the whole path.
    Regex(Pattern),
}

impl PathMatch {
    /// Whether a path without its query is what is wanted.
    #[must_use]
    pub fn matches(&self, case_sensitive: bool, path: &str) -> bool {
        let same = |a: &str, b: &str| if case_sensitive { a == b } else { a.eq_ignore_ascii_case(b) };
        let starts = |prefix: &str| path.get(..prefix.len()).is_some_and(|start| same(start, prefix));
        match self {
            Self::Exact(text) => same(path, text),
            Self::Prefix(prefix) => starts(prefix),
            Self::PathSeparatedPrefix(prefix) => {
                starts(prefix) && path.as_bytes().get(prefix.len()).is_none_or(|next| *next == b'/')
            }
            Self::Regex(pattern) => pattern.matches_whole(path),
        }
    }

    /// Replaces what was matched of a path without its query (Envoy's `prefix_rewrite`); an exact match and an expression match
    /// all of it.
    #[must_use]
    pub fn replace(&self, replacement: &str, path: &str) -> String {
        let matched = match self {
            Self::Prefix(prefix) | Self::PathSeparatedPrefix(prefix) => prefix.len().min(path.len()),
            Self::Exact(_) | Self::Regex(_) => path.len(),
        };
        format!("{replacement}{}", path.get(matched..).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_match_without_their_query() {
        let prefix = PathMatch::PathSeparatedPrefix("/a".to_owned());
        assert!(prefix.matches(true, "/a") && prefix.matches(true, "/a/b"));
        assert!(!prefix.matches(true, "/ab"));
        assert!(PathMatch::Prefix("/A".to_owned()).matches(false, "/ab"));
        assert!(!PathMatch::Exact("/a".to_owned()).matches(true, "/A"));
        assert!(PathMatch::Regex("/a.".into()).matches(true, "/ab"));
    }

    #[test]
    fn what_was_matched_is_replaced() {
        assert_eq!(PathMatch::Prefix("/old".to_owned()).replace("/new", "/old/x"), "/new/x");
        assert_eq!(PathMatch::Exact("/old".to_owned()).replace("/new", "/old"), "/new");
        assert_eq!(PathMatch::Regex("/o.*".into()).replace("/new", "/old/x"), "/new");
    }
}
