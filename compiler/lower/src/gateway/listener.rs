//! Listeners of a gateway (translation-spec §5.4, §5.5).

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_plan::{
    Bind, BindAddress, Capture, ChainMatch, Direction, FilterChain, Listener, ListenerFilters, ListenerName,
    ListenerTransport, NetworkFilter, RouteSource,
};

use super::http3;
use super::merge::{MergedServers, ServerGroup};
use super::overlap;
use super::passthrough::SniHosts;
use super::servers::GatewayServer;
use super::tcp::server_chains;
use super::tls::server_tls;
use crate::context::ProxyContext;
use crate::http::{ConnectionClass, http_connection, listener_buffer_limit};
use crate::listener::bind::{address, wildcard};
use crate::listener::chain::{chain, connection_match};
use crate::listener::inspectors;
use crate::listener::outbound::max_accepts;
use crate::security::SecurityFilters;
use crate::telemetry;

/// First port that everybody may bind.
const FIRST_UNPRIVILEGED: u16 = 1024;

/// One listener for each place that has a chain, and one for QUIC beside it where HTTP/3 is offered, sorted by name.
pub(super) fn listeners(
    cx: &ProxyContext<'_>,
    merged: &MergedServers,
    security: &SecurityFilters,
    diags: &mut Diagnostics,
) -> Vec<Arc<Listener>> {
    let mut places: BTreeMap<Bind, Vec<FilterChain>> = BTreeMap::new();
    let mut origins = BTreeMap::new();
    let mut sni_hosts = SniHosts::new();
    let mut offered = Vec::new();
    for group in &merged.groups {
        if group.listen_port < FIRST_UNPRIVILEGED && !cx.workload.privileged_ports {
            continue;
        }
        let bind = bind(cx, group);
        let chains = chains(cx, group, &bind, security, &mut sni_hosts);
        if chains.is_empty() {
            group.servers.iter().for_each(|server| diags.push(without_route(server)));
            continue;
        }
        if let Some(first) = group.servers.first() {
            origins.entry(bind.clone()).or_insert_with(|| first.gateway.origin(&first.path()));
        }
        places.entry(bind).or_default().extend(chains);
        for server in &group.servers {
            if http3::is_offered(cx, server) {
                offered.push(server.gateway.origin(&server.path()));
            }
            http3::finding(cx, server).into_iter().for_each(|finding| diags.push(finding));
        }
    }
    let listener = |(bind, chains): (Bind, Vec<FilterChain>)| {
        let origin = origins.get(&bind)?.clone();
        Some(Listener {
            name: name(&bind)?,
            filters: listener_filters(cx, &chains),
            bind,
            additional: Vec::new(),
            transport: ListenerTransport::Tcp,
            capture: Capture::Bound,
            direction: Direction::Outbound,
            filters_timeout: None,
            continue_on_filters_timeout: false,
            exact_balance: false,
            max_accepts_per_event: max_accepts(cx),
            buffer_limit: listener_buffer_limit(cx),
            chains,
            default_chain: None,
            access_logs: telemetry::listener_logs(cx),
            origin,
        })
    };
    for chains in places.values() {
        overlap::report(chains, diags);
    }
    let mut listeners: Vec<Listener> = places.into_iter().filter_map(listener).collect();
    let siblings: Vec<Listener> =
        listeners.iter().filter_map(|listener| http3::sibling(listener, &offered)).collect();
    listeners.extend(siblings);
    listeners.into_iter().map(Arc::new).collect()
}

/// Where the listener of a group is.
pub(super) fn bind(cx: &ProxyContext<'_>, group: &ServerGroup) -> Bind {
    let address = match &group.bind {
        Some(stated) => address(stated),
        None => BindAddress::Ip(wildcard(cx)),
    };
    let port = if matches!(address, BindAddress::Unix(_)) { 0 } else { group.listen_port };
    Bind { address, port }
}

fn name(bind: &Bind) -> Option<ListenerName> {
    match &bind.address {
        BindAddress::Ip(address) => Some(ListenerName::Address { address: *address, port: bind.port }),
        BindAddress::Unix(path) => Some(ListenerName::Unix(path.clone())),
        BindAddress::Literal(_) => None,
    }
}

/// Gateways know the protocol of a port, so HTTP is not sniffed.
fn listener_filters(cx: &ProxyContext<'_>, chains: &[FilterChain]) -> ListenerFilters {
    let topology = cx.workload.proxy_config.gateway_topology.as_ref();
    ListenerFilters {
        proxy_protocol: topology.is_some_and(|topology| topology.proxy_protocol.is_some()),
        http_inspector: None,
        ..inspectors(chains.iter())
    }
}

fn chains(
    cx: &ProxyContext<'_>,
    group: &ServerGroup,
    bind: &Bind,
    security: &SecurityFilters,
    sni_hosts: &mut SniHosts,
) -> Vec<FilterChain> {
    if group.protocol.is_http() {
        // Servers of plain HTTP share one table.
        return group
            .servers
            .first()
            .map(|server| http_chain(cx, server, bind, security))
            .into_iter()
            .collect();
    }
    let mut chains = Vec::new();
    for server in &group.servers {
        if server.is_http() {
            let names = connection_match(&[], &server.server_names());
            let unsecured = FilterChain { matches: names, ..http_chain(cx, server, bind, security) };
            chains.push(FilterChain { tls: server_tls(cx, server), ..unsecured });
        } else {
            chains.extend(server_chains(cx, server, security, sni_hosts));
        }
    }
    chains
}

fn http_chain(
    cx: &ProxyContext<'_>,
    server: &GatewayServer,
    bind: &Bind,
    security: &SecurityFilters,
) -> FilterChain {
    let filters = server.route_table().map(|table| {
        let name = server.server().name.as_deref().filter(|name| server.is_tls() && !name.is_empty());
        // A name that people chose stands alone; what istiod makes up ends where Envoy's names of statistics go on.
        let prefix = match (name, &bind.address) {
            (Some(name), _) => name.to_owned(),
            (None, BindAddress::Ip(address)) => format!("outbound_{address}_{};", bind.port),
            (None, BindAddress::Literal(text) | BindAddress::Unix(text)) => {
                format!("outbound_{text}_{};", bind.port)
            }
        };
        let connection = http_connection(
            cx,
            ConnectionClass::Gateway,
            prefix,
            RouteSource::Named(table),
            server.protocol,
            security.http.clone(),
        );
        NetworkFilter::Http(Box::new(connection))
    });
    let origin = server.gateway.origin(&server.path());
    chain(cx, ChainMatch::default(), filters.into_iter().collect(), None, origin)
}

fn without_route(server: &GatewayServer) -> Diagnostic {
    let path = server.path();
    let message = format!("no VirtualService routes port {} of the Gateway", server.port);
    Diagnostic::new(&codes::GATEWAY_SERVER_WITHOUT_ROUTE, message)
        .at(server.gateway.span(&path), "")
        .consequence("the gateway does not listen on the port")
        .help("bind a VirtualService with a rule for the port and a host of the server to the Gateway")
        .about(server.gateway.object_ref(), path)
}
