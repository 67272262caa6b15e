//! Filter chains of one inbound port (translation-spec §4.2, §4.6, §4.7).

use meshc_contract::ObjectRef;
use meshc_diagnostics::Origin;
use meshc_model::{MtlsMode, Protocol};
use meshc_plan::{
    ChainMatch, DownstreamTls, FilterChain, NetworkFilter, RouteSource, TcpProxy, UpstreamName,
};

use super::matching::{Carried, Way, ways};
use super::route::{self, InboundRoute};
use super::tls::mutual_tls;
use crate::context::ProxyContext;
use crate::http::{ConnectionClass, http_connection, idle_timeout};
use crate::listener::network_filters::terminal;
use crate::security::SecurityFilters;
use crate::telemetry;

/// What the chains of a port are made for.
#[derive(Debug, Clone)]
pub(super) struct ChainTarget {
    /// Port that is matched; `None` matches all that no other chain names.
    pub(super) port: Option<u16>,
    /// Name of the chains that carry HTTP, and of those that carry bytes.
    pub(super) names: (String, String),
    /// Where traffic goes.
    pub(super) upstream: UpstreamName,
    /// Prefix of the statistics of HTTP, with the `;` that ends Istio's tag.
    pub(super) http_stat_prefix: String,
    /// Prefix of the statistics of bytes; `None` is the name of the upstream.
    pub(super) tcp_stat_prefix: Option<String>,
    /// Protocol of the port.
    pub(super) protocol: Protocol,
    /// TLS that is terminated in place of mTLS of the mesh.
    pub(super) tls: Option<DownstreamTls>,
    /// Host and port of the service, for traces; empty and 0 for a port that no service leads to.
    pub(super) service: (String, u16),
    /// The Sidecar that states the port, which Istio puts into the metadata.
    pub(super) config: Option<ObjectRef>,
    /// Why the chains exist.
    pub(super) origin: Origin,
}

/// The chains of a port, one for each way in which it takes connections.
pub(super) fn chains(
    cx: &ProxyContext<'_>,
    target: &ChainTarget,
    mode: MtlsMode,
    security: &SecurityFilters,
) -> Vec<FilterChain> {
    let carried = Carried::from(target.protocol);
    let ways = match (&target.tls, carried) {
        (None, carried) => ways(mode, carried, cx.mesh.features.http10),
        // Nothing tells what is inside of TLS that is not of the mesh, so it is bytes unless HTTP is stated.
        (Some(_), Carried::Http) => ways(MtlsMode::Strict, Carried::Http, false),
        (Some(_), Carried::Tcp | Carried::Auto) => ways(MtlsMode::Strict, Carried::Tcp, false),
    };
    ways.into_iter().map(|way| chain(cx, target, way, security)).collect()
}

fn chain(cx: &ProxyContext<'_>, target: &ChainTarget, way: Way, security: &SecurityFilters) -> FilterChain {
    let Way { transport, alpn, terminates, http } = way;
    let (http_name, tcp_name) = &target.names;
    FilterChain {
        name: Some(if http { http_name } else { tcp_name }.clone()),
        matches: ChainMatch {
            destination_port: target.port,
            destination_networks: Vec::new(),
            server_names: Vec::new(),
            transport_protocol: Some(transport),
            application_protocols: alpn,
        },
        tls: terminates.then(|| {
            target.tls.clone().unwrap_or_else(|| mutual_tls(&cx.mesh.config, &cx.mesh.features, http))
        }),
        filters: if http { http_filters(cx, target, security) } else { tcp_filters(cx, target, security) },
        config: target.config.clone(),
        handshake_timeout: None,
        origin: target.origin.clone(),
    }
}

fn http_filters(
    cx: &ProxyContext<'_>,
    target: &ChainTarget,
    security: &SecurityFilters,
) -> Vec<NetworkFilter> {
    let (host, port) = target.service.clone();
    let route = InboundRoute {
        upstream: target.upstream.clone(),
        host,
        port,
        grpc: matches!(target.protocol, Protocol::Grpc | Protocol::GrpcWeb),
        origin: target.origin.clone(),
    };
    let connection = http_connection(
        cx,
        ConnectionClass::Inbound,
        target.http_stat_prefix.clone(),
        RouteSource::Inline(route::table(&cx.mesh.config, route)),
        target.protocol,
        security.http.clone(),
    );
    metadata_exchange(cx).chain([NetworkFilter::Http(Box::new(connection))]).collect()
}

fn tcp_filters(
    cx: &ProxyContext<'_>,
    target: &ChainTarget,
    security: &SecurityFilters,
) -> Vec<NetworkFilter> {
    let stats = telemetry::stats_filter(cx, ConnectionClass::Inbound).map(NetworkFilter::Stats);
    let proxy = tcp_proxy(cx, target.upstream.clone(), target.tcp_stat_prefix.clone());
    metadata_exchange(cx)
        .chain(security.network.iter().cloned())
        .chain(stats)
        .chain(terminal(cx, target.protocol, proxy))
        .collect()
}

/// Exchange of workload metadata with the client, first on every inbound chain.
pub(super) fn metadata_exchange(cx: &ProxyContext<'_>) -> impl Iterator<Item = NetworkFilter> + use<> {
    cx.mesh.features.enable_metadata_exchange.then_some(NetworkFilter::MetadataExchange).into_iter()
}

fn tcp_proxy(cx: &ProxyContext<'_>, upstream: UpstreamName, stat_prefix: Option<String>) -> TcpProxy {
    TcpProxy {
        stat_prefix,
        upstreams: vec![(upstream, None)],
        idle_timeout: idle_timeout(cx),
        max_connection_duration: None,
        hash_source_ip: false,
        tunnel: None,
        access_logs: telemetry::connection_logs(cx),
    }
}
