//! Network filters.

use meshc_plan::{ListenerTransport, NetworkFilter, TcpProxy, Tunnel, UpstreamName};

use super::chain::ChainScope;
use super::values::duration;
use super::xds::{self, Any, Empty, Extension};
use super::{
    EnvoyFlavor, access_log, authorization, discovery, http_connection, metadata_exchange, names, stats,
};

/// One network filter; none where the build of Envoy does not have it.
pub(super) fn network_filter(
    filter: &NetworkFilter,
    transport: ListenerTransport,
    scope: &ChainScope<'_>,
) -> Option<Extension> {
    let istio_only = scope.options.flavor == EnvoyFlavor::IstioProxy;
    let (name, config) = match filter {
        NetworkFilter::MetadataExchange => {
            (metadata_exchange::NAME, istio_only.then(metadata_exchange::network)?)
        }
        NetworkFilter::Authorization(filter) => {
            ("envoy.filters.network.rbac", Any::NetworkRbac(authorization::network_filter(filter)))
        }
        NetworkFilter::Stats(filter) => {
            ("istio.stats", istio_only.then(|| Any::IstioStats(stats::stats(filter)))?)
        }
        NetworkFilter::SniDynamicForwardProxy { cache, port } => {
            let config = xds::SniDynamicForwardProxy {
                dns_cache_config: Some(discovery::dns_cache(cache, scope.options.dns_family)),
                port_value: Some(u32::from(*port)),
            };
            (
                "envoy.extensions.filters.network.sni_dynamic_forward_proxy",
                Any::SniDynamicForwardProxy(config),
            )
        }
        NetworkFilter::MongoProxy { upstream, stat_prefix } => {
            let config = xds::MongoProxy { stat_prefix: prefix(stat_prefix.as_deref(), upstream) };
            ("envoy.filters.network.mongo_proxy", Any::MongoProxy(config))
        }
        // Envoy has this filter in its contrib build only, from which Istio's is made.
        NetworkFilter::MysqlProxy { upstream, stat_prefix } => {
            let config = || xds::MySqlProxy { stat_prefix: prefix(stat_prefix.as_deref(), upstream) };
            ("envoy.filters.network.mysql_proxy", istio_only.then(|| Any::MySqlProxy(config()))?)
        }
        NetworkFilter::RedisProxy { upstream, stat_prefix } => {
            let stat_prefix = prefix(stat_prefix.as_deref(), upstream);
            ("envoy.filters.network.redis_proxy", Any::RedisProxy(redis_proxy(upstream, stat_prefix)))
        }
        NetworkFilter::Http(connection) => {
            let routes = scope.routes(&connection.routes);
            let config = http_connection::http_connection(connection, routes, transport, scope);
            ("envoy.filters.network.http_connection_manager", Any::HttpConnectionManager(config))
        }
        NetworkFilter::Tcp(proxy) => ("envoy.filters.network.tcp_proxy", Any::TcpProxy(tcp_proxy(proxy))),
    };
    Some(Extension::new(name, config))
}

fn prefix(stated: Option<&str>, upstream: &UpstreamName) -> String {
    stated.map_or_else(|| names::upstream(upstream), str::to_owned)
}

/// Istio waits five seconds for an answer of Redis and counts its latency in microseconds.
fn redis_proxy(upstream: &UpstreamName, stat_prefix: String) -> xds::RedisProxy {
    let cluster = names::upstream(upstream);
    xds::RedisProxy {
        stat_prefix,
        settings: Some(xds::RedisConnPoolSettings { op_timeout: Some(xds::Duration::seconds(5)) }),
        latency_in_micros: true,
        prefix_routes: Some(xds::RedisPrefixRoutes { catch_all_route: Some(xds::RedisRoute { cluster }) }),
    }
}

fn tcp_proxy(proxy: &TcpProxy) -> xds::TcpProxy {
    let TcpProxy {
        stat_prefix,
        upstreams,
        idle_timeout,
        max_connection_duration,
        hash_source_ip,
        tunnel: tunnel_to,
        access_logs,
    } = proxy;
    let only = match upstreams.as_slice() {
        [(upstream, None)] => Some(names::upstream(upstream)),
        _ => None,
    };
    let weight = |(upstream, weight): &(UpstreamName, Option<u32>)| xds::TcpClusterWeight {
        name: names::upstream(upstream),
        weight: weight.unwrap_or(1),
    };
    let weighted = || xds::TcpWeightedClusters { clusters: upstreams.iter().map(weight).collect() };
    xds::TcpProxy {
        stat_prefix: stat_prefix.clone().or_else(|| only.clone()).unwrap_or_default(),
        weighted_clusters: only.is_none().then(weighted),
        cluster: only,
        idle_timeout: duration(*idle_timeout),
        access_log: access_logs.iter().map(access_log::access_log).collect(),
        hash_policy: hash_source_ip
            .then_some(xds::TcpHashPolicy { source_ip: Some(Empty {}) })
            .into_iter()
            .collect(),
        tunneling_config: tunnel_to.as_ref().map(tunnel),
        max_downstream_connection_duration: duration(*max_connection_duration),
    }
}

fn tunnel(tunnel: &Tunnel) -> xds::TunnelingConfig {
    let Tunnel { target_host, target_port, use_post } = tunnel;
    // An IPv6 address stands in brackets before a port.
    let hostname = if target_host.contains(':') && !target_host.starts_with('[') {
        format!("[{target_host}]:{target_port}")
    } else {
        format!("{target_host}:{target_port}")
    };
    xds::TunnelingConfig { hostname, use_post: *use_post, headers_to_add: Vec::new() }
}
