//! Matching of headers, in routes and in policies.

use meshc_plan::{HeaderMatch, ValueMatch};

use crate::request::HttpRequest;
use crate::text;

/// Whether a request has a header as wanted. A header that is not there matches no text, not even an inverted one, unless it
/// counts as empty (Envoy's `HeaderMatcher`).
pub(crate) fn matches(header: &HeaderMatch, request: &HttpRequest) -> bool {
    let HeaderMatch { name, value, invert, missing_is_empty } = header;
    let found = request.header(name);
    match (value, found) {
        (ValueMatch::Present, found) => found.is_some() != *invert,
        (ValueMatch::Text(matcher), Some(found)) => text::matches(matcher, &found) != *invert,
        (ValueMatch::Text(matcher), None) => *missing_is_empty && text::matches(matcher, "") != *invert,
    }
}

#[cfg(test)]
mod tests {
    use meshc_plan::StringMatch;

    use super::*;

    fn request(headers: &[(&str, &str)]) -> HttpRequest {
        HttpRequest {
            method: "GET".to_owned(),
            scheme: "http".to_owned(),
            authority: "a.example".to_owned(),
            path: "/".to_owned(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        }
    }

    fn exact(invert: bool, missing_is_empty: bool) -> HeaderMatch {
        let value = ValueMatch::Text(StringMatch::Exact("x".to_owned()));
        HeaderMatch { name: "End-User".to_owned(), value, invert, missing_is_empty }
    }

    #[test]
    fn a_missing_header_matches_no_text_unless_it_counts_as_empty() {
        assert!(matches(&exact(false, false), &request(&[("end-user", "x")])));
        assert!(!matches(&exact(true, false), &request(&[])));
        assert!(matches(&exact(true, true), &request(&[])));
        assert!(matches(&exact(true, false), &request(&[("end-user", "y")])));
    }

    #[test]
    fn presence_is_inverted_and_values_of_one_name_are_joined() {
        let present = |invert| HeaderMatch { value: ValueMatch::Present, ..exact(invert, false) };
        assert!(matches(&present(true), &request(&[])) && !matches(&present(false), &request(&[])));
        let joined = request(&[("end-user", "a"), ("end-user", "b")]);
        assert_eq!(joined.header("END-USER").as_deref(), Some("a,b"));
        assert_eq!(joined.header("Host").as_deref(), Some("a.example"));
    }
}
