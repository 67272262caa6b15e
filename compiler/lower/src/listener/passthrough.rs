//! What happens to connections to destinations that a sidecar does not know (translation-spec §2.11).

use meshc_diagnostics::Origin;
use meshc_model::OutboundPolicy;
use meshc_plan::{ChainMatch, FilterChain, NetworkFilter, TcpProxy, UpstreamName};

use crate::context::ProxyContext;
use crate::http::{ConnectionClass, allowed_upstream, idle_timeout};
use crate::telemetry;

/// The chain for what no other chain of a listener takes.
pub(super) fn passthrough_chain(cx: &ProxyContext<'_>) -> FilterChain {
    FilterChain {
        name: Some("PassthroughFilterChain".to_owned()),
        matches: ChainMatch::default(),
        tls: None,
        filters: passthrough_filters(cx),
        config: None,
        handshake_timeout: None,
        origin: Origin::Default {
            rule: "Istio lets other traffic of a port follow the outbound traffic policy",
        },
    }
}

/// Filters that do what the outbound traffic policy says.
pub(super) fn passthrough_filters(cx: &ProxyContext<'_>) -> Vec<NetworkFilter> {
    let upstream = match cx.scope.outbound_policy {
        OutboundPolicy::AllowAny | OutboundPolicy::AllowAnyDynamicDns => allowed_upstream(cx),
        OutboundPolicy::RegistryOnly => UpstreamName::BlackHole,
    };
    let proxy = TcpProxy {
        stat_prefix: None,
        upstreams: vec![(upstream, None)],
        idle_timeout: idle_timeout(cx),
        max_connection_duration: None,
        hash_source_ip: false,
        tunnel: None,
        access_logs: telemetry::connection_logs(cx),
    };
    with_stats(cx, proxy)
}

/// Filters that close every connection.
pub(super) fn black_hole_filters(cx: &ProxyContext<'_>) -> Vec<NetworkFilter> {
    let proxy = TcpProxy {
        stat_prefix: None,
        upstreams: vec![(UpstreamName::BlackHole, None)],
        idle_timeout: None,
        max_connection_duration: None,
        hash_source_ip: false,
        tunnel: None,
        access_logs: Vec::new(),
    };
    with_stats(cx, proxy)
}

fn with_stats(cx: &ProxyContext<'_>, proxy: TcpProxy) -> Vec<NetworkFilter> {
    let stats = telemetry::stats_filter(cx, ConnectionClass::Outbound).map(NetworkFilter::Stats);
    stats.into_iter().chain([NetworkFilter::Tcp(proxy)]).collect()
}
