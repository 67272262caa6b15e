//! JSON web tokens (translation-spec §7.6).

use meshc_plan::{ClaimToHeader, Jwks, JwtAuthentication, JwtHeader, JwtProvider};

use super::xds::{self, JwtRequirement};
use super::{EnvoyFlavor, names};

/// A key that nobody has the private half of, so that every token is refused: its x is the SHA-256 of the sentence
/// "meshc: no token verifies against this key", which happens to be that of a point on P-256, and its y is the even one.
const UNUSABLE_KEY: &str = concat!(
    r#"{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","#,
    r#""x":"ZmWb_Bq2dJfDW6w3VI4W8StOHZR68DGuTnxq8CWZkyE","y":"Np4q1vBZKeV2aCnqBltu9_stFFoNdE5vgLXMJSOXfJY"}]}"#
);

/// The token filter. A missing token passes; a token that is there must be one that some provider accepts.
pub(super) fn jwt(filter: &JwtAuthentication, flavor: EnvoyFlavor) -> xds::JwtAuthentication {
    let JwtAuthentication { providers } = filter;
    let name = |index: usize| format!("origins-{index}");
    xds::JwtAuthentication {
        providers: providers
            .iter()
            .enumerate()
            .map(|(index, one)| (name(index), provider(one, flavor)))
            .collect(),
        rules: vec![xds::RequirementRule {
            r#match: Some(xds::RouteMatch::any()),
            requires: Some(requirement((0..providers.len()).map(name).collect())),
        }],
        bypass_cors_preflight: true,
    }
}

/// With several providers, either one of them accepts the token, or none finds a token at all.
fn requirement(names: Vec<String>) -> JwtRequirement {
    let or_missing =
        |name: String| JwtRequirement::any(vec![JwtRequirement::provider(name), JwtRequirement::missing()]);
    if names.len() == 1 {
        return names.into_iter().map(or_missing).next().unwrap_or_else(JwtRequirement::missing);
    }
    let all_missing = JwtRequirement::all(names.iter().cloned().map(or_missing).collect());
    let mut any: Vec<JwtRequirement> = names.into_iter().map(JwtRequirement::provider).collect();
    any.push(all_missing);
    JwtRequirement::any(any)
}

fn provider(provider: &JwtProvider, flavor: EnvoyFlavor) -> xds::JwtProvider {
    let JwtProvider {
        issuer,
        audiences,
        jwks,
        from_headers,
        from_params,
        from_cookies,
        forward,
        payload_header,
        claims_to_headers,
        space_delimited_claims,
        clear_route_cache,
    } = provider;
    let header = |JwtHeader { name, prefix }: &JwtHeader| xds::JwtHeader {
        name: name.clone(),
        value_prefix: prefix.clone(),
    };
    let claim = |ClaimToHeader { header, claim }: &ClaimToHeader| xds::JwtClaimToHeader {
        header_name: header.clone(),
        claim_name: claim.clone(),
    };
    let (remote_jwks, local_jwks) = keys(jwks, flavor);
    xds::JwtProvider {
        issuer: issuer.clone(),
        audiences: audiences.clone(),
        remote_jwks,
        local_jwks,
        forward: *forward,
        from_headers: from_headers.iter().map(header).collect(),
        from_params: from_params.clone(),
        from_cookies: from_cookies.clone(),
        forward_payload_header: payload_header.clone().unwrap_or_default(),
        payload_in_metadata: "payload",
        normalize_payload_in_metadata: Some(xds::NormalizePayload {
            space_delimited_claims: space_delimited_claims.clone(),
        }),
        claim_to_headers: claims_to_headers.iter().map(claim).collect(),
        clear_route_cache: *clear_route_cache,
    }
}

/// Keys that the proxy fetches are cached for five minutes, as istiod has it. A stock Envoy fetches them ahead, because a
/// fetch on demand refuses every token once the cache has run out while the issuer is down.
fn keys(jwks: &Jwks, flavor: EnvoyFlavor) -> (Option<xds::RemoteJwks>, Option<xds::DataSource>) {
    match jwks {
        Jwks::Inline(text) => (None, Some(xds::DataSource::text(text.clone()))),
        Jwks::Unavailable => (None, Some(xds::DataSource::text(UNUSABLE_KEY.to_owned()))),
        Jwks::Remote { uri, upstream, timeout } => {
            let remote = xds::RemoteJwks {
                http_uri: Some(xds::HttpUri {
                    uri: uri.clone(),
                    cluster: Some(names::upstream(upstream)),
                    timeout: Some((*timeout).into()),
                }),
                cache_duration: Some(xds::Duration::seconds(300)),
                async_fetch: (flavor == EnvoyFlavor::Stock)
                    .then_some(xds::JwksAsyncFetch { fast_listener: true }),
            };
            (Some(remote), None)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use meshc_plan::{Jwks, JwtAuthentication, JwtProvider, UpstreamName};
    use serde_json::json;

    use crate::envoy::EnvoyFlavor;

    fn provider(issuer: &str, jwks: Jwks) -> JwtProvider {
        JwtProvider {
            issuer: issuer.into(),
            audiences: Vec::new(),
            jwks,
            from_headers: Vec::new(),
            from_params: Vec::new(),
            from_cookies: Vec::new(),
            forward: false,
            payload_header: None,
            claims_to_headers: Vec::new(),
            space_delimited_claims: vec!["scope".into()],
            clear_route_cache: false,
        }
    }

    #[test]
    fn a_missing_token_passes_and_a_wrong_one_does_not() {
        let emitted = |issuers: &[&str]| {
            let providers =
                issuers.iter().map(|issuer| provider(issuer, Jwks::Inline("{}".into()))).collect();
            serde_json::to_value(super::jwt(&JwtAuthentication { providers }, EnvoyFlavor::Stock)).unwrap()
        };
        let or_missing = |name: &str| json!({"requiresAny": {"requirements": [{"providerName": name}, {"allowMissing": {}}]}});
        assert_eq!(emitted(&["a"])["rules"][0]["requires"], or_missing("origins-0"));
        let expected = json!({"requiresAny": {"requirements": [
            {"providerName": "origins-0"},
            {"providerName": "origins-1"},
            {"requiresAll": {"requirements": [or_missing("origins-0"), or_missing("origins-1")]}},
        ]}});
        assert_eq!(emitted(&["a", "b"])["rules"][0]["requires"], expected);
    }

    #[test]
    fn a_stock_envoy_fetches_keys_ahead() {
        let upstream = UpstreamName::Outbound { port: 443, subset: None, host: "id.example".into() };
        let jwks =
            Jwks::Remote { uri: "https://id.example/keys".into(), upstream, timeout: Duration::from_secs(5) };
        let filter = JwtAuthentication { providers: vec![provider("a", jwks)] };
        let fetched = |flavor| {
            serde_json::to_value(super::jwt(&filter, flavor)).unwrap()["providers"]["origins-0"]["remoteJwks"]
                .clone()
        };
        let uri =
            json!({"uri": "https://id.example/keys", "cluster": "outbound|443||id.example", "timeout": "5s"});
        assert_eq!(fetched(EnvoyFlavor::IstioProxy), json!({"httpUri": uri, "cacheDuration": "300s"}));
        assert_eq!(fetched(EnvoyFlavor::Stock)["asyncFetch"], json!({"fastListener": true}));
    }

    #[test]
    fn keys_that_are_not_known_are_replaced_by_one_that_signs_nothing() {
        let filter = JwtAuthentication { providers: vec![provider("a", Jwks::Unavailable)] };
        let emitted = serde_json::to_value(super::jwt(&filter, EnvoyFlavor::Stock)).unwrap();
        let keys = emitted["providers"]["origins-0"]["localJwks"]["inlineString"].as_str().unwrap();
        let keys: serde_json::Value = serde_json::from_str(keys).unwrap();
        assert_eq!(keys["keys"][0]["kty"], "EC");
        assert!(keys["keys"][0].get("d").is_none());
    }
}
