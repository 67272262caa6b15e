//! Destinations whose subset no DestinationRule defines.

use std::sync::Arc;

use meshc_api::{Resource, closest, istio};
use meshc_diagnostics::{Diagnostic, Diagnostics, Severity, codes};

use super::Checked;
use super::destinations::{self, Found};
use crate::Mesh;
use crate::hosts::host_matches;

/// Reports them.
pub(super) fn report(checked: &Checked<'_>, diagnostics: &mut Diagnostics) {
    for virtual_service in checked.written {
        for found in destinations::of(&virtual_service.spec) {
            if let Some(finding) = finding(checked.mesh, virtual_service, &found) {
                diagnostics.push(finding);
            }
        }
    }
}

fn finding(
    mesh: &Mesh,
    virtual_service: &Resource<istio::VirtualService>,
    found: &Found<'_>,
) -> Option<Diagnostic> {
    let host = found.destination.host.as_deref()?;
    let subset = found.destination.subset.as_deref().filter(|subset| !subset.is_empty())?;
    // A host that nobody provides has a finding of its own.
    let services = mesh.index.by_host.of(&host.to_lowercase());
    let service = services.first()?;
    let defines = |rule: &istio::DestinationRule| {
        rule.subsets.iter().any(|known| known.name.as_deref() == Some(subset))
    };
    let chosen = mesh.rules_for(virtual_service.namespace(), service.namespace(), host);
    if chosen.iter().any(|rule| defines(&rule.spec)) {
        return None;
    }
    let path = found.place.path("subset");
    let mut finding = Diagnostic::new(
        &codes::UNKNOWN_SUBSET,
        format!("no DestinationRule defines the subset `{subset}` of `{host}`"),
    )
    .at(virtual_service.span(&path), "")
    .consequence(found.place.consequence(found.share))
    .about(virtual_service.object_ref(), path)
    .contained();
    if !found.place.is_fatal(found.share) {
        finding.severity = Severity::Warning;
    }
    let of_host: Vec<&Arc<Resource<istio::DestinationRule>>> =
        mesh.destination_rules.iter().filter(|rule| is_for(rule, host)).collect();
    if let Some(elsewhere) = of_host.iter().find(|rule| defines(&rule.spec)) {
        return Some(not_chosen(finding, elsewhere, virtual_service.namespace()));
    }
    Some(with_known(finding, &of_host, subset, host))
}

fn is_for(rule: &Resource<istio::DestinationRule>, host: &str) -> bool {
    rule.spec.host.as_deref().is_some_and(|pattern| host_matches(pattern, host))
}

/// The subset exists in a rule that proxies of the namespace do not use, though those of other namespaces may.
fn not_chosen(finding: Diagnostic, rule: &Resource<istio::DestinationRule>, namespace: &str) -> Diagnostic {
    let mut finding = finding.related(rule.span("spec.host"), "this rule defines it, for other clients");
    finding.severity = Severity::Warning;
    finding.message = format!("{}, as clients in namespace `{namespace}` see it", finding.message);
    finding.help(
        "a proxy uses the rule of its own namespace, else that of the service's, else that of the root namespace: put the \
         subset into the first of these that exists",
    )
}

fn with_known(
    finding: Diagnostic,
    rules: &[&Arc<Resource<istio::DestinationRule>>],
    subset: &str,
    host: &str,
) -> Diagnostic {
    let Some(rule) = rules.first() else {
        return finding.help(format!("create a DestinationRule for `{host}` with the subset"));
    };
    let names =
        rules.iter().flat_map(|rule| rule.spec.subsets.iter().filter_map(|subset| subset.name.as_deref()));
    let names: Vec<&str> = names.collect();
    let list = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let label =
        if names.is_empty() { "this rule defines no subset".to_owned() } else { format!("defines {list}") };
    let path = if rule.spec.subsets.is_empty() { "spec.host" } else { "spec.subsets" };
    let finding = finding.related(rule.span(path), label);
    match closest(subset, names) {
        Some(name) => finding.help(format!("did you mean `{name}`?")),
        None => finding.help("add the subset to this rule"),
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{destination_rule, resolve, service, virtual_service};

    fn mesh(rule_namespace: &str, rule: &str) -> Vec<String> {
        let route = "{destination: {host: reviews, subset: v2}, weight: 10}, {destination: {host: reviews}, weight: 90}";
        let yaml = [
            service("bookinfo", "reviews", "{name: http, port: 9080}"),
            virtual_service("bookinfo", "v", &format!("{{hosts: [reviews], http: [{{route: [{route}]}}]}}")),
            destination_rule(rule_namespace, "r", rule),
        ];
        let fixture = resolve(&yaml.concat());
        let consequence = fixture.findings.first().and_then(|finding| finding.consequence.clone());
        fixture.texts().into_iter().chain(consequence).collect()
    }

    #[test]
    fn a_subset_that_no_rule_defines_costs_its_share_of_the_requests() {
        let rule = "{host: reviews, subsets: [{name: v1, labels: {version: v1}}]}";
        assert_eq!(
            mesh("bookinfo", rule),
            [
                "Error unknown-subset: no DestinationRule defines the subset `v2` of `reviews.bookinfo.svc.cluster.local`; add the subset to this rule",
                "Envoy answers 503 to 10 % of the requests of this rule"
            ]
        );
    }

    #[test]
    fn a_wildcard_rule_may_define_it() {
        let rule = "{host: '*.bookinfo.svc.cluster.local', subsets: [{name: v2, labels: {version: v2}}]}";
        assert_eq!(mesh("bookinfo", rule), Vec::<String>::new());
    }

    #[test]
    fn a_rule_of_a_namespace_that_nobody_asks_is_a_warning() {
        let rule = "{host: reviews.bookinfo.svc.cluster.local, subsets: [{name: v2, labels: {version: v2}}]}";
        let found = mesh("elsewhere", rule);
        assert!(found[0].starts_with("Warning unknown-subset"), "{found:?}");
    }
}
