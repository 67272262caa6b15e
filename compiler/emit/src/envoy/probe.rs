//! Probes and hooks of the kubelet, which cannot speak mTLS and is let in beside the mesh (dataplane.md §4.3).
//!
//! A request is forwarded to the address that the kubelet dialled, with the port of the application, so that the pod's address
//! need not be known. A connection or a gRPC call is made by the proxy itself, over and over; the kubelet is told the outcome of
//! the last try.

use std::time::Duration;

use meshc_plan::{ProbeBridge, ProbeKind, ProbeRoute, ProbeTarget, ProbeTiming};

use super::xds::{self, Any, Empty, Extension};
use super::{EnvoyOptions, bootstrap};

/// Clusters that forward requests to the application, without and with TLS.
const PLAIN_CLUSTER: &str = "probe-http";
const TLS_CLUSTER: &str = "probe-https";

/// Connections with this source address are not captured on their way to the application.
const UNCAPTURED_SOURCE: &str = "127.0.0.6";

/// Time between two tries while the application does not answer.
const UNTIL_HEALTHY: Duration = Duration::from_secs(1);

/// The path at which the bridge answers for a probe, as Istio's agent has it.
#[must_use]
pub fn probe_path(probe: &ProbeRoute) -> String {
    let ProbeRoute { container, kind, target: _ } = probe;
    match kind {
        ProbeKind::Startup => format!("/app-health/{container}/startupz"),
        ProbeKind::Readiness => format!("/app-health/{container}/readyz"),
        ProbeKind::Liveness => format!("/app-health/{container}/livez"),
        ProbeKind::PostStart => format!("/app-lifecycle/{container}/poststartz"),
        ProbeKind::PreStop => format!("/app-lifecycle/{container}/prestopz"),
    }
}

/// What a bridge adds to a bootstrap.
pub(super) struct BridgeResources {
    pub(super) listener: xds::Listener,
    pub(super) clusters: Vec<xds::Cluster>,
}

/// The listener of a bridge and the clusters behind it.
pub(super) fn bridge(bridge: &ProbeBridge, options: &EnvoyOptions) -> BridgeResources {
    let ProbeBridge { port, probes } = bridge;
    let (mut filters, mut routes, mut clusters) = (Vec::new(), Vec::new(), Vec::new());
    let (mut forwards, mut forwards_tls) = (false, false);
    for probe in probes {
        match &probe.target {
            ProbeTarget::Http { port, path, tls } => {
                forwards |= !tls;
                forwards_tls |= tls;
                let cluster = if *tls { TLS_CLUSTER } else { PLAIN_CLUSTER };
                routes.push(forward(probe_path(probe), cluster, *port, path));
            }
            ProbeTarget::Tcp { port, timing } => {
                filters.push(answer(probe));
                clusters.push(checked(probe, *port, *timing, Check::Tcp, options));
            }
            ProbeTarget::Grpc { port, service, timing } => {
                filters.push(answer(probe));
                clusters.push(checked(probe, *port, *timing, Check::Grpc(service), options));
            }
        }
    }
    clusters.extend(forwards.then(|| original_destination(PLAIN_CLUSTER, None)));
    clusters.extend(forwards_tls.then(|| original_destination(TLS_CLUSTER, Some(unverified_tls()))));
    let table = xds::RouteConfiguration {
        virtual_hosts: vec![xds::VirtualHost { routes, ..bootstrap::any_host("probes") }],
        ..xds::RouteConfiguration::default()
    };
    let listener = bootstrap::own_listener(*port, "probes", &table, filters, options);
    BridgeResources { listener, clusters }
}

/// Forwards a request to the address at which it came in. The header is overwritten, or whoever reaches the bridge could send it
/// anywhere.
fn forward(from: String, cluster: &str, port: u16, to: &str) -> xds::Route {
    let destination = xds::HeaderValueOption {
        header: Some(xds::HeaderValue {
            key: "x-envoy-original-dst-host".to_owned(),
            value: format!("%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%:{port}"),
        }),
        append_action: Some(xds::AppendAction::OverwriteIfExistsOrAdd),
    };
    xds::Route {
        r#match: Some(xds::RouteMatch { path: Some(from), ..xds::RouteMatch::default() }),
        route: Some(xds::RouteAction {
            cluster: Some(cluster.to_owned()),
            prefix_rewrite: to.to_owned(),
            // The kubelet has its own idea of how long it waits.
            timeout: Some(xds::Duration::seconds(0)),
            ..xds::RouteAction::default()
        }),
        request_headers_to_add: vec![destination],
        ..xds::Route::default()
    }
}

/// Answers a probe with what the checks of its cluster have found.
fn answer(probe: &ProbeRoute) -> xds::HttpFilter {
    let path = xds::HeaderMatcher {
        name: ":path".to_owned(),
        string_match: Some(xds::StringMatcher {
            exact: Some(probe_path(probe)),
            ..xds::StringMatcher::default()
        }),
        ..xds::HeaderMatcher::default()
    };
    let healthy = (cluster_name(probe), xds::Percent::new(100.0));
    let config = xds::HealthCheckFilter {
        pass_through_mode: Some(false),
        cluster_min_healthy_percentages: [healthy].into(),
        headers: vec![path],
    };
    xds::HttpFilter {
        name: format!("envoy.filters.http.health_check{}", probe_path(probe)).into(),
        typed_config: Some(Box::new(Any::HealthCheck(config))),
    }
}

fn cluster_name(probe: &ProbeRoute) -> String {
    format!("probe{}", probe_path(probe))
}

enum Check<'p> {
    Tcp,
    Grpc(&'p str),
}

/// A cluster of the application on loopback, asked as often as the kubelet would ask. One try decides, since the kubelet counts.
fn checked(
    probe: &ProbeRoute,
    port: u16,
    timing: ProbeTiming,
    check: Check<'_>,
    options: &EnvoyOptions,
) -> xds::Cluster {
    let ProbeTiming { period, timeout } = timing;
    let until_healthy = Some(xds::Duration(period.min(UNTIL_HEALTHY)));
    let period = Some(xds::Duration(period));
    let (tcp_health_check, grpc_health_check) = match check {
        Check::Tcp => (Some(Empty {}), None),
        Check::Grpc(service) => (None, Some(xds::GrpcHealthCheck { service_name: service.to_owned() })),
    };
    let http2 = grpc_health_check.is_some().then(bootstrap::http2_options);
    xds::Cluster {
        health_checks: vec![xds::HealthCheck {
            timeout: Some(xds::Duration(timeout)),
            interval: period,
            unhealthy_threshold: Some(1),
            healthy_threshold: Some(1),
            tcp_health_check,
            grpc_health_check,
            // An application that starts is found within a second, or the kubelet would learn of it a period late. Without the
            // intervals for no traffic Envoy asks a cluster that has none once a minute.
            no_traffic_interval: until_healthy,
            unhealthy_interval: until_healthy,
            no_traffic_healthy_interval: period,
        }],
        typed_extension_protocol_options: http2.into_iter().collect(),
        ..bootstrap::loopback_cluster(&cluster_name(probe), port, options)
    }
}

fn original_destination(name: &str, transport_socket: Option<Extension>) -> xds::Cluster {
    let source =
        xds::SocketAddress { protocol: None, address: UNCAPTURED_SOURCE.to_owned(), port_value: Some(0) };
    xds::Cluster {
        name: name.to_owned(),
        r#type: Some(xds::DiscoveryType::OriginalDst),
        connect_timeout: Some(xds::Duration::seconds(1)),
        lb_policy: Some(xds::LbPolicy::ClusterProvided),
        original_dst_lb_config: Some(xds::OriginalDstLbConfig {
            use_http_header: true,
            ..xds::OriginalDstLbConfig::default()
        }),
        upstream_bind_config: Some(xds::BindConfig {
            source_address: Some(source),
            ..xds::BindConfig::default()
        }),
        transport_socket,
        ..xds::Cluster::default()
    }
}

/// The kubelet does not verify the certificate of an application either.
fn unverified_tls() -> Extension {
    let context = xds::UpstreamTlsContext {
        common_tls_context: Some(xds::CommonTlsContext::default()),
        sni: String::new(),
    };
    Extension::new("envoy.transport_sockets.tls", Any::UpstreamTls(context))
}
