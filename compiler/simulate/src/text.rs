//! Comparison of texts.

use meshc_plan::StringMatch;

use crate::re2;

/// Whether a text is what a matcher wants.
pub(crate) fn matches(matcher: &StringMatch, text: &str) -> bool {
    match matcher {
        StringMatch::Exact(wanted) => text == wanted,
        StringMatch::Prefix(prefix) => text.starts_with(prefix.as_str()),
        StringMatch::Suffix(suffix) => text.ends_with(suffix.as_str()),
        StringMatch::Regex(expression) => re2::matches_whole(expression, text),
        StringMatch::IgnoreCase(inner) => match inner.as_ref() {
            StringMatch::Exact(wanted) => text.eq_ignore_ascii_case(wanted),
            StringMatch::Prefix(prefix) => {
                text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
            }
            StringMatch::Suffix(suffix) => {
                let start = text.len().checked_sub(suffix.len());
                start.and_then(|at| text.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(suffix))
            }
            // Envoy ignores the flag for expressions.
            other => matches(other, text),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_ignored_only_where_it_is_said() {
        let text = |matcher| StringMatch::IgnoreCase(Box::new(matcher));
        assert!(!matches(&StringMatch::Exact("A".to_owned()), "a"));
        assert!(matches(&text(StringMatch::Exact("Foo.Example".to_owned())), "foo.example"));
        assert!(matches(&text(StringMatch::Suffix(".EXAMPLE".to_owned())), "foo.example"));
        assert!(matches(&text(StringMatch::Prefix("FOO".to_owned())), "foo.example"));
        assert!(!matches(&text(StringMatch::Prefix("foo.example.com".to_owned())), "foo.example"));
    }
}
