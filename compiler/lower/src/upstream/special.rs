//! Upstreams that every proxy has: nowhere, and wherever the client dialled (translation-spec §3.12).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use meshc_diagnostics::Origin;
use meshc_model::OutboundPolicy;
use meshc_plan::{
    ConnectionPool, Direction, Discovery, Upstream, UpstreamName, UpstreamProtocol, UpstreamTlsChoice,
};

use super::{configured_tls, connection_pool, discovery};
use crate::context::ProxyContext;

/// Where connections to the application come from, by IP family.
const SOURCE_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 6));
const SOURCE_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 6));

/// `BlackHoleCluster`: a connection that is sent there is closed, a request gets 503.
pub(super) fn black_hole(cx: &ProxyContext<'_>) -> Arc<Upstream> {
    Arc::new(Upstream {
        discovery: Discovery::Static(Vec::new()),
        protocol: UpstreamProtocol::Default,
        pool: ConnectionPool::default(),
        ..base(cx, UpstreamName::BlackHole, "Istio gives every proxy a cluster without endpoints")
    })
}

/// `PassthroughCluster`: the address that the application dialled.
pub(super) fn passthrough(cx: &ProxyContext<'_>) -> Arc<Upstream> {
    Arc::new(Upstream {
        metadata_exchange: cx.mesh.features.enable_metadata_exchange,
        ..base(cx, UpstreamName::Passthrough, "Istio gives every sidecar a cluster for unknown destinations")
    })
}

/// `AllowAnyDynamicDNSCluster`: the host that the request names, with outbound traffic policy ALLOW_ANY_DYNAMIC_DNS.
pub(super) fn allow_any_dynamic_dns(cx: &ProxyContext<'_>) -> Option<Arc<Upstream>> {
    if cx.scope.outbound_policy != OutboundPolicy::AllowAnyDynamicDns {
        return None;
    }
    let cache = UpstreamName::AllowAnyDynamicDns;
    Some(Arc::new(Upstream {
        discovery: Discovery::DynamicForwardProxy { cache: cache.clone() },
        metadata_exchange: cx.mesh.features.enable_metadata_exchange,
        // A mode that lacks its certificate is told where the policy is read.
        tls: cx
            .mesh
            .config
            .outbound_traffic_policy
            .as_ref()
            .and_then(|policy| policy.tls.as_ref())
            .and_then(|settings| configured_tls(cx, settings, None, false))
            .unwrap_or(UpstreamTlsChoice::None),
        ..base(cx, cache, "outboundTrafficPolicy ALLOW_ANY_DYNAMIC_DNS resolves hosts on demand")
    }))
}

/// `InboundPassthroughCluster`: the application, on the port that the client dialled.
pub(super) fn inbound_passthrough(cx: &ProxyContext<'_>) -> Arc<Upstream> {
    Arc::new(Upstream {
        // istiod copies the statistics name of the outbound one; dashboards count on it.
        stat_name: Some("PassthroughCluster;".to_owned()),
        direction: Direction::Inbound,
        bind_source: bind_sources(cx),
        ..base(cx, UpstreamName::InboundPassthrough, "Istio forwards ports that no Service names")
    })
}

/// The address for each IP family of the pods. Connections to ports that a Service names are made from one: istiod gives only this
/// upstream both.
fn bind_sources(cx: &ProxyContext<'_>) -> Vec<IpAddr> {
    match (cx.workload.both_families, cx.workload.is_ipv6()) {
        (false, _) => bind_source(cx),
        (true, false) => vec![SOURCE_V4, SOURCE_V6],
        (true, true) => vec![SOURCE_V6, SOURCE_V4],
    }
}

/// The address that connections to the application are made from, so that the capture rules let them pass.
pub(super) fn bind_source(cx: &ProxyContext<'_>) -> Vec<IpAddr> {
    vec![if cx.workload.is_ipv6() { SOURCE_V6 } else { SOURCE_V4 }]
}

fn base(cx: &ProxyContext<'_>, name: UpstreamName, rule: &'static str) -> Upstream {
    let config = &cx.mesh.config;
    let default = config.default_traffic_policy.as_ref().and_then(|policy| policy.connection_pool.as_ref());
    Upstream {
        name,
        stat_name: None,
        direction: Direction::Outbound,
        discovery: Discovery::OriginalDestination { port_override: None },
        dns: discovery::dns_resolution(cx, None),
        connect_timeout: config.connect_timeout.map_or(Duration::from_secs(10), |timeout| timeout.0),
        protocol: UpstreamProtocol::Downstream { preserve_header_case: super::preserves_header_case(cx) },
        pool: connection_pool::passthrough_pool(config, default),
        load_balancing: None,
        outlier: None,
        tls: UpstreamTlsChoice::None,
        proxy_protocol: None,
        metadata_exchange: false,
        bind_source: Vec::new(),
        cleanup_interval: None,
        explicit_common_lb: false,
        services: Vec::new(),
        workload: None,
        config: None,
        subset: None,
        external: false,
        origin: Origin::Default { rule },
    }
}
