//! Upstreams to the application itself (translation-spec §3.12).

use std::sync::Arc;
use std::time::Duration;

use meshc_api::istio::ConnectionPoolSettings;
use meshc_model::ResolvedDestinationRule;
use meshc_plan::{
    Direction, Discovery, Endpoint, EndpointAddress, EndpointGroup, Upstream, UpstreamName, UpstreamProtocol,
    UpstreamTlsChoice,
};

use super::stat_name::StatName;
use super::traffic_policy::EffectivePolicy;
use super::{connection_pool, discovery, service, special};
use crate::context::ProxyContext;
use crate::inbound::{ApplicationEndpoint, InboundPort, default_endpoint};

/// `cleanup_interval` of upstreams to the dialled address: the longest that istiod can state. There is one host, the pod
/// itself, so that nothing needs cleaning up.
const CLEANUP_INTERVAL: Duration = Duration::from_secs(9_223_372_035);

/// The upstream of a port of the application.
pub(super) fn upstream(cx: &ProxyContext<'_>, port: &InboundPort<'_>) -> Arc<Upstream> {
    let rule = port.service.and_then(|service| cx.mesh.inbound_destination_rule(cx.workload, service));
    let rule = rule.as_deref().filter(|rule| rule.spec.traffic_policy.is_some());
    let policy = policy(cx, port, rule);
    let config = &cx.mesh.config;
    let protocol = service::protocol_facts(cx, port.protocol()).inbound(policy.connection_pool);
    let http2 = protocol == UpstreamProtocol::Http2;
    let discovery = discovery(cx, port);
    let dialled = matches!(discovery, Discovery::OriginalDestination { .. });
    Arc::new(Upstream {
        name: UpstreamName::Inbound { port: port.number },
        stat_name: stat_name(cx, port),
        direction: Direction::Inbound,
        // Connections from the address of the loopback are the proxy's own, which capture lets pass in any case.
        bind_source: if is_loopback(&discovery) { Vec::new() } else { special::bind_source(cx) },
        discovery,
        dns: discovery::dns_resolution(cx, None),
        connect_timeout: connection_pool::connect_timeout(config, policy.connection_pool),
        protocol,
        pool: connection_pool::connection_pool(config, policy.connection_pool, policy.retry_budget, http2),
        load_balancing: None,
        outlier: None,
        tls: UpstreamTlsChoice::None,
        proxy_protocol: None,
        metadata_exchange: false,
        cleanup_interval: dialled.then_some(CLEANUP_INTERVAL),
        explicit_common_lb: true,
        services: if cx.mesh.features.enable_telemetry_label {
            port.services.iter().map(|service| service::upstream_service(service)).collect()
        } else {
            Vec::new()
        },
        workload: None,
        config: rule.map(|rule| rule.object.clone()),
        subset: None,
        external: false,
        origin: port.origin.clone(),
    })
}

/// In what the upstreams of a port differ by which of two services leads to it first, beside the service that they name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InboundDifference {
    /// Limits, timeouts or the protocol towards the application.
    pub(crate) limits: bool,
    /// Under which name statistics are kept.
    pub(crate) stat_name: bool,
}

/// Compares them.
pub(crate) fn inbound_difference(
    cx: &ProxyContext<'_>,
    one: &InboundPort<'_>,
    other: &InboundPort<'_>,
) -> InboundDifference {
    let (one, other) = (upstream(cx, one), upstream(cx, other));
    InboundDifference {
        limits: (&one.pool, one.connect_timeout, &one.protocol)
            != (&other.pool, other.connect_timeout, &other.protocol),
        stat_name: one.stat_name != other.stat_name,
    }
}

/// Limits of the receiving side: those of the DestinationRule of the service, since both ends must be able to carry what
/// it allows; a Sidecar replaces them as a whole.
fn policy<'a>(
    cx: &ProxyContext<'a>,
    port: &'a InboundPort<'_>,
    rule: Option<&'a ResolvedDestinationRule>,
) -> EffectivePolicy<'a> {
    let stated = rule.and_then(|rule| rule.spec.traffic_policy.as_ref());
    let policy = EffectivePolicy::for_port(stated, port.service_port.number)
        .with_mesh_default(cx.mesh.config.default_traffic_policy.as_ref());
    let sidecar: Option<&ConnectionPoolSettings> = port.sidecar_pool.as_ref();
    EffectivePolicy { connection_pool: sidecar.or(policy.connection_pool), ..policy }
}

fn stat_name(cx: &ProxyContext<'_>, port: &InboundPort<'_>) -> Option<String> {
    let name = StatName {
        service: port.service?,
        port: &port.service_port,
        subset: None,
        target_port: Some(port.number),
    };
    name.of(&cx.mesh.config.inbound_cluster_stat_name)
}

fn discovery(cx: &ProxyContext<'_>, port: &InboundPort<'_>) -> Discovery {
    let endpoint = match &port.ingress {
        Some(listener) => listener.endpoint.clone(),
        None => default_endpoint(cx, port.number),
    };
    let address = match endpoint {
        ApplicationEndpoint::Dialled(port_override) => {
            return Discovery::OriginalDestination { port_override };
        }
        ApplicationEndpoint::Local(address, port) => EndpointAddress::Ip(address, port),
        ApplicationEndpoint::Unix(path) => EndpointAddress::Unix(path),
    };
    let endpoint = Endpoint { address, weight: None, mtls: false, workload: None, health: None };
    Discovery::Static(vec![EndpointGroup {
        locality: None,
        weight: None,
        priority: 0,
        endpoints: vec![endpoint],
    }])
}

fn is_loopback(discovery: &Discovery) -> bool {
    let Discovery::Static(groups) = discovery else { return false };
    groups
        .iter()
        .flat_map(|group| &group.endpoints)
        .any(|endpoint| matches!(endpoint.address, EndpointAddress::Ip(address, _) if address.is_loopback()))
}
