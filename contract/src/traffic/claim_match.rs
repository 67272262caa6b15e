//! Matching of claims of a token.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{StringMatch, is_false};

/// How a claim of a token is matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimMatch {
    /// Path of the claim below the payload.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<String>,
    /// Value; a list claim matches when one element does.
    pub value: StringMatch,
    /// Whether the match is inverted.
    #[serde(default, skip_serializing_if = "is_false")]
    pub invert: bool,
}

impl ClaimMatch {
    /// Whether the claims of an accepted token are as wanted. A claim that is not there does not match, unless the match is
    /// inverted.
    #[must_use]
    pub fn matches(&self, token: Option<&Value>) -> bool {
        let Self { path, value, invert } = self;
        let claim = token.and_then(|token| path.iter().try_fold(token, |value, key| value.get(key)));
        let one = |claim: &Value| claim.as_str().is_some_and(|claim| value.matches(claim));
        let found = match claim {
            None => false,
            Some(Value::Array(elements)) => elements.iter().any(one),
            Some(claim) => one(claim),
        };
        found != *invert
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_claim_matches_by_one_element() {
        let wanted = |invert| ClaimMatch {
            path: vec!["groups".to_owned()],
            value: StringMatch::Exact("dev".to_owned()),
            invert,
        };
        let token = json!({ "groups": ["ops", "dev"] });
        assert!(wanted(false).matches(Some(&token)) && !wanted(true).matches(Some(&token)));
        assert!(!wanted(false).matches(None) && wanted(true).matches(None));
    }
}
