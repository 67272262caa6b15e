//! HTTP filters.

use crate::{AuthorizationFilter, JwtAuthentication, StatsFilter, UpstreamName};

/// One HTTP filter. The variants stand in the order in which Istio runs them (translation-spec §6.2): peers are known
/// before policy reads them, tokens before policy reads their claims, policy before faults and metrics, the router last.
#[derive(Debug, Clone, PartialEq)]
pub enum HttpFilter {
    /// Exchanges workload metadata with the peer (Istio's own build only).
    MetadataExchange {
        /// Whether the filter looks at the downstream (inbound) or at the upstream.
        downstream: bool,
        /// Whether nothing is told to services outside of the mesh.
        skip_external: bool,
    },
    /// Checks JSON web tokens.
    JwtAuthentication(JwtAuthentication),
    /// Authorization by request attributes.
    Authorization(AuthorizationFilter),
    /// Translates gRPC-Web.
    GrpcWeb,
    /// Counts gRPC messages.
    GrpcStats,
    /// Picks the ALPN of the upstream connection by the protocol of the request (Istio's own build only).
    IstioAlpn,
    /// Injects the faults that a route states.
    Fault,
    /// Answers CORS as a route states.
    Cors,
    /// Istio's metrics (Istio's own build only).
    Stats(StatsFilter),
    /// Sends requests of a session to its endpoint, as a route or a virtual host states.
    StatefulSession,
    /// Resolves the host that the request names, for an upstream that finds its endpoints so.
    DynamicForwardProxy {
        /// The upstream whose DNS cache it fills.
        cache: UpstreamName,
    },
    /// Forwards; always last.
    Router {
        /// Whether `x-envoy-*` headers are left out of responses.
        suppress_envoy_headers: bool,
    },
}
