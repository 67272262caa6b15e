//! Network filters: what becomes of the connections of a chain.

use meshc_contract::proxy::{self, Handler, WeightedTcp};
use meshc_plan::{NetworkFilter, TcpProxy, Tunnel};

use super::authorization::authorization;
use super::findings::Site;
use super::http_filter::stats;
use super::{access_log, feature, http_connection};
use crate::envoy::names;

/// The filters of a chain.
pub(super) struct Filters {
    /// Policies that decide on connections.
    pub(super) authorization: Vec<proxy::AuthorizationFilter>,
    /// What takes the connection.
    pub(super) handler: Handler,
}

/// The filters of a chain. What only Envoy could do closes the connection.
pub(super) fn filters(filters: &[NetworkFilter], site: &mut Site<'_>) -> Filters {
    let mut policies = Vec::new();
    let mut metrics = false;
    let mut handler = None;
    let mut impossible = false;
    for filter in filters {
        match filter {
            NetworkFilter::Authorization(filter) => policies.push(authorization(filter)),
            NetworkFilter::Stats(filter) => {
                stats(filter, site);
                metrics = true;
            }
            NetworkFilter::Http(connection) => {
                let connection = http_connection::http_connection(connection, site);
                handler = Some(Handler::Http(Box::new(connection)));
            }
            NetworkFilter::Tcp(proxy) => handler = Some(Handler::Tcp(tcp_proxy(proxy, metrics, site))),
            NetworkFilter::MongoProxy { upstream } => {
                site.lacks(&feature::MONGO_STATISTICS, names::upstream(upstream));
            }
            NetworkFilter::MysqlProxy { upstream } => {
                site.lacks(&feature::MYSQL_STATISTICS, names::upstream(upstream));
            }
            NetworkFilter::RedisProxy { upstream } => {
                site.lacks(&feature::REDIS, names::upstream(upstream));
                impossible = true;
            }
            NetworkFilter::SniDynamicForwardProxy { cache, port: _ } => {
                site.lacks(&feature::DYNAMIC_FORWARD_PROXY, names::upstream(cache));
                impossible = true;
            }
            // Peers are in the configuration.
            NetworkFilter::MetadataExchange => {}
        }
    }
    let handler = handler.filter(|_| !impossible).unwrap_or_else(closed);
    Filters { authorization: policies, handler }
}

/// Closes every connection.
fn closed() -> Handler {
    Handler::Tcp(proxy::TcpProxy {
        upstreams: Vec::new(),
        idle_timeout: None,
        max_connection_duration: None,
        hash_source_ip: false,
        access_logs: Vec::new(),
        metrics: false,
    })
}

fn tcp_proxy(tcp: &TcpProxy, metrics: bool, site: &mut Site<'_>) -> proxy::TcpProxy {
    let TcpProxy {
        stat_prefix: _,
        upstreams,
        idle_timeout,
        max_connection_duration,
        hash_source_ip,
        tunnel,
        access_logs,
    } = tcp;
    let mut destinations: Vec<WeightedTcp> = upstreams
        .iter()
        .map(|(name, weight)| WeightedTcp { upstream: names::upstream(name), weight: *weight })
        .collect();
    if let Some(Tunnel { target_host, target_port, use_post: _ }) = tunnel {
        site.lacks(&feature::TUNNEL, format_args!("the tunnel to {target_host}:{target_port}"));
        destinations.clear();
    }
    proxy::TcpProxy {
        upstreams: destinations,
        idle_timeout: *idle_timeout,
        max_connection_duration: *max_connection_duration,
        hash_source_ip: *hash_source_ip,
        access_logs: access_log::access_logs(access_logs, site),
        metrics,
    }
}
