//! Objects of which only the first of a scope counts: Sidecars and PeerAuthentications of a whole namespace,
//! traffic policies of a host.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_api::{Kind, Resource};
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};

use crate::Mesh;

/// Reports them.
pub(super) fn report(mesh: &Mesh, diagnostics: &mut Diagnostics) {
    let sidecars = mesh.sidecars.iter().filter(|object| object.spec.workload_selector.is_none());
    let sidecars = sidecars.map(|object| (object.namespace().to_owned(), object));
    report_all(sidecars, "spec", "Sidecar for its namespace", "sidecars are restricted by", diagnostics);
    let policies = mesh.peer_authentications.iter().filter(|object| {
        object.spec.selector.as_ref().is_none_or(|selector| selector.match_labels.is_empty())
    });
    let policies = policies.map(|object| (object.namespace().to_owned(), object));
    let consequence = "what workloads accept is decided by";
    report_all(policies, "spec.mtls", "PeerAuthentication for its namespace", consequence, diagnostics);
    let rules = mesh
        .destination_rules
        .iter()
        .filter(|object| object.spec.traffic_policy.is_some() && object.spec.workload_selector.is_none());
    let rules = rules.map(|object| {
        let host = object.spec.host.clone().unwrap_or_default();
        let mut export_to = object.spec.export_to.clone();
        export_to.sort();
        (format!("{}/{host} {}", object.namespace(), export_to.join(",")), object)
    });
    let consequence = "clients follow the traffic policy of";
    report_all(
        rules,
        "spec.trafficPolicy",
        "DestinationRule for its host with a traffic policy",
        consequence,
        diagnostics,
    );
}

/// Reports all objects of a scope behind the first one.
fn report_all<'a, T: Kind + 'a>(
    objects: impl Iterator<Item = (String, &'a Arc<Resource<T>>)>,
    path: &str,
    what: &str,
    consequence: &str,
    diagnostics: &mut Diagnostics,
) {
    let mut first: BTreeMap<String, &Arc<Resource<T>>> = BTreeMap::new();
    for (scope, object) in objects {
        let Some(winner) = first.get(&scope) else {
            first.insert(scope, object);
            continue;
        };
        let by = if winner.meta.creation_timestamp == object.meta.creation_timestamp {
            "its name sorts first"
        } else {
            "it is older"
        };
        let finding =
            Diagnostic::new(&codes::SUPERSEDED, format!("{} is not the first {what}", object.object_ref()))
                .at(object.span(path), "has no effect")
                .related(winner.span(path), format!("this one counts: {by}"))
                .consequence(format!("{consequence} {}", winner.object_ref()))
                .help("keep one of them");
        diagnostics.push(finding.about(object.object_ref(), path));
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{istio, resolve};

    fn names(kind: &str, group: &str, a: &str, b: &str) -> Vec<&'static str> {
        let yaml = istio(group, kind, "shop", "a", a) + &istio(group, kind, "shop", "b", b);
        resolve(&yaml).findings.iter().map(|finding| finding.code.name).collect()
    }

    #[test]
    fn only_one_policy_of_a_namespace_counts() {
        let strict = "{mtls: {mode: STRICT}}";
        assert_eq!(
            names("PeerAuthentication", "security", strict, "{mtls: {mode: DISABLE}}"),
            ["superseded"]
        );
        let selecting = "{selector: {matchLabels: {app: a}}, mtls: {mode: DISABLE}}";
        assert_eq!(names("PeerAuthentication", "security", strict, selecting), [""; 0]);
    }

    #[test]
    fn only_one_sidecar_of_a_namespace_counts() {
        let all = "{egress: [{hosts: ['*/*']}]}";
        assert_eq!(names("Sidecar", "networking", all, all), ["superseded"]);
    }

    #[test]
    fn rules_of_a_host_add_subsets_but_not_policies() {
        let policy = "{host: a.example, trafficPolicy: {loadBalancer: {simple: RANDOM}}}";
        assert_eq!(names("DestinationRule", "networking", policy, policy), ["superseded"]);
        let subset = "{host: a.example, subsets: [{name: v1, labels: {version: v1}}]}";
        assert_eq!(names("DestinationRule", "networking", policy, subset), [""; 0]);
    }
}
