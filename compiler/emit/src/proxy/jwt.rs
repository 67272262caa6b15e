//! JSON web tokens.

use meshc_contract::proxy;
use meshc_plan::{ClaimToHeader, Jwks, JwtAuthentication, JwtHeader, JwtProvider};

use super::feature;
use super::findings::Site;

/// Issuers of a filter.
pub(super) fn jwt(filter: &JwtAuthentication, site: &mut Site<'_>) -> Vec<proxy::JwtProvider> {
    let JwtAuthentication { providers } = filter;
    providers.iter().map(|one| provider(one, site)).collect()
}

fn provider(provider: &JwtProvider, site: &mut Site<'_>) -> proxy::JwtProvider {
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
    let header = |JwtHeader { name, prefix }: &JwtHeader| (name.clone(), prefix.clone());
    let claim = |ClaimToHeader { header, claim }: &ClaimToHeader| (header.clone(), claim.clone());
    proxy::JwtProvider {
        issuer: issuer.clone(),
        audiences: audiences.clone(),
        jwks: match jwks {
            Jwks::Inline(text) => proxy::Jwks::Inline(text.clone()),
            Jwks::Unavailable => proxy::Jwks::Unavailable,
            Jwks::Remote { uri, upstream: _, timeout: _ } => {
                site.lacks(&feature::REMOTE_JWKS, format_args!("the issuer `{issuer}` with `{uri}`"));
                proxy::Jwks::Unavailable
            }
        },
        from_headers: from_headers.iter().map(header).collect(),
        from_params: from_params.clone(),
        from_cookies: from_cookies.clone(),
        forward: *forward,
        payload_header: payload_header.clone(),
        claims_to_headers: claims_to_headers.iter().map(claim).collect(),
        space_delimited_claims: space_delimited_claims.clone(),
        clear_route_cache: *clear_route_cache,
    }
}
