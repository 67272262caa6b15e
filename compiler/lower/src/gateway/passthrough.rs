//! TLS that goes through a gateway, told by server name (translation-spec §5.5).

use std::collections::BTreeSet;

use meshc_plan::FilterChain;

use super::servers::GatewayServer;
use super::tcp::{chain_port, serves, stack};
use crate::context::ProxyContext;
use crate::listener::applies;
use crate::listener::chain::{chain, connection_match};
use crate::listener::network_filters::routed;
use crate::security::SecurityFilters;

/// Server names that have a chain already, by port and bind.
pub(super) type SniHosts = BTreeSet<(u16, Option<String>, String)>;

/// One chain for each match of each rule. A match with a server name that another one has is left out: Envoy refuses two
/// chains for one name.
pub(super) fn passthrough_chains(
    cx: &ProxyContext<'_>,
    server: &GatewayServer,
    security: &SecurityFilters,
    sni_hosts: &mut SniHosts,
) -> Vec<FilterChain> {
    let gateway = server.gateway_name();
    let stack = stack(security, false);
    let mut chains = Vec::new();
    for vs in cx.mesh.gateway_virtual_services(cx.workload, &gateway) {
        if !serves(server, vs.namespace(), &vs.spec) {
            continue;
        }
        for (index, rule) in vs.spec.tls.iter().enumerate() {
            for stated in &rule.r#match {
                if !applies(&stated.gateways, stated.port, server.port, &gateway) {
                    continue;
                }
                let key =
                    |host: &String| (server.listen_port, server.bind().map(str::to_owned), host.clone());
                if stated.sni_hosts.iter().any(|host| sni_hosts.contains(&key(host))) {
                    continue;
                }
                sni_hosts.extend(stated.sni_hosts.iter().map(key));
                let filters = routed(cx, &stack, chain_port(server), &rule.route, &vs);
                let matches = connection_match(&[], &stated.sni_hosts);
                let origin = vs.origin(&format!("spec.tls[{index}]"));
                chains.push(chain(cx, matches, filters, None, origin));
            }
        }
    }
    chains
}
