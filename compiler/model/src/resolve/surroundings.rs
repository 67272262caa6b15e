//! Facts about namespaces and nodes that workloads take over.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use meshc_api::ResourceSet;
use meshc_api::mesh_config::MeshConfig;

use super::networks::StatedNetworks;

use crate::labels::{Labels, selects};

/// Label that says which network pods are in.
pub(super) const NETWORK: &str = "topology.istio.io/network";

/// Namespaces and nodes.
#[derive(Debug)]
pub(super) struct Surroundings<'a> {
    namespaces: BTreeMap<&'a str, (&'a Labels, &'a Labels)>,
    nodes: BTreeMap<&'a str, &'a Labels>,
    /// Network of pods that do not say it: what the root namespace is labelled with.
    default_network: Option<&'a str>,
    networks: StatedNetworks<'a>,
}

impl<'a> Surroundings<'a> {
    pub(super) fn new(resources: &'a ResourceSet, config: &MeshConfig, networks: StatedNetworks<'a>) -> Self {
        let namespaces: BTreeMap<_, _> = resources
            .namespaces
            .iter()
            .map(|namespace| (namespace.name(), (&namespace.meta.labels, &namespace.meta.annotations)))
            .collect();
        let nodes = resources.nodes.iter().map(|node| (node.name(), &node.meta.labels)).collect();
        let root = namespaces.get(config.root_namespace.as_str());
        let default_network = root.and_then(|(labels, _)| labels.get(NETWORK)).map(String::as_str);
        Self { namespaces, nodes, default_network, networks }
    }

    /// Network of pods whose labels do not say it: that of the root namespace, that of the cluster, that of the block which
    /// holds their address.
    pub(super) fn network(&self, address: Option<IpAddr>) -> Option<&'a str> {
        let stated = self.default_network.filter(|network| !network.is_empty()).or(self.networks.of_cluster);
        stated.or_else(|| self.networks.of_address(address?))
    }

    /// All labels of a namespace, with the one that the API server adds.
    pub(super) fn namespace_labels(&self, namespace: &str) -> Labels {
        let mut labels =
            self.namespaces.get(namespace).map(|(labels, _)| (*labels).clone()).unwrap_or_default();
        labels.insert("kubernetes.io/metadata.name".to_owned(), namespace.to_owned());
        labels
    }

    /// A label of a namespace.
    pub(super) fn namespace_label(&self, namespace: &str, label: &str) -> Option<&'a str> {
        self.namespaces.get(namespace).and_then(|(labels, _)| labels.get(label)).map(String::as_str)
    }

    /// An annotation of a namespace.
    pub(super) fn namespace_annotation(&self, namespace: &str, annotation: &str) -> Option<&'a str> {
        self.namespaces
            .get(namespace)
            .and_then(|(_, annotations)| annotations.get(annotation))
            .map(String::as_str)
    }

    /// Where pods run: what their labels state, else what all nodes that may run them have in common.
    pub(super) fn locality(
        &self,
        labels: &Labels,
        node: Option<&str>,
        node_selector: &Labels,
    ) -> Option<String> {
        if let Some(stated) = stated_locality(labels) {
            return Some(stated);
        }
        if let Some(node) = node {
            return self.nodes.get(node).and_then(|labels| node_locality(labels));
        }
        let nodes = self.nodes.values().filter(|labels| selects(node_selector, labels));
        let localities: BTreeSet<Option<String>> = nodes.map(|labels| node_locality(labels)).collect();
        match localities.len() {
            // Without nodes in the tree, the selector itself may name the place.
            0 => node_locality(node_selector),
            1 => localities.into_iter().next().flatten(),
            _ => None,
        }
    }
}

/// Locality as labels of a pod or of a WorkloadEntry state it, with dots in place of slashes in the old spelling.
pub(super) fn stated_locality(labels: &Labels) -> Option<String> {
    let stated = labels.get("topology.istio.io/locality").or_else(|| labels.get("istio-locality"))?;
    let locality = if stated.contains('/') { stated.clone() } else { stated.replace('.', "/") };
    Some(locality).filter(|locality| !locality.is_empty())
}

/// Locality as labels of a node state it.
fn node_locality(labels: &Labels) -> Option<String> {
    let label =
        |names: [&str; 2]| names.into_iter().find_map(|name| labels.get(name)).map_or("", String::as_str);
    let region = label(["topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"]);
    let zone = label(["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"]);
    let subzone = labels.get("topology.istio.io/subzone").map_or("", String::as_str);
    let parts = [region, zone, subzone];
    let stated = parts.iter().rposition(|part| !part.is_empty())?;
    Some(parts.get(..=stated)?.join("/"))
}

/// Labels of an endpoint with what istiod adds to them: its place and its network (translation-spec §0.6).
pub(super) fn augmented(
    labels: &Labels,
    locality: Option<&str>,
    network: Option<&str>,
    cluster: &str,
) -> Labels {
    let mut labels = labels.clone();
    let mut parts = locality.unwrap_or_default().splitn(3, '/');
    let names = ["topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"];
    for name in names {
        if let Some(part) = parts.next().filter(|part| !part.is_empty()) {
            labels.insert(name.to_owned(), part.to_owned());
        }
    }
    if !cluster.is_empty() {
        labels.insert("topology.istio.io/cluster".to_owned(), cluster.to_owned());
    }
    if let Some(network) = network.filter(|network| !network.is_empty()) {
        labels.entry(NETWORK.to_owned()).or_insert_with(|| network.to_owned());
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_label_of_the_pod_states_its_place() {
        assert_eq!(stated_locality(&labels(&[("istio-locality", "r1.z1.s1")])), Some("r1/z1/s1".to_owned()));
        assert_eq!(stated_locality(&labels(&[("istio-locality", "r.1/z1")])), Some("r.1/z1".to_owned()));
        assert_eq!(stated_locality(&labels(&[])), None);
    }

    #[test]
    fn a_node_without_a_zone_still_has_a_region() {
        assert_eq!(node_locality(&labels(&[("topology.kubernetes.io/region", "r1")])), Some("r1".to_owned()));
        assert_eq!(node_locality(&labels(&[("topology.istio.io/subzone", "s")])), Some("//s".to_owned()));
    }

    #[test]
    fn endpoints_know_their_place_and_cluster() {
        let all = augmented(&labels(&[("app", "a")]), Some("r/z"), None, "Kubernetes");
        assert_eq!(all.get("topology.kubernetes.io/zone").map(String::as_str), Some("z"));
        assert_eq!(all.get("topology.istio.io/cluster").map(String::as_str), Some("Kubernetes"));
        assert!(!all.contains_key("topology.istio.io/subzone"));
    }
}
