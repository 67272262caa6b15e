//! Gateways between clusters: the server name says which port and subset of which service is meant (translation-spec §5.5).

use meshc_model::{Protocol, Service, host_subset_of};
use meshc_plan::{ChainMatch, FilterChain, TcpProxy, UpstreamName};

use super::servers::GatewayServer;
use crate::context::ProxyContext;
use crate::http::{ConnectionClass, idle_timeout};
use crate::listener::chain::chain;
use crate::listener::network_filters::{Stack, filters};
use crate::telemetry;

/// ALPN of the mutual TLS between sidecars.
const ISTIO_ALPN: [&str; 5] =
    ["istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2"];

/// Chains for all ports and subsets of the services of the mesh whose hosts the server has.
pub(super) fn auto_passthrough_chains(cx: &ProxyContext<'_>, server: &GatewayServer) -> Vec<FilterChain> {
    let names = server.server_names();
    let served = |service: &Service| names.iter().any(|name| host_subset_of(service.host(), name));
    let mut chains = Vec::new();
    for service in cx.scope.services.iter().filter(|service| !service.mesh_external && served(service)) {
        let rule = cx.mesh.destination_rule(cx.workload, service.namespace(), service.host());
        let subsets = rule.as_ref().map(|rule| rule.spec.subsets.as_slice()).unwrap_or_default();
        for port in service.ports.iter().filter(|port| port.protocol != Protocol::Udp) {
            let named = subsets.iter().filter_map(|subset| subset.name.clone()).map(Some);
            for subset in std::iter::once(None).chain(named) {
                chains.push(sni_chain(cx, service, port.number, subset));
            }
        }
    }
    chains
}

fn sni_chain(cx: &ProxyContext<'_>, service: &Service, port: u16, subset: Option<String>) -> FilterChain {
    let host = service.host().to_owned();
    let name = format!("outbound_.{port}_.{}_.{host}", subset.as_deref().unwrap_or_default());
    let matches = ChainMatch {
        server_names: vec![name],
        application_protocols: ISTIO_ALPN.map(str::to_owned).to_vec(),
        ..ChainMatch::default()
    };
    let proxy = TcpProxy {
        stat_prefix: None,
        upstreams: vec![(UpstreamName::SniDnat { port, subset, host }, None)],
        idle_timeout: idle_timeout(cx),
        max_connection_duration: None,
        hash_source_ip: false,
        tunnel: None,
        access_logs: telemetry::connection_logs(cx),
    };
    let stack = Stack { class: ConnectionClass::Gateway, ..Stack::outbound() };
    let filters = filters(cx, &stack, Protocol::Tcp, proxy);
    chain(cx, matches, filters, None, service.origin.clone())
}
