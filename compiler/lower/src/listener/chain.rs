//! Matches of outbound chains (translation-spec §2.5).

use std::time::Duration;

use meshc_contract::ObjectRef;
use meshc_diagnostics::Origin;
use meshc_plan::{ChainMatch, FilterChain, NetworkFilter, TransportProtocol};

use super::bind::Network;
use crate::context::ProxyContext;

/// What the HTTP inspector calls HTTP without TLS.
pub(crate) fn plaintext_http(cx: &ProxyContext<'_>) -> Vec<String> {
    let http_10 = cx.mesh.features.http10.then_some("http/1.0");
    http_10.into_iter().chain(["http/1.1", "h2c"]).map(str::to_owned).collect()
}

/// The match of HTTP beside other protocols.
pub(super) fn sniffed_http(cx: &ProxyContext<'_>) -> ChainMatch {
    ChainMatch {
        transport_protocol: Some(TransportProtocol::RawBuffer),
        application_protocols: plaintext_http(cx),
        ..ChainMatch::default()
    }
}

/// The match of connections by address and server name. Names are sorted, `*` matches everything; so does the whole
/// address space.
pub(crate) fn connection_match(networks: &[Network], server_names: &[String]) -> ChainMatch {
    let mut destination_networks: Vec<Network> =
        networks.iter().filter(|(address, _)| !address.is_unspecified()).copied().collect();
    destination_networks.sort_by_key(|(address, length)| (address.to_string(), *length));
    let mut server_names =
        if server_names.iter().any(|name| name == "*") { Vec::new() } else { server_names.to_vec() };
    server_names.sort();
    server_names.dedup();
    ChainMatch { destination_networks, server_names, ..ChainMatch::default() }
}

/// A chain that takes connections of clients.
pub(crate) fn chain(
    cx: &ProxyContext<'_>,
    matches: ChainMatch,
    filters: Vec<NetworkFilter>,
    config: Option<ObjectRef>,
    origin: Origin,
) -> FilterChain {
    FilterChain {
        name: None,
        matches,
        tls: None,
        filters,
        config,
        handshake_timeout: handshake_timeout(cx),
        origin,
    }
}

/// Time for the TLS handshake with a client; none if istiod is told so.
pub(crate) fn handshake_timeout(cx: &ProxyContext<'_>) -> Option<Duration> {
    Some(cx.mesh.features.gateway_transport_socket_connect_timeout.0).filter(|time| !time.is_zero())
}
