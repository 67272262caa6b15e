//! Routing by the claims of a validated token (translation-spec §2.9.3).

use meshc_api::istio::StringMatch as Condition;
use meshc_plan::{ClaimMatch, StringMatch};

use super::matching::string_match;

/// What a header condition about a claim starts with, in any case.
const CLAIMS: &str = "@request.auth.claims";

/// The condition about a claim that a header name of the form `@request.auth.claims.a.b` or `@request.auth.claims[a][b]`
/// stands for; `None` for every other name.
pub(super) fn claim_match(name: &str, condition: &Condition, invert: bool) -> Option<ClaimMatch> {
    let start = name.get(..CLAIMS.len())?;
    let rest = name.get(CLAIMS.len()..)?;
    if !start.eq_ignore_ascii_case(CLAIMS) {
        return None;
    }
    let path =
        if let Some(dotted) = rest.strip_prefix('.') { dotted_path(dotted)? } else { nested_path(rest)? };
    Some(ClaimMatch { path, value: string_match(condition).unwrap_or_else(any_text), invert })
}

/// What a condition without a value asks for, as it does of a header: presence. (istiod writes a comparison with nothing,
/// for which Envoy refuses all routes of the port.)
fn any_text() -> StringMatch {
    StringMatch::Regex(".*".into())
}

fn dotted_path(text: &str) -> Option<Vec<String>> {
    let path: Vec<String> = text.split('.').map(str::to_owned).collect();
    path.iter().all(|part| !part.is_empty()).then_some(path)
}

fn nested_path(text: &str) -> Option<Vec<String>> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    let path: Vec<String> = inner.split("][").map(str::to_owned).collect();
    path.iter().all(|part| !part.is_empty() && !part.contains(['[', ']'])).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> Option<Vec<String>> {
        let condition = Condition { exact: Some("v".to_owned()), ..Condition::default() };
        claim_match(name, &condition, false).map(|claim| claim.path)
    }

    #[test]
    fn dots_and_brackets_name_claims() {
        let owned = |parts: &[&str]| Some(parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>());
        assert_eq!(path("@request.auth.claims.key1-key2"), owned(&["key1-key2"]));
        assert_eq!(path("@REQUEST.auth.claims.a.b"), owned(&["a", "b"]));
        assert_eq!(path("@request.auth.claims[iss@istio.io]"), owned(&["iss@istio.io"]));
        assert_eq!(path("@request.auth.claims[iss@istio.io][key1]"), owned(&["iss@istio.io", "key1"]));
    }

    #[test]
    fn a_condition_without_a_value_asks_for_any_text() {
        let claim = claim_match("@request.auth.claims.sub", &Condition::default(), true).unwrap();
        assert_eq!((claim.value, claim.invert), (StringMatch::Regex(".*".into()), true));
    }

    #[test]
    fn other_names_are_headers() {
        for name in [
            "@request.auth.claims.",
            "@request.auth.claims[key1",
            "@request.auth.claimskey1",
            "request.auth.claims.",
            "x-header",
        ] {
            assert_eq!(path(name), None, "{name}");
        }
    }
}
