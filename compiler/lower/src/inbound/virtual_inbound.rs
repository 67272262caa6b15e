//! The listeners of a sidecar for traffic to its application (translation-spec §4.1, §4.2).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use meshc_diagnostics::{Diagnostics, Origin};
use meshc_model::Interception;
use meshc_plan::{
    Bind, BindAddress, Capture, ChainMatch, Direction, FilterChain, Listener, ListenerFilters, ListenerName,
    ListenerTransport, NetworkFilter, TcpProxy, UpstreamName,
};

use super::chains::{self, ChainTarget, metadata_exchange};
use super::inspectors::inspectors;
use super::passthrough;
use super::ports::{InboundPort, inbound_ports};
use super::sidecar_ingress::IngressListener;
use crate::context::ProxyContext;
use crate::http::ConnectionClass;
use crate::listener::bind::{dual_stack, wildcard};
use crate::proxy::{inbound_capture_port, is_reserved_port};
use crate::security::SecurityFilters;
use crate::telemetry;
use crate::upstream::StatName;

/// Mark of connections that keep the address of the client (TPROXY), by which the capture rules know them.
const SOURCE_MARK: u32 = 1337;

/// `virtualInbound`, which takes captured connections, then the listeners of a Sidecar that bind their port.
pub(crate) fn listeners(
    cx: &ProxyContext<'_>,
    security: &SecurityFilters,
    diags: &mut Diagnostics,
) -> Vec<Arc<Listener>> {
    let mtls = cx.mesh.inbound_mtls(cx.workload);
    let ports = inbound_ports(cx, diags);
    let mut captured = Vec::new();
    let mut bound = Vec::new();
    for port in ports.iter().filter(|port| can_take(cx, port)) {
        let chains = chains::chains(cx, &target(cx, port), mtls.port(port.number), security);
        match &port.ingress {
            Some(listener) if listener.bound => bound.push(Arc::new(bound_listener(cx, port, chains))),
            _ => captured.extend(chains),
        }
    }
    if cx.workload.interception == Interception::None {
        return bound;
    }
    let mut all = vec![black_hole(cx)];
    all.extend(passthrough::chains(cx, &mtls, &ports, security));
    all.extend(captured);
    std::iter::once(Arc::new(virtual_inbound(cx, all))).chain(bound).collect()
}

/// Whether the proxy may take a port: not its own ports, and none below 1024 that it would have to bind without the right.
fn can_take(cx: &ProxyContext<'_>, port: &InboundPort<'_>) -> bool {
    let bound = port.ingress.as_ref().is_some_and(|listener| listener.bound);
    let forbidden = bound && port.number < 1024 && !cx.workload.privileged_ports;
    !forbidden && !is_reserved_port(cx, port.number)
}

fn target(cx: &ProxyContext<'_>, port: &InboundPort<'_>) -> ChainTarget {
    let bind = bind_address(cx, port);
    let name = format!("{bind}_{}", port.number);
    // For a port that a Sidecar states, istiod invents a service with the name of the Sidecar, also where a Service leads there.
    let sidecar = port.ingress.as_ref().and(cx.scope.sidecar.as_ref());
    let host = match (sidecar, port.service) {
        (Some(sidecar), _) => format!("{}.{}", sidecar.name(), sidecar.namespace()),
        (None, service) => service.map(|service| service.host().to_owned()).unwrap_or_default(),
    };
    let stat_name = port.service.map(|service| StatName {
        service,
        port: &port.service_port,
        subset: None,
        target_port: Some(port.number),
    });
    let pattern = &cx.mesh.config.inbound_cluster_stat_name;
    ChainTarget {
        port: Some(port.number),
        names: (name.clone(), name.clone()),
        upstream: UpstreamName::Inbound { port: port.number },
        http_stat_prefix: format!("inbound_{name};"),
        tcp_stat_prefix: stat_name.filter(|_| !pattern.is_empty()).map(|name| name.expand(pattern)),
        protocol: port.protocol(),
        tls: port.ingress.as_ref().and_then(|listener| listener.tls.clone()),
        service: (host, port.service_port.number),
        config: sidecar.map(|sidecar| sidecar.object_ref()),
        origin: port.origin.clone(),
    }
}

/// Where a port is. An ingress listener without an address has that of the pod, if the tree states it.
fn bind_address(cx: &ProxyContext<'_>, port: &InboundPort<'_>) -> IpAddr {
    let of_listener = |listener: &IngressListener| listener.bind.or(cx.workload.address);
    port.ingress.as_ref().and_then(of_listener).unwrap_or_else(|| wildcard(cx))
}

/// What dials the capture port itself would loop for ever; it is closed.
fn black_hole(cx: &ProxyContext<'_>) -> FilterChain {
    let stats = telemetry::stats_filter(cx, ConnectionClass::Inbound).map(NetworkFilter::Stats);
    let tcp = TcpProxy {
        stat_prefix: None,
        upstreams: vec![(UpstreamName::BlackHole, None)],
        idle_timeout: None,
        max_connection_duration: None,
        hash_source_ip: false,
        tunnel: None,
        access_logs: Vec::new(),
    };
    FilterChain {
        name: Some("virtualInbound-blackhole".to_owned()),
        matches: ChainMatch { destination_port: Some(inbound_capture_port(cx)), ..ChainMatch::default() },
        tls: None,
        filters: metadata_exchange(cx).chain(stats).chain([NetworkFilter::Tcp(tcp)]).collect(),
        config: None,
        handshake_timeout: None,
        origin: Origin::Default { rule: "Istio closes connections to the capture port itself" },
    }
}

fn virtual_inbound(cx: &ProxyContext<'_>, chains: Vec<FilterChain>) -> Listener {
    let transparent = cx.workload.interception == Interception::Tproxy;
    let bind = Bind { address: BindAddress::Ip(wildcard(cx)), port: inbound_capture_port(cx) };
    let origin = Origin::Default { rule: "Istio adds virtualInbound to every sidecar" };
    listener(cx, ListenerName::VirtualInbound, bind, Capture::Captured { transparent }, chains, origin)
}

fn bound_listener(cx: &ProxyContext<'_>, port: &InboundPort<'_>, chains: Vec<FilterChain>) -> Listener {
    let address = bind_address(cx, port);
    let name = ListenerName::Address { address, port: port.number };
    let bind = Bind { address: BindAddress::Ip(address), port: port.number };
    listener(cx, name, bind, Capture::Bound, chains, port.origin.clone())
}

fn listener(
    cx: &ProxyContext<'_>,
    name: ListenerName,
    bind: Bind,
    capture: Capture,
    chains: Vec<FilterChain>,
    origin: Origin,
) -> Listener {
    let (tls_inspector, http_inspector) = inspectors(&chains);
    let filters = ListenerFilters {
        proxy_protocol: false,
        original_destination: matches!(capture, Capture::Captured { .. }),
        original_source_mark: (capture == Capture::Captured { transparent: true }).then_some(SOURCE_MARK),
        tls_inspector,
        http_inspector,
    };
    let per_event = cx.mesh.features.max_connections_per_socket_event_loop;
    let additional = match capture {
        Capture::Captured { .. } => dual_stack(cx, bind.port),
        Capture::Bound | Capture::ByOriginalDestination | Capture::Redirecting { .. } => Vec::new(),
    };
    Listener {
        name,
        bind,
        additional,
        transport: ListenerTransport::Tcp,
        capture,
        direction: Direction::Inbound,
        filters,
        filters_timeout: Some(
            cx.mesh.config.protocol_detection_timeout.map_or(Duration::ZERO, |timeout| timeout.0),
        ),
        continue_on_filters_timeout: true,
        exact_balance: cx.workload.metadata_flag("INBOUND_LISTENER_EXACT_BALANCE"),
        max_accepts_per_event: (per_event > 0).then_some(per_event),
        buffer_limit: None,
        chains,
        default_chain: None,
        access_logs: telemetry::listener_logs(cx),
        origin,
    }
}
