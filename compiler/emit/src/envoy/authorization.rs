//! Authorization filters (translation-spec §7.1).

use meshc_plan::{
    AuthorizationAction, AuthorizationFilter, MetadataValue, Permission, PolicyRule, Principal,
};

use super::names;
use super::route_match::header_match;
use super::values::{network, string_match};
use super::xds::{self, ValueMatcher};

/// The filter of HTTP connections.
pub(super) fn http(filter: &AuthorizationFilter) -> xds::HttpRbac {
    let Rules { rules, shadow_rules, shadow_rules_stat_prefix } = split(filter);
    xds::HttpRbac { rules, shadow_rules, shadow_rules_stat_prefix }
}

/// The filter of plain connections.
pub(super) fn network_filter(filter: &AuthorizationFilter) -> xds::NetworkRbac {
    let Rules { rules, shadow_rules, shadow_rules_stat_prefix } = split(filter);
    xds::NetworkRbac { rules, shadow_rules, stat_prefix: "tcp.", shadow_rules_stat_prefix }
}

struct Rules {
    rules: Option<xds::Rbac>,
    shadow_rules: Option<xds::Rbac>,
    shadow_rules_stat_prefix: &'static str,
}

fn split(filter: &AuthorizationFilter) -> Rules {
    let AuthorizationFilter { action, rules, dry_run, origin: _ } = filter;
    Rules {
        rules: rules.as_deref().map(|rules| rbac(*action, rules)),
        shadow_rules: dry_run.as_deref().map(|rules| rbac(*action, rules)),
        // istiod takes the prefix from the action of the dry run, and without one from that action's zero value: allow.
        shadow_rules_stat_prefix: match (dry_run, action) {
            (None, _) | (Some(_), AuthorizationAction::Allow) => "istio_dry_run_allow_",
            (Some(_), AuthorizationAction::Deny) => "istio_dry_run_deny_",
            (Some(_), AuthorizationAction::Audit) => "",
        },
    }
}

fn rbac(action: AuthorizationAction, rules: &[PolicyRule]) -> xds::Rbac {
    xds::Rbac {
        action: match action {
            AuthorizationAction::Allow => None,
            AuthorizationAction::Deny => Some(xds::RbacAction::Deny),
            AuthorizationAction::Audit => Some(xds::RbacAction::Log),
        },
        policies: rules.iter().map(policy).collect(),
    }
}

fn policy(rule: &PolicyRule) -> (String, xds::Policy) {
    let PolicyRule { id, permissions, principals } = rule;
    let policy = xds::Policy {
        permissions: permissions.iter().map(permission).collect(),
        principals: principals.iter().map(principal).collect(),
    };
    (names::rule(id), policy)
}

fn permission(rule: &Permission) -> xds::Permission {
    let set = |rules: &[Permission]| xds::PermissionSet { rules: rules.iter().map(permission).collect() };
    match rule {
        Permission::Any => xds::Permission::Any(true),
        Permission::And(rules) => xds::Permission::AndRules(set(rules)),
        Permission::Or(rules) => xds::Permission::OrRules(set(rules)),
        Permission::Not(rule) => xds::Permission::NotRule(Box::new(permission(rule))),
        Permission::Header(header) => xds::Permission::Header(header_match(header)),
        Permission::Path(path) => {
            xds::Permission::UrlPath(xds::PathMatcher { path: Some(string_match(path)) })
        }
        Permission::PathTemplate(template) => {
            xds::Permission::UriTemplate(xds::Extension::uri_template(template.clone()))
        }
        Permission::DestinationPort(port) => xds::Permission::DestinationPort(u32::from(*port)),
        Permission::DestinationIp(address, prefix) => {
            xds::Permission::DestinationIp(network(*address, *prefix))
        }
        Permission::ServerName(name) => xds::Permission::RequestedServerName(string_match(name)),
        Permission::Metadata { filter, path, value } => {
            xds::Permission::Metadata(metadata(filter, path, value))
        }
    }
}

fn principal(rule: &Principal) -> xds::Principal {
    let set = |ids: &[Principal]| xds::PrincipalSet { ids: ids.iter().map(principal).collect() };
    match rule {
        Principal::Any => xds::Principal::Any(true),
        Principal::And(ids) => xds::Principal::AndIds(set(ids)),
        Principal::Or(ids) => xds::Principal::OrIds(set(ids)),
        Principal::Not(id) => xds::Principal::NotId(Box::new(principal(id))),
        Principal::Authenticated(name) => {
            xds::Principal::Authenticated(xds::Authenticated { principal_name: Some(string_match(name)) })
        }
        Principal::DirectRemoteIp(address, prefix) => {
            xds::Principal::DirectRemoteIp(network(*address, *prefix))
        }
        Principal::RemoteIp(address, prefix) => xds::Principal::RemoteIp(network(*address, *prefix)),
        Principal::Header(header) => xds::Principal::Header(header_match(header)),
        Principal::Metadata { filter, path, value } => {
            xds::Principal::Metadata(metadata(filter, path, value))
        }
    }
}

fn metadata(filter: &str, path: &[String], value: &MetadataValue) -> xds::MetadataMatcher {
    xds::MetadataMatcher {
        filter: filter.to_owned(),
        path: path.iter().map(|key| xds::PathSegment { key: key.clone() }).collect(),
        value: Some(metadata_value(value)),
        invert: false,
    }
}

fn metadata_value(value: &MetadataValue) -> ValueMatcher {
    match value {
        MetadataValue::Text(text) => ValueMatcher::text(string_match(text)),
        MetadataValue::ListOneOf(element) => ValueMatcher::list_one_of(metadata_value(element)),
        MetadataValue::Or(values) => ValueMatcher::or(values.iter().map(metadata_value).collect()),
    }
}

#[cfg(test)]
mod tests {
    use meshc_diagnostics::Origin;
    use meshc_plan::{
        AuthorizationAction, AuthorizationFilter, Permission, PolicyRule, Principal, RuleId, StringMatch,
    };
    use serde_json::json;

    fn filter(action: AuthorizationAction, dry_run: bool) -> AuthorizationFilter {
        let rule = PolicyRule {
            id: RuleId { namespace: "a".into(), policy: "p".into(), rule: 2 },
            permissions: vec![Permission::Not(Box::new(Permission::Any))],
            principals: vec![Principal::Authenticated(StringMatch::Prefix("spiffe://td/".into()))],
        };
        AuthorizationFilter {
            action,
            rules: Some(vec![rule.clone()]),
            dry_run: dry_run.then(|| vec![rule]),
            origin: Origin::Default { rule: "made by a test" },
        }
    }

    #[test]
    fn rules_are_keyed_by_their_policy() {
        let rules = json!({
            "action": "DENY",
            "policies": {"ns[a]-policy[p]-rule[2]": {
                "permissions": [{"notRule": {"any": true}}],
                "principals": [{"authenticated": {"principalName": {"prefix": "spiffe://td/"}}}],
            }},
        });
        let emitted =
            serde_json::to_value(super::network_filter(&filter(AuthorizationAction::Deny, false))).unwrap();
        let expected =
            json!({"rules": rules, "statPrefix": "tcp.", "shadowRulesStatPrefix": "istio_dry_run_allow_"});
        assert_eq!(emitted, expected);
    }

    #[test]
    fn a_dry_run_stands_in_the_shadow_with_a_prefix_of_its_action() {
        for (action, prefix) in [
            (AuthorizationAction::Allow, json!("istio_dry_run_allow_")),
            (AuthorizationAction::Deny, json!("istio_dry_run_deny_")),
            (AuthorizationAction::Audit, json!(null)),
        ] {
            let emitted = serde_json::to_value(super::http(&filter(action, true))).unwrap();
            assert!(emitted["shadowRules"]["policies"].is_object());
            assert_eq!(emitted["shadowRulesStatPrefix"], prefix);
        }
    }
}
