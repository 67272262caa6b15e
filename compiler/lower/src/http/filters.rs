//! The HTTP filters of a connection in their order of execution (translation-spec §6.2).

use meshc_api::mesh_config::MetadataExchangeMode;
use meshc_model::Protocol;
use meshc_plan::HttpFilter;

use super::ConnectionClass;
use super::proxy_headers::suppress_envoy_headers;
use crate::context::ProxyContext;
use crate::telemetry;

/// The filters. Peers are known before policy reads them; `security` stands before whatever changes the request.
pub(super) fn filters(
    cx: &ProxyContext<'_>,
    class: ConnectionClass,
    protocol: Protocol,
    security: Vec<HttpFilter>,
) -> Vec<HttpFilter> {
    let features = &cx.mesh.features;
    let exchange = features.enable_metadata_exchange.then(|| metadata_exchange(cx, class));
    let grpc_web = (protocol == Protocol::GrpcWeb).then_some(HttpFilter::GrpcWeb);
    let alpn = class != ConnectionClass::Inbound && features.enable_alpn_filter;
    let stats = telemetry::stats_filter(cx, class).map(HttpFilter::Stats);
    let sessions = class != ConnectionClass::Inbound && features.enable_persistent_session_filter;
    let router = HttpFilter::Router { suppress_envoy_headers: suppress_envoy_headers(cx) };
    exchange
        .into_iter()
        .chain(security)
        .chain(grpc_web)
        .chain([HttpFilter::GrpcStats])
        .chain(alpn.then_some(HttpFilter::IstioAlpn))
        .chain([HttpFilter::Fault, HttpFilter::Cors])
        .chain(stats)
        .chain(sessions.then_some(HttpFilter::StatefulSession))
        .chain([router])
        .collect()
}

/// Puts a filter where everything but forwarding has happened.
pub(crate) fn insert_before_router(filters: &mut Vec<HttpFilter>, filter: HttpFilter) {
    let router = filters.iter().position(|filter| matches!(filter, HttpFilter::Router { .. }));
    filters.insert(router.unwrap_or(filters.len()), filter);
}

/// Inbound, the peer is the client; otherwise it is the destination, which is told nothing if it is outside of the mesh
/// and `metadataExchangeHeaders.mode` is `IN_MESH`.
fn metadata_exchange(cx: &ProxyContext<'_>, class: ConnectionClass) -> HttpFilter {
    let downstream = class == ConnectionClass::Inbound;
    let headers = cx.workload.proxy_config.proxy_headers.as_ref();
    let mode =
        headers.and_then(|headers| headers.metadata_exchange_headers.as_ref()).map(|stated| stated.mode);
    HttpFilter::MetadataExchange {
        downstream,
        skip_external: !downstream && mode == Some(MetadataExchangeMode::InMesh),
    }
}
