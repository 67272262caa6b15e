//! Objects of which only the first of a scope counts: Sidecars and PeerAuthentications of a whole namespace,
//! traffic policies and subsets of a host.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_api::istio::DestinationRule;
use meshc_api::{Kind, Precedence, Resource};
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};

use crate::destination_rule::export_to;
use crate::scope::select;
use crate::{Mesh, mutual_tls};

/// Reports them.
pub(super) fn report(mesh: &Mesh, diagnostics: &mut Diagnostics) {
    let sidecars = mesh.sidecars.iter().filter(|object| select::selector(&object.spec).is_none());
    let sidecars = sidecars.map(|object| (object.namespace().to_owned(), object));
    report_all(sidecars, "spec", "Sidecar for its namespace", "sidecars are restricted by", diagnostics);
    let policies =
        mesh.peer_authentications.iter().filter(|object| mutual_tls::selector(&object.spec).is_none());
    let policies = policies.map(|object| (object.namespace().to_owned(), object));
    let consequence = "what workloads accept is decided by";
    report_all(policies, "spec.mtls", "PeerAuthentication for its namespace", consequence, diagnostics);
    let rules = mesh.destination_rules.iter().filter(|object| object.spec.traffic_policy.is_some());
    let what = "DestinationRule for its host with a traffic policy";
    let consequence = "clients follow the traffic policy of";
    report_all(
        rules.map(|rule| (merged_with(rule), rule)),
        "spec.trafficPolicy",
        what,
        consequence,
        diagnostics,
    );
    report_subsets(mesh, diagnostics);
}

/// What DestinationRules have in common that istiod merges into one.
type MergeScope<'a> = (&'a str, &'a str, BTreeSet<String>, Option<&'a BTreeMap<String, String>>);

/// The rule that has a subset first, and where, by what it is merged with and the name of the subset.
type FirstSubsets<'a> = BTreeMap<(MergeScope<'a>, &'a str), (&'a Arc<Resource<DestinationRule>>, usize)>;

fn merged_with(rule: &Resource<DestinationRule>) -> MergeScope<'_> {
    let selector = rule.spec.workload_selector.as_ref().map(|selector| &selector.match_labels);
    (rule.namespace(), rule.spec.host.as_deref().unwrap_or_default(), export_to(rule), selector)
}

/// Reports all objects of a scope behind the first one.
fn report_all<'a, T: Kind + 'a, Scope: Ord>(
    objects: impl Iterator<Item = (Scope, &'a Arc<Resource<T>>)>,
    path: &str,
    what: &str,
    consequence: &str,
    diagnostics: &mut Diagnostics,
) {
    let mut first: BTreeMap<Scope, &Arc<Resource<T>>> = BTreeMap::new();
    for (scope, object) in objects {
        let Some(winner) = first.get(&scope) else {
            first.insert(scope, object);
            continue;
        };
        let precedence = Precedence::of(winner.creation_key(), object.creation_key());
        let finding =
            Diagnostic::new(&codes::SUPERSEDED, format!("{} is not the first {what}", object.object_ref()))
                .at(object.span(path), "has no effect")
                .related(winner.span(path), format!("this one counts: {}", precedence.reason()))
                .consequence(format!("{consequence} {}", winner.object_ref()))
                .help(precedence.help("keep one of them"));
        diagnostics.push(finding.about(object.object_ref(), path));
    }
}

/// Reports subsets that a rule of the same host has already and has otherwise; where both say the same, nothing is lost.
fn report_subsets(mesh: &Mesh, diagnostics: &mut Diagnostics) {
    let mut first: FirstSubsets<'_> = BTreeMap::new();
    for rule in &mesh.destination_rules {
        for (index, subset) in rule.spec.subsets.iter().enumerate() {
            let name = subset.name.as_deref().unwrap_or_default();
            let (winner, at) = *first.entry((merged_with(rule), name)).or_insert((rule, index));
            // Admission refuses two subsets of one name in one object.
            if !Arc::ptr_eq(winner, rule) && winner.spec.subsets.get(at) != Some(subset) {
                diagnostics.push(superseded_subset(name, (rule, index), (winner, at)));
            }
        }
    }
}

fn superseded_subset(
    name: &str,
    (rule, index): (&Resource<DestinationRule>, usize),
    (winner, at): (&Resource<DestinationRule>, usize),
) -> Diagnostic {
    let path = |index: usize| format!("spec.subsets[{index}]");
    let precedence = Precedence::of(winner.creation_key(), rule.creation_key());
    let host = rule.spec.host.as_deref().unwrap_or_default();
    let message =
        format!("`{host}` has two subsets `{name}`, of {} and {}", winner.object_ref(), rule.object_ref());
    Diagnostic::new(&codes::SUPERSEDED, message)
        .at(rule.span(&path(index)), "has no effect")
        .related(winner.span(&path(at)), format!("this one counts: {}", precedence.reason()))
        .consequence(format!(
            "requests that routes send to subset `{name}` go to the pods and by the policy that {} states",
            winner.object_ref()
        ))
        .help(precedence.help("give one of the subsets another name, or keep one of them"))
        .about(rule.object_ref(), path(index))
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
        let selecting = "{host: a.example, workloadSelector: {matchLabels: {app: a}}, trafficPolicy: {loadBalancer: {simple: RANDOM}}}";
        assert_eq!(names("DestinationRule", "networking", selecting, policy), [""; 0]);
        assert_eq!(names("DestinationRule", "networking", selecting, selecting), ["superseded"]);
    }

    fn subset(name: &str, created: &str, spec: &str) -> String {
        let spec = format!("{{host: a.example, subsets: [{spec}]}}");
        let created = format!("metadata: {{{created}name");
        istio("networking", "DestinationRule", "shop", name, &spec).replace("metadata: {name", &created)
    }

    #[test]
    fn of_two_subsets_of_one_name_the_first_one_counts_and_the_reason_is_told() {
        let (one, other) = ("{name: v1, labels: {version: v1}}", "{name: v1, labels: {version: one}}");
        let told = |older: &str, newer: &str| {
            let fixture = resolve(&(subset("a", older, one) + &subset("b", newer, other)));
            let [finding] = &fixture.findings[..] else { panic!("one finding") };
            (
                finding.object.as_ref().map(|object| object.name.clone()).unwrap_or_default(),
                finding.related[0].message.clone(),
                fixture.texts()[0].clone(),
            )
        };
        assert_eq!(
            told("", ""),
            (
                "b".to_owned(),
                "this one counts: its name sorts first".to_owned(),
                "Warning superseded: `a.example` has two subsets `v1`, of DestinationRule shop/a and DestinationRule shop/b; give one of \
                 the subsets another name, or keep one of them; or state `metadata.creationTimestamp` in both, so that their age decides"
                    .to_owned()
            )
        );
        let time = |year: u32| format!("creationTimestamp: '{year}-01-01T00:00:00Z', ");
        let (loser, reason, text) = told(&time(2024), &time(2023));
        assert_eq!((loser.as_str(), reason.as_str()), ("a", "this one counts: it is older"));
        assert!(text.ends_with("or keep one of them"), "{text}");
    }

    #[test]
    fn subsets_that_say_the_same_or_are_of_different_hosts_do_not_compete() {
        let one = "{name: v1, labels: {version: v1}}";
        assert_eq!(resolve(&(subset("a", "", one) + &subset("b", "", one))).texts(), [""; 0]);
        let elsewhere =
            subset("b", "", "{name: v1, labels: {version: one}}").replace("a.example", "b.example");
        assert_eq!(resolve(&(subset("a", "", one) + &elsewhere)).texts(), [""; 0]);
    }
}
