//! Chains of TCP servers, and of TLS servers whose bytes are forwarded (translation-spec §5.5).

use meshc_api::istio::{L4MatchAttributes, ServerTlsMode, TcpRoute, VirtualService};
use meshc_model::host_matches;
use meshc_plan::FilterChain;

use super::auto_passthrough::auto_passthrough_chains;
use super::passthrough::{SniHosts, passthrough_chains};
use super::servers::GatewayServer;
use super::tls::server_tls;
use crate::context::ProxyContext;
use crate::http::ConnectionClass;
use crate::listener::applies;
use crate::listener::chain::{chain, connection_match};
use crate::listener::network_filters::{ChainPort, Stack, routed};
use crate::security::SecurityFilters;

/// Chains of a server that does not route requests.
pub(super) fn server_chains(
    cx: &ProxyContext<'_>,
    server: &GatewayServer,
    security: &SecurityFilters,
    sni_hosts: &mut SniHosts,
) -> Vec<FilterChain> {
    match server.tls_mode() {
        Some(ServerTlsMode::AutoPassthrough) => auto_passthrough_chains(cx, server),
        Some(ServerTlsMode::Passthrough) => passthrough_chains(cx, server, security, sni_hosts),
        _ => forwarding_chain(cx, server, security).into_iter().collect(),
    }
}

/// The chain of the first rule that holds for the server; none without a rule.
fn forwarding_chain(
    cx: &ProxyContext<'_>,
    server: &GatewayServer,
    security: &SecurityFilters,
) -> Option<FilterChain> {
    let gateway = server.gateway_name();
    let exchange = server.tls_mode() == Some(ServerTlsMode::IstioMutual);
    for vs in cx.mesh.gateway_virtual_services(cx.workload, &gateway) {
        if !serves(server, vs.namespace(), &vs.spec) {
            continue;
        }
        let here = |stated: &L4MatchAttributes| applies(&stated.gateways, stated.port, server.port, &gateway);
        let counts = |rule: &TcpRoute| rule.r#match.is_empty() || rule.r#match.iter().any(here);
        let Some(index) = vs.spec.tcp.iter().position(counts) else { continue };
        let rule = &vs.spec.tcp[index];
        if rule.route.is_empty() {
            return None;
        }
        let filters = routed(cx, &stack(security, exchange), chain_port(server), &rule.route, &vs);
        let names = if server.is_tls() { server.server_names() } else { Vec::new() };
        let origin = vs.origin(&format!("spec.tcp[{index}]"));
        let unsecured = chain(cx, connection_match(&[], &names), filters, None, origin);
        return Some(FilterChain { tls: server_tls(cx, server), ..unsecured });
    }
    None
}

/// What TCP chains of gateways have in front of the filter that forwards.
pub(super) fn stack(security: &SecurityFilters, metadata_exchange: bool) -> Stack {
    let security = security.network.clone();
    Stack { class: ConnectionClass::Gateway, metadata_exchange, security, dynamic: None }
}

pub(super) fn chain_port(server: &GatewayServer) -> ChainPort<'_> {
    ChainPort { number: server.port, name: server.port_name(), protocol: server.protocol }
}

/// Whether a VirtualService of a namespace has a host in common with a server.
pub(super) fn serves(server: &GatewayServer, namespace: &str, spec: &VirtualService) -> bool {
    let served = server.hosts_for(namespace);
    spec.hosts.iter().any(|host| served.iter().any(|server| host_matches(server, host)))
}
