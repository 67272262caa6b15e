//! Networks of the mesh: endpoints of another network are reached through its gateways only (translation-spec §9.4).

use std::collections::{BTreeMap, BTreeSet};

use crate::Mesh;

/// Gateways of all networks, as far as their addresses are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks {
    /// By network, then in the order in which istiod lists them: by address, then by port.
    gateways: BTreeMap<String, BTreeSet<NetworkGateway>>,
}

/// Where a network is entered from the others: a gateway that forwards by SNI (`AUTO_PASSTHROUGH`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NetworkGateway {
    /// IP address or DNS name.
    pub address: String,
    /// Port.
    pub port: u16,
    /// Cluster of its Service; empty for an address that the configuration of the mesh states.
    pub cluster: String,
}

impl Networks {
    pub(crate) fn add(&mut self, network: &str, gateway: NetworkGateway) {
        self.gateways.entry(network.to_owned()).or_default().insert(gateway);
    }

    /// Whether no gateway is known, so that every endpoint is dialled at its own address.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gateways.is_empty()
    }

    /// Whether some gateway leads into a network.
    #[must_use]
    pub fn leads_into(&self, network: &str) -> bool {
        self.gateways.contains_key(network)
    }

    /// Gateways to endpoints that a cluster has in a network: those of the cluster, else all of the network.
    #[must_use]
    pub fn gateways(&self, network: &str, cluster: &str) -> Vec<&NetworkGateway> {
        let all = || self.gateways.get(network).into_iter().flatten();
        let near: Vec<_> = all().filter(|gateway| gateway.cluster == cluster).collect();
        if near.is_empty() { all().collect() } else { near }
    }

    /// What weights of endpoints are multiplied by, so that the share of each gateway of a network is a whole number: the
    /// least common multiple of the numbers of gateways.
    #[must_use]
    pub fn weight_scale(&self) -> u32 {
        let mut counts: Vec<usize> = Vec::new();
        for gateways in self.gateways.values() {
            counts.push(gateways.len());
            let mut by_cluster: BTreeMap<&str, usize> = BTreeMap::new();
            for gateway in gateways {
                *by_cluster.entry(&gateway.cluster).or_default() += 1;
            }
            counts.extend(by_cluster.into_values());
        }
        let scale = counts.into_iter().fold(1, |a, b| a / greatest_common_divisor(a, b) * b);
        u32::try_from(scale).unwrap_or(u32::MAX)
    }
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// How a proxy gets to endpoints of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach<'m> {
    /// At their own addresses: the network is its own or that of nobody, or no gateway leads into it.
    Direct,
    /// Through these gateways.
    Through(Vec<&'m NetworkGateway>),
    /// Not at all: the proxy asked for other networks only (`ISTIO_META_REQUESTED_NETWORK_VIEW`).
    Hidden,
}

impl Mesh {
    /// How the proxy of a workload gets to endpoints of a network.
    #[must_use]
    pub fn reach(&self, workload: &crate::Workload, network: Option<&str>) -> Reach<'_> {
        let network = network.unwrap_or_default();
        let view = workload.metadata.get("REQUESTED_NETWORK_VIEW").map_or("", String::as_str);
        if !network.is_empty() && !view.is_empty() && view.split(',').all(|seen| seen.trim() != network) {
            return Reach::Hidden;
        }
        let own = workload.network.as_deref().unwrap_or_default();
        if network.is_empty() || own.is_empty() || own == network {
            return Reach::Direct;
        }
        let gateways = self.networks.gateways(network, &self.options.cluster_id);
        if gateways.is_empty() { Reach::Direct } else { Reach::Through(gateways) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(address: &str, cluster: &str) -> NetworkGateway {
        NetworkGateway { address: address.to_owned(), port: 15443, cluster: cluster.to_owned() }
    }

    #[test]
    fn gateways_of_the_own_cluster_come_before_the_others() {
        let mut networks = Networks::default();
        networks.add("a", gateway("192.0.2.2", ""));
        networks.add("a", gateway("192.0.2.1", "Kubernetes"));
        let addresses = |cluster: &str| -> Vec<String> {
            networks.gateways("a", cluster).into_iter().map(|gateway| gateway.address.clone()).collect()
        };
        assert_eq!(addresses("Kubernetes"), ["192.0.2.1"]);
        assert_eq!(addresses("other"), ["192.0.2.1", "192.0.2.2"]);
    }

    #[test]
    fn weights_can_be_split_over_any_number_of_gateways() {
        let mut networks = Networks::default();
        assert_eq!(networks.weight_scale(), 1);
        networks.add("a", gateway("192.0.2.1", ""));
        networks.add("a", gateway("192.0.2.2", ""));
        networks.add("b", gateway("192.0.2.3", ""));
        networks.add("b", gateway("192.0.2.4", ""));
        networks.add("b", gateway("192.0.2.5", "Kubernetes"));
        assert_eq!(networks.weight_scale(), 6);
    }
}
