//! How HTTP is spoken on a chain: what Envoy's connection manager is told (translation-spec §6.1, §6.3).

use meshc_api::mesh_config::NormalizationType;
use meshc_model::Protocol;
use meshc_plan::{HttpConnection, HttpFilter, PathNormalization, RouteSource};

use super::connection_limits::connection_limits;
use super::filters::filters;
use super::proxy_headers::{
    append_forwarded_port, client_cert_details, forward_client_cert, generate_request_id,
    preserve_header_case, server_header,
};
use crate::context::ProxyContext;
use crate::telemetry;

/// Which side of which proxy speaks HTTP; many defaults of Istio depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ConnectionClass {
    /// A sidecar towards its application.
    Inbound,
    /// A sidecar towards others.
    Outbound,
    /// A gateway.
    Gateway,
}

/// The HTTP connection of a chain. `security` are the filters of authorization and authentication in their order of
/// execution; outbound chains of sidecars have none.
pub(crate) fn http_connection(
    cx: &ProxyContext<'_>,
    class: ConnectionClass,
    stat_prefix: String,
    routes: RouteSource,
    protocol: Protocol,
    security: Vec<HttpFilter>,
) -> HttpConnection {
    let features = &cx.mesh.features;
    let gateway = class == ConnectionClass::Gateway;
    HttpConnection {
        stat_prefix,
        routes,
        filters: filters(cx, class, protocol, security),
        access_logs: telemetry::request_logs(cx),
        tracing: telemetry::tracing(cx),
        request_id_for_trace_sampling: true,
        use_remote_address: match class {
            ConnectionClass::Inbound => false,
            ConnectionClass::Outbound => features.sidecar_use_remote_address,
            ConnectionClass::Gateway => true,
        },
        trusted_hops: if gateway { trusted_hops(cx) } else { 0 },
        server_header: server_header(cx, class),
        forward_client_cert: forward_client_cert(cx, class),
        client_cert_details: client_cert_details(cx, class),
        path_normalization: path_normalization(cx),
        explicit_http1_options: gateway,
        accept_http_10: features.http10
            || cx.workload.metadata.get("HTTP10").is_some_and(|value| value == "1"),
        allow_absolute_url: false,
        preserve_header_case: preserve_header_case(cx),
        http2: class == ConnectionClass::Inbound && protocol.is_http2(),
        append_forwarded_port: append_forwarded_port(cx),
        generate_request_id: generate_request_id(cx),
        proxy_100_continue: features.enable_100_continue_headers,
        internal_networks: Vec::new(),
        limits: connection_limits(cx),
    }
}

/// `gatewayTopology.numTrustedProxies`.
fn trusted_hops(cx: &ProxyContext<'_>) -> u32 {
    cx.workload.proxy_config.gateway_topology.as_ref().map_or(0, |topology| topology.num_trusted_proxies)
}

/// `pathNormalization` of the mesh; Istio's default is RFC 3986.
fn path_normalization(cx: &ProxyContext<'_>) -> PathNormalization {
    let stated = cx.mesh.config.path_normalization.as_ref().map(|stated| stated.normalization);
    match stated.unwrap_or(NormalizationType::Default) {
        NormalizationType::None => PathNormalization::None,
        NormalizationType::Default | NormalizationType::Base => PathNormalization::Base,
        NormalizationType::MergeSlashes => PathNormalization::MergeSlashes,
        NormalizationType::DecodeAndMergeSlashes => PathNormalization::DecodeAndMergeSlashes,
    }
}
