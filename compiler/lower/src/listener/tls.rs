//! Chains of TLS that is not terminated, by server name (translation-spec §2.6).

use std::collections::BTreeSet;

use meshc_api::Resource;
use meshc_api::istio::{TlsMatchAttributes, VirtualService};
use meshc_model::{Registry, Resolution, ServiceAddress, is_wildcard};
use meshc_plan::FilterChain;

use super::bind::network;
use super::chain::{chain, connection_match};
use super::network_filters::{Stack, routed};
use super::request::Request;
use super::tcp::{MESH, applies, default_chain};
use crate::context::ProxyContext;
use crate::http::{domains, has_labels, in_namespace};

/// Chains of the rules that hold for this proxy; without any, one for the service. Where rules hold, other server names
/// are not routed to the service, as in istiod.
pub(super) fn tls_chains(
    cx: &ProxyContext<'_>,
    request: &Request<'_>,
    virtual_services: &[&Resource<VirtualService>],
) -> Vec<FilterChain> {
    let mut chains = Vec::new();
    let mut seen = BTreeSet::new();
    // A subnet that a match states holds for the matches behind it, too, as in istiod.
    let mut networks = request.networks.clone();
    for vs in virtual_services {
        for (index, rule) in vs.spec.tls.iter().enumerate() {
            for stated in &rule.r#match {
                if !tls_matches(cx, stated, request.port.number, MESH) {
                    continue;
                }
                if !stated.destination_subnets.is_empty() {
                    networks = stated.destination_subnets.iter().filter_map(|text| network(text)).collect();
                }
                if !seen.insert((&stated.sni_hosts, &stated.destination_subnets)) {
                    continue;
                }
                let filters = routed(cx, &Stack::outbound(), request.chain_port(), &rule.route, vs);
                let matches = connection_match(&networks, &stated.sni_hosts);
                let origin = vs.origin(&format!("spec.tls[{index}]"));
                chains.push(chain(cx, matches, filters, Some(vs.object_ref()), origin));
            }
        }
    }
    if chains.is_empty() {
        chains.push(default_chain(cx, request, &server_names(cx, request)));
    }
    chains
}

/// Server names by which connections to a service are told apart; none where the address does that.
fn server_names(cx: &ProxyContext<'_>, request: &Request<'_>) -> Vec<String> {
    let service = request.service;
    let without_address = service.address_for(cx.workload) == ServiceAddress::None;
    let shared = without_address && request.binding.is_wildcard() && !request.alone;
    let dynamic = service.resolution == Resolution::DynamicDns && is_wildcard(service.host());
    if request.networks.is_empty() && !shared && !dynamic {
        return Vec::new();
    }
    let mut names = vec![service.host().to_owned()];
    if shared && service.is_headless() && service.registry == Registry::Kubernetes {
        names.extend(names_of_pods(cx, service.host()));
    }
    for alias in &service.aliases {
        names.push(alias.host.clone());
        names.extend(domains::alternates(cx, &alias.host));
    }
    names
}

/// Other names under which a client asks for a headless Service or one of its pods.
fn names_of_pods(cx: &ProxyContext<'_>, host: &str) -> Vec<String> {
    let short = domains::alternates(cx, host).into_iter().filter(|name| !name.ends_with('.'));
    let all: Vec<String> = short.chain([host.to_owned()]).collect();
    let pods: Vec<String> = all.iter().map(|name| format!("*.{name}")).collect();
    all.into_iter().filter(|name| name != host).chain(pods).collect()
}

/// Whether the conditions of a match that are known at build time hold for a sidecar.
fn tls_matches(cx: &ProxyContext<'_>, stated: &TlsMatchAttributes, port: u16, gateway: &str) -> bool {
    applies(&stated.gateways, stated.port, port, gateway)
        && has_labels(cx, &stated.source_labels)
        && in_namespace(cx, stated.source_namespace.as_deref())
}
