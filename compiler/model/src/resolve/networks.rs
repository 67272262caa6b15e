//! Which network pods are in, and the gateways between networks (translation-spec §9.4).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use meshc_api::ResourceSet;
use meshc_api::kubernetes::ServiceType;
use meshc_api::mesh_config::{MeshNetworks, Network};
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};

use super::surroundings::NETWORK;
use crate::labels::{Labels, selects};
use crate::networks::{NetworkGateway, Networks};
use crate::{Mesh, Options, Registry, Service};

/// Label of a gateway Service that says at which of its ports other networks enter; 15443 without it.
const GATEWAY_PORT: &str = "networking.istio.io/gatewayPort";
const DEFAULT_GATEWAY_PORT: u16 = 15443;
/// Annotation of a Service of type NodePort that says at which nodes it is entered.
const NODE_SELECTOR: &str = "traffic.istio.io/nodeSelector";

/// Which network addresses are in, as the configuration of the mesh says.
#[derive(Debug, Default)]
pub(super) struct StatedNetworks<'a> {
    /// The network of all pods of the cluster.
    pub(super) of_cluster: Option<&'a str>,
    blocks: Vec<(IpAddr, u8, &'a str)>,
}

impl<'a> StatedNetworks<'a> {
    pub(super) fn new(networks: &'a MeshNetworks, options: &Options) -> Self {
        let mut stated = Self::default();
        for (name, network) in &networks.networks {
            if is_of_cluster(network, options) {
                stated.of_cluster.get_or_insert(name);
            }
            for block in &network.endpoints {
                let parts = block.from_cidr.split_once('/');
                let parsed = parts.and_then(|(ip, prefix)| Some((ip.parse().ok()?, prefix.parse().ok()?)));
                stated.blocks.extend(parsed.map(|(ip, prefix)| (ip, prefix, name.as_str())));
            }
        }
        stated
    }

    /// The network whose block holds an address; the widest block counts, as in istiod.
    pub(super) fn of_address(&self, address: IpAddr) -> Option<&'a str> {
        let holding = self.blocks.iter().filter(|(block, prefix, _)| holds(*block, *prefix, address));
        holding.min_by_key(|(_, prefix, _)| *prefix).map(|(_, _, name)| *name)
    }
}

fn is_of_cluster(network: &Network, options: &Options) -> bool {
    network.endpoints.iter().any(|endpoints| endpoints.from_registry == options.cluster_id)
}

fn holds(block: IpAddr, prefix: u8, address: IpAddr) -> bool {
    match (block, address) {
        (IpAddr::V4(block), IpAddr::V4(address)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
            block.to_bits() & mask == address.to_bits() & mask
        }
        (IpAddr::V6(block), IpAddr::V6(address)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0);
            block.to_bits() & mask == address.to_bits() & mask
        }
        _ => false,
    }
}

/// The gateways of all networks: addresses that the configuration states, and Services that it names or that carry the label
/// of a network, where the tree tells how they are reached from outside.
pub(super) fn gateways(
    stated: &MeshNetworks,
    resources: &ResourceSet,
    services: &[Arc<Service>],
    options: &Options,
) -> Networks {
    let mut networks = Networks::default();
    for (name, network) in &stated.networks {
        for gateway in &network.gateways {
            let Ok(port) = u16::try_from(gateway.port) else { continue };
            if !gateway.address.is_empty() {
                let address = gateway.address.clone();
                networks.add(name, NetworkGateway { address, port, cluster: String::new() });
            }
        }
    }
    let named = named_services(stated, options);
    for service in services.iter().filter(|service| service.registry == Registry::Kubernetes) {
        for (network, port) in entrances(service, &named) {
            for (address, port) in addresses(service, port, resources) {
                networks.add(network, NetworkGateway { address, port, cluster: options.cluster_id.clone() });
            }
        }
    }
    networks
}

/// Services that networks of this cluster name as their gateways, with network and port.
fn named_services<'a>(stated: &'a MeshNetworks, options: &Options) -> BTreeMap<&'a str, Vec<(&'a str, u16)>> {
    let mut named: BTreeMap<&str, Vec<(&str, u16)>> = BTreeMap::new();
    for (name, network) in stated.networks.iter().filter(|(_, network)| is_of_cluster(network, options)) {
        for gateway in network.gateways.iter().filter(|gateway| !gateway.registry_service_name.is_empty()) {
            if let Ok(port) = u16::try_from(gateway.port) {
                named.entry(&gateway.registry_service_name).or_default().push((name, port));
            }
        }
    }
    named
}

/// The networks that a Service leads into, each with its port.
fn entrances<'a>(
    service: &'a Service,
    named: &BTreeMap<&'a str, Vec<(&'a str, u16)>>,
) -> Vec<(&'a str, u16)> {
    match service.labels.get(NETWORK).filter(|network| !network.is_empty()) {
        Some(network) => {
            let port = service.labels.get(GATEWAY_PORT).and_then(|port| port.parse().ok());
            vec![(network, port.unwrap_or(DEFAULT_GATEWAY_PORT))]
        }
        None => named.get(service.host()).cloned().unwrap_or_default(),
    }
}

/// Where a Service is reached from outside, with the port there.
fn addresses(service: &Service, port: u16, resources: &ResourceSet) -> Vec<(String, u16)> {
    let nodes = nodes(service, resources);
    let object = resources.services.iter().find(|object| object.object_ref() == service.object);
    let by_node = object.filter(|object| object.spec.service_type == ServiceType::NodePort);
    let of_node = by_node.and_then(|object| {
        object.spec.ports.iter().find(|stated| stated.port == port).and_then(|stated| stated.node_port)
    });
    let mut found: Vec<(String, u16)> =
        nodes.into_iter().map(|address| (address, of_node.unwrap_or(port))).collect();
    found.extend(service.external_addresses.iter().map(|address| (address.clone(), port)));
    found
}

/// External addresses of the nodes that the annotation of a Service selects.
fn nodes(service: &Service, resources: &ResourceSet) -> Vec<String> {
    let Some(text) = service.annotations.get(NODE_SELECTOR) else { return Vec::new() };
    let Some(selector) = node_selector(text) else { return Vec::new() };
    let chosen = resources.nodes.iter().filter(|node| selects(&selector, &node.meta.labels));
    let external = chosen.filter_map(|node| {
        node.spec.status.addresses.iter().find(|address| address.address_type == "ExternalIP")
    });
    external.map(|address| address.address.clone()).collect()
}

/// A selector as the annotation writes it: a JSON object of labels. Empty selects every node.
fn node_selector(text: &str) -> Option<Labels> {
    let inner = text.trim();
    if inner.is_empty() {
        return Some(Labels::new());
    }
    let inner = inner.strip_prefix('{')?.strip_suffix('}')?;
    let word = |text: &str| text.trim().trim_matches('"').to_owned();
    let pairs = inner.split(',').filter(|pair| !pair.trim().is_empty());
    pairs.map(|pair| pair.split_once(':').map(|(key, value)| (word(key), word(value)))).collect()
}

/// Reports networks that proxies of others dial directly because nothing tells where their gateways are.
pub(super) fn report(mesh: &Mesh, stated: &MeshNetworks, diagnostics: &mut Diagnostics) {
    let proxies: BTreeSet<&str> = mesh
        .workloads
        .values()
        .filter(|workload| workload.proxy.is_some())
        .filter_map(|workload| workload.network.as_deref())
        .collect();
    let mut endpoints: BTreeMap<&str, &Service> = BTreeMap::new();
    for service in &mesh.services {
        for network in service.endpoints.iter().filter_map(|endpoint| endpoint.network.as_deref()) {
            endpoints.entry(network).or_insert(service);
        }
    }
    let named = named_services(stated, &mesh.options);
    for (network, service) in endpoints {
        let foreign = proxies.iter().any(|own| *own != network);
        if foreign && !mesh.networks.leads_into(network) {
            diagnostics.push(without_gateway(mesh, network, service, &named));
        }
    }
}

fn without_gateway(
    mesh: &Mesh,
    network: &str,
    service: &Service,
    named: &BTreeMap<&str, Vec<(&str, u16)>>,
) -> Diagnostic {
    let leads = |service: &&Arc<Service>| entrances(service, named).iter().any(|(into, _)| *into == network);
    let kubernetes = mesh.services.iter().filter(|service| service.registry == Registry::Kubernetes);
    let gateway = kubernetes.clone().find(leads).map(AsRef::as_ref);
    let (message, about) = match gateway {
        Some(gateway) => {
            let message = format!(
                "{} leads into the network `{network}`, but the tree does not tell its address",
                gateway.object
            );
            (message, gateway)
        }
        None => {
            let message =
                format!("{} has endpoints in the network `{network}`, which has no gateway", service.object);
            (message, service)
        }
    };
    let finding = Diagnostic::new(&codes::NETWORK_WITHOUT_GATEWAY, message)
        .consequence("proxies of other networks dial the endpoints at their own addresses, as with istiod")
        .help(
            "state `address` and `port` of its gateway in MeshNetworks (`--mesh-networks`), or `spec.externalIPs` or \
             `status.loadBalancer` of the gateway's Service",
        );
    finding.at_origin(&about.origin, "")
}

#[cfg(test)]
mod tests;
