//! RequestAuthentications of a workload as the token filter (translation-spec §7.6).

use std::collections::BTreeSet;

use meshc_api::Resource;
use meshc_api::istio::{self, JwtPresence, JwtRule};
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_model::WorkloadRole;
use meshc_plan::{ClaimToHeader, HttpFilter, Jwks, JwtAuthentication, JwtHeader, JwtProvider};

use super::jwks::jwks;
use crate::context::ProxyContext;

/// Claims that hold several values separated by spaces, as OAuth defines them.
const SPACE_DELIMITED: [&str; 2] = ["permission", "scope"];

/// The token filter of a workload; `None` when no RequestAuthentication states an issuer.
pub(crate) fn jwt_filter(cx: &ProxyContext<'_>, diags: &mut Diagnostics) -> Option<HttpFilter> {
    let policies = cx.mesh.request_authentications_for(cx.workload);
    let mut rules: Vec<(&Resource<istio::RequestAuthentication>, usize, &JwtRule)> = policies
        .iter()
        .flat_map(|policy| {
            policy.spec.jwt_rules.iter().enumerate().map(|(index, rule)| (&**policy, index, rule))
        })
        .collect();
    if rules.is_empty() {
        return None;
    }
    rules.sort_by(|(_, _, a), (_, _, b)| a.issuer.cmp(&b.issuer));
    let providers = rules
        .into_iter()
        .map(|(policy, index, rule)| {
            let provider = provider(cx, rule);
            report(policy, index, rule, &provider, diags);
            provider
        })
        .collect();
    Some(HttpFilter::JwtAuthentication(JwtAuthentication { providers }))
}

fn provider(cx: &ProxyContext<'_>, rule: &JwtRule) -> JwtProvider {
    let headers = rule.from_headers.iter().map(|header| JwtHeader {
        name: header.name.clone().unwrap_or_default(),
        prefix: header.prefix.clone().unwrap_or_default(),
    });
    let claims = rule.output_claim_to_headers.iter().map(|claim| ClaimToHeader {
        header: claim.header.clone().unwrap_or_default(),
        claim: claim.claim.clone().unwrap_or_default(),
    });
    JwtProvider {
        issuer: rule.issuer.clone().unwrap_or_default(),
        audiences: rule.audiences.clone(),
        jwks: jwks(cx, rule),
        from_headers: headers.collect(),
        from_params: rule.from_params.clone(),
        from_cookies: rule.from_cookies.clone(),
        forward: rule.forward_original_token == Some(true),
        payload_header: rule.output_payload_to_header.clone().filter(|header| !header.is_empty()),
        claims_to_headers: claims.collect(),
        space_delimited_claims: space_delimited(&rule.space_delimited_claims),
        // Gateways route by claims, which are known only after the token is.
        clear_route_cache: cx.workload.proxy == Some(WorkloadRole::Gateway),
    }
}

/// Claims that hold several values, sorted, each once.
fn space_delimited(stated: &[String]) -> Vec<String> {
    let all: BTreeSet<&str> = SPACE_DELIMITED.into_iter().chain(stated.iter().map(String::as_str)).collect();
    all.into_iter().map(str::to_owned).collect()
}

fn report(
    policy: &Resource<istio::RequestAuthentication>,
    index: usize,
    rule: &JwtRule,
    provider: &JwtProvider,
    diags: &mut Diagnostics,
) {
    let path = format!("spec.jwtRules[{index}]");
    if provider.jwks == Jwks::Unavailable {
        let message = format!("the keys of issuer `{}` are not known at build time", provider.issuer);
        let finding = Diagnostic::new(&codes::JWKS_UNAVAILABLE, message)
            .at(policy.span(&path), "")
            .consequence("every token of this issuer is refused with 401")
            .help("put the key set into `jwks`, where the tree pins it");
        diags.push(finding.about(policy.object_ref(), path.clone()));
    }
    if rule.presence == Some(JwtPresence::Required) {
        let path = format!("{path}.presence");
        let finding = Diagnostic::new(&codes::NOT_SUPPORTED_YET, "`presence: REQUIRED` is not supported yet")
            .at(policy.span(&path), "")
            .consequence("requests without a token pass this rule")
            .help("add an AuthorizationPolicy that denies requests without `requestPrincipals`");
        diags.push(finding.about(policy.object_ref(), path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_of_oauth_are_always_split() {
        assert_eq!(space_delimited(&[]), ["permission", "scope"]);
        assert_eq!(
            space_delimited(&["roles".to_owned(), "scope".to_owned()]),
            ["permission", "roles", "scope"]
        );
    }
}
