//! The token filter.

use meshc_plan::{Jwks, JwtAuthentication, JwtProvider};
use serde_json::{Value, json};

use crate::call::Token;

/// The claims that later filters see, or `None` if the token is not accepted: it must be valid, of a known issuer, and for an
/// audience that the issuer's rule names.
pub(crate) fn accept(filter: &JwtAuthentication, token: &Token) -> Option<Value> {
    let issuer = token.payload.get("iss").and_then(Value::as_str)?;
    let fits = |provider: &&JwtProvider| {
        provider.issuer == issuer
            && provider.jwks != Jwks::Unavailable
            && has_audience(provider, &token.payload)
    };
    let provider = filter.providers.iter().find(fits).filter(|_| token.valid)?;
    let mut claims = token.payload.clone();
    for name in &provider.space_delimited_claims {
        if let Some(claim) = claims.get_mut(name)
            && let Some(text) = claim.as_str()
        {
            *claim = json!(text.split(' ').collect::<Vec<_>>());
        }
    }
    Some(claims)
}

/// Whether routes are chosen again once a token is accepted.
pub(crate) fn reroutes(filter: &JwtAuthentication) -> bool {
    filter.providers.iter().any(|provider| provider.clear_route_cache)
}

fn has_audience(provider: &JwtProvider, payload: &Value) -> bool {
    let wanted =
        |found: &Value| found.as_str().is_some_and(|found| provider.audiences.iter().any(|one| one == found));
    provider.audiences.is_empty()
        || match payload.get("aud") {
            Some(Value::Array(list)) => list.iter().any(wanted),
            Some(one) => wanted(one),
            None => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(audiences: &[&str]) -> JwtAuthentication {
        let provider = JwtProvider {
            issuer: "me".to_owned(),
            audiences: audiences.iter().map(|text| (*text).to_owned()).collect(),
            jwks: Jwks::Inline(String::new()),
            from_headers: Vec::new(),
            from_params: Vec::new(),
            from_cookies: Vec::new(),
            forward: true,
            payload_header: None,
            claims_to_headers: Vec::new(),
            space_delimited_claims: vec!["scope".to_owned()],
            clear_route_cache: false,
        };
        JwtAuthentication { providers: vec![provider] }
    }

    #[test]
    fn a_token_needs_a_known_issuer_and_a_wanted_audience() {
        let token = |payload: Value, valid| Token { payload, valid };
        let accepted = |filter: &JwtAuthentication, token: &Token| accept(filter, token).is_some();
        assert!(accepted(&provider(&[]), &token(json!({ "iss": "me" }), true)));
        assert!(!accepted(&provider(&[]), &token(json!({ "iss": "me" }), false)));
        assert!(!accepted(&provider(&[]), &token(json!({ "iss": "you" }), true)));
        assert!(accepted(&provider(&["a"]), &token(json!({ "iss": "me", "aud": ["b", "a"] }), true)));
        assert!(!accepted(&provider(&["a"]), &token(json!({ "iss": "me" }), true)));
    }

    #[test]
    fn claims_that_hold_several_values_become_lists() {
        let token = Token { payload: json!({ "iss": "me", "scope": "a b" }), valid: true };
        assert_eq!(accept(&provider(&[]), &token).unwrap()["scope"], json!(["a", "b"]));
    }
}
