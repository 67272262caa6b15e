//! Comparison of texts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Pattern;

/// How a text is compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StringMatch {
    /// The whole text.
    Exact(String),
    /// A prefix.
    Prefix(String),
    /// A suffix.
    Suffix(String),
    /// An RE2 expression over the whole text.
    Regex(Pattern),
    /// Any of these, case ignored; only where the rule says so (AuthorizationPolicy `hosts`).
    IgnoreCase(Box<StringMatch>),
}

impl StringMatch {
    /// Whether a text is what is wanted.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(wanted) => text == wanted,
            Self::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Self::Suffix(suffix) => text.ends_with(suffix.as_str()),
            Self::Regex(pattern) => pattern.matches_whole(text),
            Self::IgnoreCase(inner) => match inner.as_ref() {
                Self::Exact(wanted) => text.eq_ignore_ascii_case(wanted),
                Self::Prefix(prefix) => {
                    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
                }
                Self::Suffix(suffix) => {
                    let start = text.len().checked_sub(suffix.len());
                    start.and_then(|at| text.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(suffix))
                }
                // Envoy ignores the flag for expressions.
                other => other.matches(text),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_ignored_only_where_it_is_said() {
        let text = |matcher| StringMatch::IgnoreCase(Box::new(matcher));
        assert!(!StringMatch::Exact("A".to_owned()).matches("a"));
        assert!(text(StringMatch::Exact("Foo.Example".to_owned())).matches("foo.example"));
        assert!(text(StringMatch::Suffix(".EXAMPLE".to_owned())).matches("foo.example"));
        assert!(text(StringMatch::Prefix("FOO".to_owned())).matches("foo.example"));
        assert!(!text(StringMatch::Prefix("foo.example.com".to_owned())).matches("foo.example"));
    }
}
