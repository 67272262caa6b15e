//! Which DestinationRule counts for a proxy and a host (translation-spec §2.2.5).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_api::mesh_config::MeshConfig;
use meshc_api::{Resource, istio};
use meshc_contract::ObjectRef;
use meshc_diagnostics::Origin;

use crate::hosts::{host_subset_of, is_wildcard, most_specific_first};
use crate::labels::{Labels, selects};
use crate::{Mesh, Service, Workload};

/// A DestinationRule as it counts: merged from all objects for the same host that istiod merges.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedDestinationRule {
    /// The first object.
    pub object: ObjectRef,
    /// Where it stands.
    pub origin: Origin,
    /// The merged rule; `host` is fully qualified.
    pub spec: istio::DestinationRule,
    /// All objects that are part of it, the first one included.
    pub sources: Vec<ObjectRef>,
    /// Namespaces that see it; empty where the objects do not say.
    export_to: BTreeSet<String>,
}

impl ResolvedDestinationRule {
    fn selector(&self) -> Option<&Labels> {
        selector(&self.spec)
    }
}

fn selector(rule: &istio::DestinationRule) -> Option<&Labels> {
    rule.workload_selector.as_ref().map(|selector| &selector.match_labels)
}

/// Rules by host, the list of a host in the order in which they were merged.
#[derive(Debug, Clone, Default)]
struct Consolidated {
    exact: BTreeMap<String, Vec<ResolvedDestinationRule>>,
    wildcard: BTreeMap<String, Vec<ResolvedDestinationRule>>,
}

/// The rules of the mesh by where proxies look for them.
#[derive(Debug, Clone, Default)]
pub(crate) struct DestinationRuleIndex {
    /// For proxies of the same namespace.
    local: BTreeMap<String, Shared>,
    /// For proxies of other namespaces, by namespace of the rule.
    exported: BTreeMap<String, Shared>,
    /// Private rules of the root namespace.
    root_private: Shared,
}

/// Rules by host, ready to be handed out.
#[derive(Debug, Clone, Default)]
struct Shared {
    exact: BTreeMap<String, Vec<Arc<ResolvedDestinationRule>>>,
    /// Patterns, the most specific one first.
    wildcard: Vec<(String, Vec<Arc<ResolvedDestinationRule>>)>,
}

impl DestinationRuleIndex {
    /// Indexes rules whose hosts are fully qualified, in the order of creation.
    pub(crate) fn new(rules: &[Arc<Resource<istio::DestinationRule>>], config: &MeshConfig) -> Self {
        let mut local: BTreeMap<String, Consolidated> = BTreeMap::new();
        let mut exported: BTreeMap<String, Consolidated> = BTreeMap::new();
        let mut root_private = Consolidated::default();
        let (selecting, others): (Vec<_>, Vec<_>) =
            rules.iter().partition(|rule| rule.spec.workload_selector.is_some());
        for rule in selecting.into_iter().chain(others) {
            let namespace = rule.namespace();
            let export_to = export_to(rule);
            let says = |name: &str| export_to.contains(name);
            if export_to.is_empty() || says("*") || says(".") || says(namespace) {
                local.entry(namespace.to_owned()).or_default().add(rule, &export_to);
            }
            if !is_private(&export_to, namespace, config) {
                exported.entry(namespace.to_owned()).or_default().add(rule, &export_to);
            } else if namespace == config.root_namespace {
                root_private.add(rule, &export_to);
            }
        }
        let share = |map: BTreeMap<String, Consolidated>| {
            map.into_iter().map(|(namespace, rules)| (namespace, Shared::from(rules))).collect()
        };
        Self { local: share(local), exported: share(exported), root_private: root_private.into() }
    }

    /// Objects that are part of a rule with a selector and of none without, by that rule. Those that have no selector themselves
    /// are lost to all other workloads.
    pub(crate) fn selecting_only(&self) -> BTreeMap<&ObjectRef, &ObjectRef> {
        let mut found = BTreeMap::new();
        for rules in self.local.values().flat_map(Shared::lists) {
            let (selecting, others): (Vec<_>, Vec<_>) =
                rules.iter().partition(|rule| rule.selector().is_some());
            for rule in selecting {
                let alone = |part: &&ObjectRef| !others.iter().any(|other| other.sources.contains(part));
                found.extend(rule.sources.iter().filter(alone).map(|part| (part, &rule.object)));
            }
        }
        found
    }

    /// The rules of a host that a proxy finds, all from the first place that has any.
    fn find(&self, root: &str, proxy: &str, service: &str, host: &str) -> Vec<&Arc<ResolvedDestinationRule>> {
        let own = if proxy == root { Some(&self.root_private) } else { self.local.get(proxy) };
        let found = own.map_or(&[][..], |rules| rules.most_specific(host));
        if !found.is_empty() {
            return found.iter().collect();
        }
        for namespace in [service, root] {
            let rules = self.exported.get(namespace).map_or(&[][..], |rules| rules.most_specific(host));
            let sees = |rule: &&Arc<ResolvedDestinationRule>| {
                let to = &rule.export_to;
                to.is_empty() || to.contains("*") || to.contains(proxy)
            };
            let found: Vec<_> = rules.iter().filter(sees).collect();
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }
}

/// Rules with a selector never leave their namespace.
pub(crate) fn export_to(rule: &Resource<istio::DestinationRule>) -> BTreeSet<String> {
    match rule.spec.workload_selector {
        Some(_) => BTreeSet::from([".".to_owned()]),
        None => rule.spec.export_to.iter().cloned().collect(),
    }
}

/// Whether istiod makes a rule a part of an earlier one of its host and namespace, by who sees them: those that see the earlier one
/// must see the later one, too.
pub(crate) fn becomes_part(later: &BTreeSet<String>, earlier: &BTreeSet<String>) -> bool {
    later == earlier || (!earlier.is_empty() && later.is_superset(earlier))
}

fn is_private(export_to: &BTreeSet<String>, namespace: &str, config: &MeshConfig) -> bool {
    if export_to.is_empty() {
        return config.default_destination_rule_export_to.iter().any(|name| name == ".");
    }
    export_to.len() == 1 && (export_to.contains(".") || export_to.contains(namespace))
}

impl Consolidated {
    fn add(&mut self, rule: &Resource<istio::DestinationRule>, export_to: &BTreeSet<String>) {
        let host = rule.spec.host.clone().unwrap_or_default();
        let map = if is_wildcard(&host) { &mut self.wildcard } else { &mut self.exact };
        let list = map.entry(host).or_default();
        // istiod asks rule after rule, and the answer for the last one decides whether this one stands on its own, too.
        let mut append = true;
        for existing in list.iter_mut() {
            append = existing.export_to != *export_to;
            if !becomes_part(export_to, &existing.export_to) {
                continue;
            }
            match (existing.selector(), selector(&rule.spec)) {
                (Some(theirs), Some(ours)) if theirs != ours => {
                    append = true;
                    continue;
                }
                (Some(_), Some(_)) | (None, None) => append = false,
                // A private rule for all becomes a part of the one that selects, and is lost to the other workloads.
                (Some(_), None) | (None, Some(_)) => {}
            }
            existing.merge(rule);
        }
        if append {
            list.push(ResolvedDestinationRule {
                object: rule.object_ref(),
                origin: rule.origin(""),
                spec: rule.spec.clone(),
                sources: vec![rule.object_ref()],
                export_to: export_to.clone(),
            });
        }
    }
}

impl ResolvedDestinationRule {
    /// Adds the subsets that are new, and the policy if there is none yet.
    fn merge(&mut self, rule: &Resource<istio::DestinationRule>) {
        self.sources.push(rule.object_ref());
        for subset in &rule.spec.subsets {
            if !self.spec.subsets.iter().any(|known| known.name == subset.name) {
                self.spec.subsets.push(subset.clone());
            }
        }
        if self.spec.traffic_policy.is_none() {
            self.spec.traffic_policy.clone_from(&rule.spec.traffic_policy);
        }
    }
}

impl From<Consolidated> for Shared {
    fn from(rules: Consolidated) -> Self {
        let share = |list: Vec<ResolvedDestinationRule>| list.into_iter().map(Arc::new).collect();
        let exact = rules.exact.into_iter().map(|(host, list)| (host, share(list))).collect();
        let mut wildcard: Vec<_> =
            rules.wildcard.into_iter().map(|(host, list)| (host, share(list))).collect();
        wildcard.sort_by(|a, b| most_specific_first(&a.0, &b.0));
        Self { exact, wildcard }
    }
}

impl Shared {
    /// The rules of every host.
    fn lists(&self) -> impl Iterator<Item = &[Arc<ResolvedDestinationRule>]> {
        self.exact.values().chain(self.wildcard.iter().map(|(_, rules)| rules)).map(Vec::as_slice)
    }

    /// The rules of the most specific host that covers a host.
    fn most_specific(&self, host: &str) -> &[Arc<ResolvedDestinationRule>] {
        if let Some(rules) = self.exact.get(host) {
            return rules;
        }
        let covering = self.wildcard.iter().find(|(pattern, _)| host_subset_of(host, pattern));
        covering.map_or(&[], |(_, rules)| rules.as_slice())
    }
}

impl Mesh {
    /// All rules that proxies of a namespace may use for a host of a service of a namespace.
    pub(crate) fn rules_for(
        &self,
        namespace: &str,
        service_namespace: &str,
        host: &str,
    ) -> Vec<&Arc<ResolvedDestinationRule>> {
        let root = &self.config.root_namespace;
        self.index.destination_rules.find(root, namespace, service_namespace, host)
    }

    /// The rule that counts when a workload's proxy calls a host of a service of a namespace.
    #[must_use]
    pub fn destination_rule(
        &self,
        workload: &Workload,
        service_namespace: &str,
        host: &str,
    ) -> Option<Arc<ResolvedDestinationRule>> {
        let found = self.rules_for(workload.namespace(), service_namespace, host);
        let selecting = found.iter().find(|rule| {
            rule.object.namespace == workload.namespace()
                && rule.selector().is_some_and(|labels| selects(labels, &workload.labels))
        });
        selecting
            .or_else(|| found.iter().rev().find(|rule| rule.selector().is_none()))
            .map(|rule| Arc::clone(rule))
    }

    /// The rule that counts for the traffic that a workload's proxy accepts for a service: one without a selector, and
    /// only if the proxy sees the service.
    #[must_use]
    pub fn inbound_destination_rule(
        &self,
        workload: &Workload,
        service: &Service,
    ) -> Option<Arc<ResolvedDestinationRule>> {
        let scope = self.scope(workload);
        let seen = scope.service(service.host())?;
        let found = self.rules_for(workload.namespace(), seen.namespace(), service.host());
        found.iter().rev().find(|rule| rule.selector().is_none()).map(|rule| Arc::clone(rule))
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{Fixture, deployment, destination_rule, resolve, service};

    const HOST: &str = "web.svc.svc.cluster.local";

    fn mesh(rules: &[(&str, &str, &str)]) -> Fixture {
        let rules = rules.iter().map(|(namespace, name, spec)| destination_rule(namespace, name, spec));
        let base = service("svc", "web", "{name: http, port: 80}")
            + &deployment("own", "client")
            + &deployment("istio-system", "root");
        resolve(&rules.fold(base, |text, rule| text + &rule))
    }

    /// Namespace and name of the rule that a client finds.
    fn found(fixture: &Fixture, client: &str) -> Option<String> {
        let rule = fixture.mesh.destination_rule(fixture.workload(client), "svc", HOST);
        rule.map(|rule| format!("{}/{}", rule.object.namespace, rule.object.name))
    }

    #[test]
    fn the_rule_of_the_client_wins_over_that_of_the_service_and_that_of_the_root() {
        let rules = [
            ("istio-system", "root", "{host: '*.cluster.local'}"),
            ("svc", "own", "{host: web}"),
            ("own", "mine", "{host: '*.svc.svc.cluster.local'}"),
        ];
        assert_eq!(found(&mesh(&rules[..1]), "own.client"), Some("istio-system/root".to_owned()));
        assert_eq!(found(&mesh(&rules[..2]), "own.client"), Some("svc/own".to_owned()));
        assert_eq!(found(&mesh(&rules), "own.client"), Some("own/mine".to_owned()));
    }

    #[test]
    fn the_most_specific_host_wins_within_a_namespace() {
        let rules = [
            ("svc", "a", "{host: '*'}"),
            ("svc", "b", "{host: '*.svc.cluster.local'}"),
            ("svc", "c", "{host: web}"),
        ];
        assert_eq!(found(&mesh(&rules[..2]), "own.client"), Some("svc/b".to_owned()));
        assert_eq!(found(&mesh(&rules), "own.client"), Some("svc/c".to_owned()));
    }

    #[test]
    fn a_private_rule_is_for_its_own_namespace() {
        let rules = [
            ("svc", "private", "{host: web, exportTo: [.]}"),
            ("istio-system", "private", "{host: web.svc.svc.cluster.local, exportTo: [.]}"),
        ];
        assert_eq!(found(&mesh(&rules), "own.client"), None);
        assert_eq!(found(&mesh(&rules), "istio-system.root"), Some("istio-system/private".to_owned()));
    }

    #[test]
    fn a_rule_that_selects_the_client_wins_over_one_for_all() {
        let selecting = "{host: web.svc.svc.cluster.local, workloadSelector: {matchLabels: {app: client}}}";
        let rules = [("own", "all", "{host: web.svc.svc.cluster.local}"), ("own", "some", selecting)];
        let fixture = mesh(&rules);
        assert_eq!(found(&fixture, "own.client"), Some("own/some".to_owned()));
        let service = fixture.mesh.services[0].clone();
        let inbound = fixture.mesh.inbound_destination_rule(fixture.workload("own.client"), &service);
        assert_eq!(inbound.map(|rule| rule.object.name.clone()), Some("all".to_owned()));
    }

    #[test]
    fn rules_for_one_host_add_their_subsets_and_keep_the_first_policy() {
        let rules = [
            (
                "svc",
                "a",
                "{host: web, subsets: [{name: v1, labels: {version: v1}}], trafficPolicy: {loadBalancer: {simple: RANDOM}}}",
            ),
            (
                "svc",
                "b",
                "{host: web, subsets: [{name: v1, labels: {version: x}}, {name: v2}], trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}}",
            ),
            ("svc", "c", "{host: web, exportTo: [own], subsets: [{name: v3}]}"),
        ];
        let fixture = mesh(&rules[..2]);
        let rule = fixture.mesh.destination_rule(fixture.workload("own.client"), "svc", HOST).unwrap();
        let names: Vec<_> = rule.spec.subsets.iter().map(|subset| subset.name.clone().unwrap()).collect();
        assert_eq!((names, rule.sources.len()), (vec!["v1".to_owned(), "v2".to_owned()], 2));
        assert_eq!(rule.spec.traffic_policy, fixture.mesh.destination_rules[0].spec.traffic_policy);
        // Rules that other namespaces see are not merged; the last one that the client sees counts.
        assert_eq!(found(&mesh(&rules), "own.client"), Some("svc/c".to_owned()));
    }
}
