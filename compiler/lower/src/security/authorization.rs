//! AuthorizationPolicies of a workload as filters (translation-spec §7.1, §7.3).

use std::sync::Arc;

use meshc_api::Resource;
use meshc_api::istio::{self, AuthorizationAction};
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_model::WorkloadRole;
use meshc_plan::{AuthorizationFilter, HttpFilter, NetworkFilter, Permission, PolicyRule, Principal, RuleId};

use super::principal::{self, PrincipalContext};
use super::rule::{self, RuleConditions, Traffic};
use super::trust_domain::TrustDomains;
use super::when::{self, WhenCondition};
use super::{SecurityFilters, custom, permission};
use crate::context::ProxyContext;

type Policy = Arc<Resource<istio::AuthorizationPolicy>>;

/// Annotation of a policy that is only counted.
const DRY_RUN: &str = "istio.io/dry-run";

/// Filters of the policies that apply to a workload: what is only logged, then what is denied, then what is allowed.
pub(crate) fn authorization_filters(cx: &ProxyContext<'_>, diags: &mut Diagnostics) -> SecurityFilters {
    let policies = cx.mesh.authorization_policies_for(cx.workload);
    let mut filters = SecurityFilters::default();
    for action in [
        AuthorizationAction::Custom,
        AuthorizationAction::Audit,
        AuthorizationAction::Deny,
        AuthorizationAction::Allow,
    ] {
        let of_action: Vec<&Policy> =
            policies.iter().filter(|policy| self::action(policy) == action).collect();
        let Some(first) = of_action.first() else { continue };
        if action == AuthorizationAction::Custom {
            of_action.iter().for_each(|policy| diags.push(custom::not_supported(policy)));
        }
        let rules = Rules::read(cx, &of_action, diags);
        let origin = first.origin("");
        filters.http.push(HttpFilter::Authorization(rules.filter(action, Traffic::Http, origin.clone())));
        filters.network.push(NetworkFilter::Authorization(rules.filter(action, Traffic::Tcp, origin)));
    }
    filters
}

fn action(policy: &Policy) -> AuthorizationAction {
    policy.spec.action.unwrap_or(AuthorizationAction::Allow)
}

/// The rules of the policies of one action.
struct Rules {
    enforced: Option<Vec<(RuleId, RuleConditions)>>,
    dry_run: Option<Vec<(RuleId, RuleConditions)>>,
}

impl Rules {
    fn read(cx: &ProxyContext<'_>, policies: &[&Policy], diags: &mut Diagnostics) -> Self {
        let mut rules = Self { enforced: None, dry_run: None };
        for policy in policies {
            let side = if is_dry_run(policy) { &mut rules.dry_run } else { &mut rules.enforced };
            side.get_or_insert_default().extend(read_policy(cx, policy, diags));
        }
        rules
    }

    fn filter(
        &self,
        action: AuthorizationAction,
        traffic: Traffic,
        origin: meshc_diagnostics::Origin,
    ) -> AuthorizationFilter {
        let lower = |rules: &Vec<(RuleId, RuleConditions)>| {
            rules.iter().filter_map(|(id, rule)| lower(id, rule, action, traffic)).collect()
        };
        AuthorizationFilter {
            action: match action {
                AuthorizationAction::Allow => meshc_plan::AuthorizationAction::Allow,
                AuthorizationAction::Audit => meshc_plan::AuthorizationAction::Audit,
                // What a provider would decide is denied, since nobody can ask the provider yet.
                AuthorizationAction::Deny | AuthorizationAction::Custom => {
                    meshc_plan::AuthorizationAction::Deny
                }
            },
            rules: self.enforced.as_ref().map(lower),
            dry_run: self.dry_run.as_ref().map(lower),
            origin,
        }
    }
}

/// Whether a policy is only counted; what Go does not read as a boolean is not one.
fn is_dry_run(policy: &Policy) -> bool {
    policy
        .meta
        .annotations
        .get(DRY_RUN)
        .is_some_and(|value| matches!(value.as_str(), "1" | "t" | "T" | "true" | "TRUE" | "True"))
}

fn lower(
    id: &RuleId,
    conditions: &RuleConditions,
    action: AuthorizationAction,
    traffic: Traffic,
) -> Option<PolicyRule> {
    if conditions.permissions.is_empty() {
        // A policy without rules matches nothing: as ALLOW it denies everything, as DENY nothing.
        return Some(PolicyRule {
            id: id.clone(),
            permissions: vec![Permission::Not(Box::new(Permission::Any))],
            principals: vec![Principal::Not(Box::new(Principal::Any))],
        });
    }
    Some(PolicyRule {
        id: id.clone(),
        permissions: rule::lower(&conditions.permissions, traffic, action)?,
        principals: rule::lower(&conditions.principals, traffic, action)?,
    })
}

fn read_policy(
    cx: &ProxyContext<'_>,
    policy: &Policy,
    diags: &mut Diagnostics,
) -> Vec<(RuleId, RuleConditions)> {
    let id =
        |rule| RuleId { namespace: policy.namespace().to_owned(), policy: policy.name().to_owned(), rule };
    if policy.spec.rules.is_empty() {
        let nothing = RuleConditions { permissions: Vec::new(), principals: Vec::new() };
        return vec![(id(0), nothing)];
    }
    let read = |(index, rule)| {
        let conditions = read_rule(cx, policy, index, rule, diags)?;
        report(cx, policy, index, &conditions, diags);
        Some((id(index), conditions))
    };
    policy.spec.rules.iter().enumerate().filter_map(read).collect()
}

/// The conditions of a rule; `None` when it cannot be translated, which is reported.
fn read_rule(
    cx: &ProxyContext<'_>,
    policy: &Policy,
    index: usize,
    rule: &istio::Rule,
    diags: &mut Diagnostics,
) -> Option<RuleConditions> {
    let context =
        PrincipalContext { namespace: policy.namespace(), trust_domains: TrustDomains::of(&cx.mesh.config) };
    let mut permissions = Vec::new();
    let mut principals = Vec::new();
    for (number, stated) in rule.when.iter().enumerate() {
        match when::condition(context, stated) {
            Ok(Some(WhenCondition::Permission(condition))) => permissions.push(condition),
            Ok(Some(WhenCondition::Principal(condition))) => principals.push(condition),
            Ok(None) => {}
            Err(when::UnknownKey(key)) => {
                diags.push(unknown_key(policy, index, number, &key));
                return None;
            }
        }
    }
    let mut operations: Vec<_> = rule
        .to
        .iter()
        .map(|to| {
            let operation = to.operation.as_ref().map(permission::of_operation).unwrap_or_default();
            operation.into_iter().chain(permissions.iter().cloned()).collect()
        })
        .collect();
    let mut sources: Vec<_> = rule
        .from
        .iter()
        .map(|from| {
            let source = from.source.as_ref().map(|source| principal::of_source(context, source));
            source.unwrap_or_default().into_iter().chain(principals.iter().cloned()).collect()
        })
        .collect();
    if operations.is_empty() {
        operations.push(permissions);
    }
    if sources.is_empty() {
        sources.push(principals);
    }
    Some(RuleConditions { permissions: operations, principals: sources })
}

fn unknown_key(policy: &Policy, rule: usize, condition: usize, key: &str) -> Diagnostic {
    let path = format!("spec.rules[{rule}].when[{condition}].key");
    Diagnostic::new(
        &codes::INVALID_AUTHORIZATION_RULE,
        format!("`{key}` is no attribute that a rule can look at"),
    )
    .at(policy.span(&path), "")
    .consequence(
        "istiod drops the whole rule: what it allows is not allowed, and what it denies is not denied",
    )
    .help("use a key of Istio's list of authorization policy conditions, such as `request.headers[name]`")
    .about(policy.object_ref(), path)
}

/// Reports values that mean nothing, and conditions about HTTP on ports without HTTP.
fn report(
    cx: &ProxyContext<'_>,
    policy: &Policy,
    index: usize,
    conditions: &RuleConditions,
    diags: &mut Diagnostics,
) {
    let path = format!("spec.rules[{index}]");
    let allow = action(policy) == AuthorizationAction::Allow;
    for reason in conditions.invalid_values() {
        let consequence = if allow {
            "the rule allows nothing"
        } else {
            "the value is ignored, so that the rule matches more than it says"
        };
        let finding = Diagnostic::new(&codes::INVALID_AUTHORIZATION_RULE, reason)
            .at(policy.span(&path), "")
            .consequence(consequence)
            .help("correct the value");
        diags.push(finding.about(policy.object_ref(), path.clone()));
    }
    let without_http = cx
        .workload
        .targets
        .iter()
        .filter(|target| !target.protocol().is_http() && !target.protocol().is_auto())
        .map(|target| target.target_port);
    let sidecar = cx.workload.proxy == Some(WorkloadRole::Sidecar);
    let Some(port) = without_http.min().filter(|_| sidecar && conditions.looks_at_http()) else { return };
    let message =
        format!("a rule about HTTP applies to port {port} of {}, which carries no HTTP", cx.workload.object);
    let consequence = if allow {
        "the rule allows nothing on that port"
    } else {
        "the conditions about HTTP are ignored on that port, so that the rule matches more connections than it says"
    };
    let finding = Diagnostic::new(&codes::HTTP_RULE_ON_TCP_PORT, message)
        .at(policy.span(&path), "looks at HTTP")
        .consequence(consequence)
        .help("restrict the rule with `to.operation.ports`, or write a policy of its own for the port");
    diags.push(finding.about(policy.object_ref(), path));
}
