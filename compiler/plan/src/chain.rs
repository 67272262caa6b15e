//! Filter chains: which connections, what transport security, which filters.

use std::net::IpAddr;
use std::time::Duration;

use meshc_contract::ObjectRef;
use meshc_diagnostics::Origin;

use crate::{DownstreamTls, NetworkFilter};

/// One filter chain of a listener.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterChain {
    /// Name, where Istio gives one (`virtualOutbound-blackhole`, `PassthroughFilterChain`, `0.0.0.0_9080`).
    pub name: Option<String>,
    /// Which connections.
    pub matches: ChainMatch,
    /// TLS that the proxy terminates.
    pub tls: Option<DownstreamTls>,
    /// Network filters in order; the last one is terminal.
    pub filters: Vec<NetworkFilter>,
    /// The VirtualService that decided it, which Istio puts into the metadata.
    pub config: Option<ObjectRef>,
    /// `transport_socket_connect_timeout`.
    pub handshake_timeout: Option<Duration>,
    /// Why the chain exists.
    pub origin: Origin,
}

/// Criteria of a chain; an empty one matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChainMatch {
    /// Original destination port.
    pub destination_port: Option<u16>,
    /// Destination networks (address, prefix length), in order.
    pub destination_networks: Vec<(IpAddr, u8)>,
    /// SNI names, in order; may start with `*.`.
    pub server_names: Vec<String>,
    /// Transport protocol that the TLS inspector found.
    pub transport_protocol: Option<TransportProtocol>,
    /// ALPN, or what the HTTP inspector found, in order.
    pub application_protocols: Vec<String>,
}

/// Transport protocol of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TransportProtocol {
    /// Not TLS.
    RawBuffer,
    /// TLS.
    Tls,
}
