//! Chains of opaque TCP for a service (translation-spec §2.6).

use std::sync::Arc;

use meshc_api::Resource;
use meshc_api::istio::{L4MatchAttributes, VirtualService};
use meshc_model::host_matches;
use meshc_plan::{FilterChain, UpstreamName};

use super::bind::{Network, network};
use super::chain::{chain, connection_match};
use super::network_filters::{ChainPort, Stack, routed, to_service};
use super::request::Request;
use super::tls::tls_chains;
use crate::context::ProxyContext;
use crate::http::{destination, has_labels, in_namespace};

/// The gateway that sidecars are.
pub(crate) const MESH: &str = "mesh";

/// Chains of a port that is not HTTP: by server name for TLS, by address for everything else.
pub(super) fn tcp_like_chains(cx: &ProxyContext<'_>, request: &Request<'_>) -> Vec<FilterChain> {
    let virtual_services = request
        .virtual_services
        .iter()
        .filter(|vs| vs.spec.hosts.iter().any(|host| host_matches(host, request.service.host())))
        .map(Arc::as_ref)
        .collect::<Vec<_>>();
    if request.port.protocol.is_tls() {
        tls_chains(cx, request, &virtual_services)
    } else {
        tcp_chains(cx, request, &virtual_services)
    }
}

fn tcp_chains(
    cx: &ProxyContext<'_>,
    request: &Request<'_>,
    virtual_services: &[&Resource<VirtualService>],
) -> Vec<FilterChain> {
    let mut chains = Vec::new();
    for vs in virtual_services {
        for (index, rule) in vs.spec.tcp.iter().enumerate() {
            let origin = vs.origin(&format!("spec.tcp[{index}]"));
            let filters = || routed(cx, &Stack::outbound(), request.chain_port(), &rule.route, vs);
            let matching =
                rule.r#match.iter().filter(|stated| l4_matches(cx, stated, request.port.number, MESH));
            let matching: Vec<_> = matching.collect();
            let everywhere = |stated: &&L4MatchAttributes| {
                stated.destination_subnets.is_empty() || request.port.number == 0
            };
            if rule.r#match.is_empty() || matching.iter().any(everywhere) {
                let matches = connection_match(&request.networks, &[]);
                chains.push(chain(cx, matches, filters(), Some(vs.object_ref()), origin));
                return chains;
            }
            let subnets = matching.iter().flat_map(|stated| &stated.destination_subnets);
            let networks: Vec<Network> = subnets.filter_map(|subnet| network(subnet)).collect();
            if networks.is_empty() {
                continue;
            }
            let matches = connection_match(&networks, &[]);
            let covers_service = matches == connection_match(&request.networks, &[]);
            chains.push(chain(cx, matches, filters(), None, origin));
            if covers_service {
                return chains;
            }
        }
    }
    chains.push(default_chain(cx, request, &[]));
    chains
}

/// The chain of a service without rules: to its only port, else to the port that is listened on.
pub(super) fn default_chain(
    cx: &ProxyContext<'_>,
    request: &Request<'_>,
    server_names: &[String],
) -> FilterChain {
    let service = request.service;
    let port = destination::only_port(service).unwrap_or(request.port.number);
    let upstream = UpstreamName::Outbound { port, subset: None, host: service.host().to_owned() };
    let stack = Stack { dynamic: request.dynamic(), ..Stack::outbound() };
    // The pattern for statistics sees the number of the port only, as in istiod.
    let chain_port = ChainPort { number: port, name: "", protocol: request.port.protocol };
    let filters = to_service(cx, &stack, chain_port, service, upstream);
    chain(cx, connection_match(&request.networks, server_names), filters, None, service.origin.clone())
}

/// Whether a condition is for a gateway (or the mesh) and for a port. It is all that istiod asks at gateways, where `sourceLabels`
/// and `sourceNamespace` decide nothing.
pub(crate) fn applies(gateways: &[String], stated: Option<u32>, port: u16, gateway: &str) -> bool {
    let here = gateways.is_empty() || gateways.iter().any(|name| name == gateway);
    here && stated.is_none_or(|stated| stated == 0 || stated == u32::from(port))
}

/// Whether the conditions of a rule that are known at build time hold for a sidecar.
pub(super) fn l4_matches(
    cx: &ProxyContext<'_>,
    stated: &L4MatchAttributes,
    port: u16,
    gateway: &str,
) -> bool {
    applies(&stated.gateways, stated.port, port, gateway)
        && has_labels(cx, &stated.source_labels)
        && in_namespace(cx, stated.source_namespace.as_deref())
}
