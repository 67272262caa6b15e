//! Matching of headers, in routes and in policies.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Request, StringMatch, is_false};

/// How a header is matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HeaderMatch {
    /// Name as written; case does not count.
    pub name: String,
    /// Value.
    pub value: ValueMatch,
    /// Whether the match is inverted (`withoutHeaders`).
    #[serde(default, skip_serializing_if = "is_false")]
    pub invert: bool,
    /// Whether a missing header counts as an empty one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub missing_is_empty: bool,
}

/// How a value is matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ValueMatch {
    /// It is there.
    Present,
    /// It is there and matches.
    Text(StringMatch),
}

impl HeaderMatch {
    /// Whether a request has a header as wanted. A header that is not there matches no text, not even an inverted one, unless it
    /// counts as empty (Envoy's `HeaderMatcher`). Several values of one name are compared as one, joined by commas.
    #[must_use]
    pub fn matches(&self, request: &(impl Request + ?Sized)) -> bool {
        self.decide(request.header(&self.name).joined().as_deref())
    }

    /// The same, where one of several values matching alone counts as a match too. A policy that denies reads headers so: a
    /// second value must not hide the first one.
    #[must_use]
    pub fn matches_any_value(&self, request: &(impl Request + ?Sized)) -> bool {
        let values = request.header(&self.name);
        self.decide(values.joined().as_deref()) || values.iter().any(|value| self.decide(Some(value)))
    }

    fn decide(&self, found: Option<&str>) -> bool {
        let Self { name: _, value, invert, missing_is_empty } = self;
        match (value, found) {
            (ValueMatch::Present, found) => found.is_some() != *invert,
            (ValueMatch::Text(matcher), Some(found)) => matcher.matches(found) != *invert,
            (ValueMatch::Text(matcher), None) => *missing_is_empty && matcher.matches("") != *invert,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::request::fixture::Headers;

    fn exact(invert: bool, missing_is_empty: bool) -> HeaderMatch {
        let value = ValueMatch::Text(StringMatch::Exact("x".to_owned()));
        HeaderMatch { name: "End-User".to_owned(), value, invert, missing_is_empty }
    }

    #[test]
    fn a_missing_header_matches_no_text_unless_it_counts_as_empty() {
        assert!(exact(false, false).matches(&Headers(&[("end-user", "x")])));
        assert!(!exact(true, false).matches(&Headers(&[])));
        assert!(exact(true, true).matches(&Headers(&[])));
        assert!(exact(true, false).matches(&Headers(&[("end-user", "y")])));
    }

    #[test]
    fn presence_is_inverted() {
        let present = |invert| HeaderMatch { value: ValueMatch::Present, ..exact(invert, false) };
        assert!(present(true).matches(&Headers(&[])) && !present(false).matches(&Headers(&[])));
    }

    #[test]
    fn a_second_value_hides_the_first_one_only_where_that_is_safe() {
        let two = Headers(&[("end-user", "x"), ("end-user", "y")]);
        assert!(!exact(false, false).matches(&two));
        assert!(exact(false, false).matches_any_value(&two));
    }
}
