//! What the webhook refuses of an AuthorizationPolicy.

use super::{attribute, metadata, selectors};
use crate::Resource;
use crate::admission::{At, Report};
use crate::istio::{
    AuthorizationAction, AuthorizationPolicy, Condition, Operation, Rule, RuleFrom, RuleTo, Source,
};

/// All rules about an AuthorizationPolicy.
pub(in crate::istio) fn admit(object: &Resource<AuthorizationPolicy>, report: &mut Report) {
    let at = At::SPEC;
    let AuthorizationPolicy { selector, target_ref, target_refs, rules, action, provider } = &object.spec;
    let action = action.unwrap_or(AuthorizationAction::Allow);
    metadata::always_reject(object, report);
    dry_run(object, action, report);
    selectors::policy_or_targets(&at, selector.as_ref(), target_ref.as_ref(), target_refs, report);
    let provider_name = provider.as_ref().and_then(|provider| provider.name.as_deref()).unwrap_or_default();
    match action {
        AuthorizationAction::Custom if !rules.is_empty() && provider_name.is_empty() => {
            report.refuse(&at.field("provider"), "the action `CUSTOM` needs `provider.name`");
        }
        AuthorizationAction::Custom => {}
        _ if provider.is_some() => {
            report.refuse(&at.field("provider"), "only the action `CUSTOM` has a `provider`");
        }
        _ => {}
    }
    if matches!(action, AuthorizationAction::Custom | AuthorizationAction::Deny) && rules.is_empty() {
        report.refuse(&at, "without `rules` the policy never matches; `rules: [{}]` matches every request");
    }
    for (index, rule) in rules.iter().enumerate() {
        self::rule(&at.item("rules", index), rule, action, report);
    }
}

/// Only what allows and denies can be tried without being enforced.
fn dry_run(object: &Resource<AuthorizationPolicy>, action: AuthorizationAction, report: &mut Report) {
    let Some(value) = object.meta.annotations.get(metadata::DRY_RUN) else { return };
    let annotations = At::METADATA.field("annotations");
    let at = annotations.field(metadata::DRY_RUN);
    if !matches!(action, AuthorizationAction::Allow | AuthorizationAction::Deny) {
        report.refuse(&at, "only the actions `ALLOW` and `DENY` can be tried without being enforced");
    } else if !matches!(
        value.as_str(),
        "1" | "t" | "T" | "true" | "TRUE" | "True" | "0" | "f" | "F" | "false" | "FALSE" | "False"
    ) {
        report.refuse(&at, format!("`{value}` is neither true nor false"));
    }
}

fn rule(at: &At<'_>, rule: &Rule, action: AuthorizationAction, report: &mut Report) {
    let Rule { from, to, when } = rule;
    for (index, RuleFrom { source }) in from.iter().enumerate() {
        let at = at.item("from", index);
        match source {
            None => report.refuse(&at, "a `source` is required"),
            Some(source) => self::source(&at.field("source"), source, action, report),
        }
    }
    for (index, RuleTo { operation }) in to.iter().enumerate() {
        let at = at.item("to", index);
        match operation {
            None => report.refuse(&at, "an `operation` is required"),
            Some(operation) => self::operation(&at.field("operation"), operation, report),
        }
    }
    for (index, condition) in when.iter().enumerate() {
        self::condition(&at.item("when", index), condition, action, report);
    }
    if action == AuthorizationAction::Deny && denies_tcp(rule) {
        report.warn(
            at,
            "the rule has only properties of HTTP, so on ports for TCP it denies every connection: state `ports`",
        );
    }
}

/// The fields of a source, and which of them are addresses.
fn source_fields(source: &Source) -> [(&'static str, &[String], bool); 14] {
    [
        ("principals", &source.principals, false),
        ("notPrincipals", &source.not_principals, false),
        ("requestPrincipals", &source.request_principals, false),
        ("notRequestPrincipals", &source.not_request_principals, false),
        ("namespaces", &source.namespaces, false),
        ("notNamespaces", &source.not_namespaces, false),
        ("serviceAccounts", &source.service_accounts, false),
        ("notServiceAccounts", &source.not_service_accounts, false),
        ("trustDomains", &source.trust_domains, false),
        ("notTrustDomains", &source.not_trust_domains, false),
        ("ipBlocks", &source.ip_blocks, true),
        ("notIpBlocks", &source.not_ip_blocks, true),
        ("remoteIpBlocks", &source.remote_ip_blocks, true),
        ("notRemoteIpBlocks", &source.not_remote_ip_blocks, true),
    ]
}

fn source(at: &At<'_>, source: &Source, action: AuthorizationAction, report: &mut Report) {
    let fields = source_fields(source);
    if fields.iter().all(|(_, values, _)| values.is_empty()) {
        report.refuse(at, "a `source` must not be empty");
    }
    for (field, values, addresses) in fields {
        not_empty(at, field, values, report);
        if addresses {
            each(at, field, values, attribute::address, report);
        }
    }
    let accounts = !source.service_accounts.is_empty() || !source.not_service_accounts.is_empty();
    let others = [&source.principals, &source.not_principals, &source.namespaces, &source.not_namespaces];
    if accounts && others.into_iter().any(|values| !values.is_empty()) {
        report.refuse(at, "service accounts cannot stand together with principals or namespaces");
    }
    for field in ["serviceAccounts", "notServiceAccounts"] {
        let values =
            if field == "serviceAccounts" { &source.service_accounts } else { &source.not_service_accounts };
        each(at, field, values, service_account, report);
    }
    if action == AuthorizationAction::Custom {
        let unsupported = [
            ("namespaces", &source.namespaces),
            ("notNamespaces", &source.not_namespaces),
            ("principals", &source.principals),
            ("notPrincipals", &source.not_principals),
            ("requestPrincipals", &source.request_principals),
            ("notRequestPrincipals", &source.not_request_principals),
        ];
        for (field, _) in unsupported.iter().filter(|(_, values)| !values.is_empty()) {
            report.refuse(&at.field(field), format!("the action `CUSTOM` does not support `{field}`"));
        }
    }
}

fn service_account(text: &str) -> Result<(), String> {
    if text.matches('/').count() > 1 {
        return Err(format!("`{text}` is neither `namespace/name` nor a name"));
    }
    Ok(())
}

fn operation(at: &At<'_>, operation: &Operation, report: &mut Report) {
    let fields = [
        ("hosts", &operation.hosts),
        ("notHosts", &operation.not_hosts),
        ("ports", &operation.ports),
        ("notPorts", &operation.not_ports),
        ("methods", &operation.methods),
        ("notMethods", &operation.not_methods),
        ("paths", &operation.paths),
        ("notPaths", &operation.not_paths),
    ];
    if fields.iter().all(|(_, values)| values.is_empty()) {
        report.refuse(at, "an `operation` must not be empty");
    }
    for (field, values) in fields {
        not_empty(at, field, values, report);
        match field {
            "ports" | "notPorts" => each(at, field, values, attribute::port, report),
            "paths" | "notPaths" => each(at, field, values, path_template, report),
            _ => {}
        }
    }
}

/// `{*}` and `{**}` stand for segments of a path; a path with them has no other wildcards.
fn path_template(path: &str) -> Result<(), String> {
    if !path.contains("{*}") && !path.contains("{**}") {
        return Ok(());
    }
    let rest = path.replace("{**}", "").replace("{*}", "");
    let named = rest.split('{').skip(1).any(|after| {
        after.split_once('}').is_some_and(|(name, _)| {
            let name = name.strip_suffix("=**").or_else(|| name.strip_suffix("=*")).unwrap_or(name);
            name.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
        })
    });
    if named || rest.contains("/*") || rest.contains("*/") {
        return Err(format!("`{path}` mixes `{{*}}` or `{{**}}` with other wildcards or names"));
    }
    Ok(())
}

fn condition(at: &At<'_>, condition: &Condition, action: AuthorizationAction, report: &mut Report) {
    let Condition { key, values, not_values } = condition;
    let key = key.as_deref().unwrap_or_default();
    if key.is_empty() {
        return report.refuse(at, "a `key` is required");
    }
    if values.is_empty() && not_values.is_empty() {
        return report.refuse(at, format!("the condition on `{key}` needs `values` or `notValues`"));
    }
    let unsupported =
        matches!(key, "source.namespace" | "source.principal") || key.starts_with("request.auth.");
    if action == AuthorizationAction::Custom && unsupported {
        report.refuse(&at.field("key"), format!("the action `CUSTOM` does not support `{key}`"));
    }
    not_empty(at, "values", values, report);
    not_empty(at, "notValues", not_values, report);
    match attribute::check_of(key) {
        Err(message) => report.refuse(&at.field("key"), message),
        Ok(check) => {
            each(at, "values", values, check, report);
            each(at, "notValues", not_values, check, report);
        }
    }
}

fn not_empty(at: &At<'_>, field: &str, values: &[String], report: &mut Report) {
    for (index, _) in values.iter().enumerate().filter(|(_, value)| value.is_empty()) {
        report.refuse(&at.item(field, index), format!("an item of `{field}` must not be empty"));
    }
}

fn each(at: &At<'_>, field: &str, values: &[String], check: attribute::Check, report: &mut Report) {
    for (index, value) in values.iter().enumerate().filter(|(_, value)| !value.is_empty()) {
        report.check(&at.item(field, index), check(value));
    }
}

/// Whether a rule is left with nothing to ask of a TCP connection.
fn denies_tcp(rule: &Rule) -> bool {
    let sources: Vec<&Source> = rule.from.iter().filter_map(|from| from.source.as_ref()).collect();
    let operations: Vec<&Operation> = rule.to.iter().filter_map(|to| to.operation.as_ref()).collect();
    let tcp_sources = sources.iter().any(|source| {
        let http = ["requestPrincipals", "notRequestPrincipals"];
        source_fields(source).iter().any(|(field, values, _)| !values.is_empty() && !http.contains(field))
    });
    let tcp_operations =
        operations.iter().any(|operation| !operation.ports.is_empty() || !operation.not_ports.is_empty());
    match (sources.is_empty(), operations.is_empty()) {
        (_, false) => !tcp_operations,
        (false, true) => !tcp_sources,
        (true, true) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::path_template;

    #[test]
    fn templates_of_paths_have_no_other_wildcards() {
        for path in ["/a", "/a/*", "/{*}/b", "/a/{**}", "/{*}/{**}", "*/a"] {
            assert_eq!(path_template(path), Ok(()), "{path}");
        }
        for path in ["/{*}/foo/{bar}", "/{*}/*", "/{**}/{x=*}", "/{*}/{}", "*/{*}"] {
            assert!(path_template(path).is_err(), "{path}");
        }
    }
}
