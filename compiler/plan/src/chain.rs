//! Filter chains: which connections, what transport security, which filters.

use std::time::Duration;

use meshc_contract::ObjectRef;
use meshc_diagnostics::Origin;

use crate::{ChainMatch, DownstreamTls, NetworkFilter};

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

impl AsRef<ChainMatch> for FilterChain {
    fn as_ref(&self) -> &ChainMatch {
        &self.matches
    }
}
