//! Further conditions: `when` of an AuthorizationPolicy (translation-spec §7.1).

use meshc_api::istio;
use meshc_plan::{Permission, Principal};

use super::permission;
use super::principal::{self, PrincipalContext};
use super::rule::Condition;

/// A condition, on the side that it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum WhenCondition {
    /// What is asked for.
    Permission(Condition<Permission>),
    /// Who asks.
    Principal(Condition<Principal>),
}

/// Why a condition means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnknownKey(pub(super) String);

/// Translates a condition; `Ok(None)` for one without values.
pub(super) fn condition(
    cx: PrincipalContext<'_>,
    condition: &istio::Condition,
) -> Result<Option<WhenCondition>, UnknownKey> {
    let key = condition.key.as_deref().unwrap_or_default();
    let (values, excluded) = (condition.values.as_slice(), condition.not_values.as_slice());
    if values.is_empty() && excluded.is_empty() {
        return Ok(None);
    }
    let principal = |condition: Option<Condition<Principal>>| Ok(condition.map(WhenCondition::Principal));
    let permission = |condition: Option<Condition<Permission>>| Ok(condition.map(WhenCondition::Permission));
    match key {
        "source.ip" => principal(principal::addresses(values, excluded)),
        "remote.ip" => principal(principal::remote_addresses(values, excluded)),
        "source.namespace" => principal(principal::namespaces(values, excluded)),
        "source.serviceAccount" => principal(principal::service_accounts(cx, values, excluded)),
        "source.principal" => principal(principal::identities(cx, values, excluded)),
        "source.trustDomain" => principal(principal::trust_domains(cx, values, excluded)),
        "request.auth.principal" => principal(principal::request_principals(values, excluded)),
        "request.auth.audiences" => principal(Some(principal::claims(&["aud"], values, excluded))),
        "request.auth.presenter" => principal(Some(principal::claims(&["azp"], values, excluded))),
        "destination.ip" => permission(permission::condition(values, excluded, false, permission::address)),
        "destination.port" => permission(permission::condition(values, excluded, false, permission::port)),
        "connection.sni" => {
            permission(permission::condition(values, excluded, false, permission::server_name))
        }
        _ => bracketed(key, values, excluded),
    }
}

/// Keys that name something in brackets.
fn bracketed(key: &str, values: &[String], excluded: &[String]) -> Result<Option<WhenCondition>, UnknownKey> {
    let unknown = || UnknownKey(key.to_owned());
    let (prefix, rest) = key.split_once('[').ok_or_else(unknown)?;
    let inner = rest.strip_suffix(']').filter(|inner| !inner.is_empty()).ok_or_else(unknown)?;
    match prefix {
        "request.headers" => Ok(principal::header(inner, values, excluded).map(WhenCondition::Principal)),
        "request.auth.claims" => {
            let path: Vec<&str> = inner.split("][").collect();
            if path.iter().any(|claim| claim.is_empty() || claim.contains(['[', ']'])) {
                return Err(unknown());
            }
            Ok(Some(WhenCondition::Principal(principal::claims(&path, values, excluded))))
        }
        _ => {
            let filter = prefix.strip_prefix("experimental.").ok_or_else(unknown)?;
            if !filter.starts_with("envoy.filters.") {
                return Err(unknown());
            }
            let condition = permission::filter_metadata(filter, inner, values, excluded);
            Ok(Some(WhenCondition::Permission(condition)))
        }
    }
}

#[cfg(test)]
mod tests {
    use meshc_api::mesh_config::MeshConfig;

    use super::super::trust_domain::TrustDomains;
    use super::*;

    fn read(key: &str) -> Result<Option<WhenCondition>, UnknownKey> {
        let config = MeshConfig::default();
        let cx = PrincipalContext { namespace: "ns", trust_domains: TrustDomains::of(&config) };
        let stated = istio::Condition {
            key: Some(key.to_owned()),
            values: vec!["x".to_owned()],
            ..istio::Condition::default()
        };
        condition(cx, &stated)
    }

    #[test]
    fn a_claim_may_be_nested() {
        let Ok(Some(WhenCondition::Principal(claim))) = read("request.auth.claims[a][b]") else {
            panic!("not a claim")
        };
        assert_eq!(claim, principal::claims(&["a", "b"], &["x".to_owned()], &[]));
    }

    #[test]
    fn a_key_that_nobody_knows_is_refused() {
        for key in
            ["", "source.color", "request.headers[", "request.headers[]", "request.auth.claims[a]b]", "x[y]"]
        {
            assert!(read(key).is_err(), "{key}");
        }
    }
}
