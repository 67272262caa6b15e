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
            NetworkFilter::MongoProxy { upstream, stat_prefix: _ } => {
                site.lacks(&feature::MONGO_STATISTICS, names::upstream(upstream));
            }
            NetworkFilter::MysqlProxy { upstream, stat_prefix: _ } => {
                site.lacks(&feature::MYSQL_STATISTICS, names::upstream(upstream));
            }
            NetworkFilter::RedisProxy { upstream, stat_prefix: _ } => {
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

#[cfg(test)]
mod tests {
    use meshc_contract::proxy::Handler;
    use meshc_plan::{NetworkFilter, StatsFilter, TcpProxy, Tunnel, UpstreamName};

    use super::super::feature;
    use super::super::findings::at_a_site;
    use super::filters;

    fn tcp(tunnel: Option<Tunnel>) -> NetworkFilter {
        NetworkFilter::Tcp(TcpProxy {
            stat_prefix: None,
            upstreams: vec![(UpstreamName::Passthrough, None)],
            idle_timeout: None,
            max_connection_duration: None,
            hash_source_ip: false,
            tunnel,
            access_logs: Vec::new(),
        })
    }

    fn handler(stated: &[NetworkFilter]) -> (Vec<String>, bool, Vec<&'static str>) {
        let (result, lacking, _) = at_a_site(|site| filters(stated, site));
        let Handler::Tcp(tcp) = result.handler else { panic!("it is no HTTP") };
        (tcp.upstreams.into_iter().map(|target| target.upstream).collect(), tcp.metrics, lacking)
    }

    #[test]
    fn metrics_are_counted_where_the_filter_for_them_stands() {
        let stats = NetworkFilter::Stats(StatsFilter {
            disable_host_header_fallback: true,
            tcp_reporting_duration: None,
            overrides: Vec::new(),
        });
        let passed = vec!["PassthroughCluster".to_owned()];
        assert_eq!(handler(&[stats, tcp(None)]), (passed.clone(), true, vec![]));
        assert_eq!(handler(&[tcp(None)]), (passed, false, vec![]));
    }

    #[test]
    fn what_only_envoy_can_do_closes_the_connection() {
        let redis = NetworkFilter::RedisProxy { upstream: UpstreamName::Passthrough, stat_prefix: None };
        assert_eq!(handler(&[redis]), (vec![], false, vec![feature::REDIS.name]));
        let tunnel = Tunnel { target_host: "a".into(), target_port: 1, use_post: false };
        assert_eq!(handler(&[tcp(Some(tunnel))]), (vec![], false, vec![feature::TUNNEL.name]));
        assert_eq!(handler(&[]), (vec![], false, vec![]));
    }
}
