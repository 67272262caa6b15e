//! Limits of connections and requests: `connectionPool` and `retryBudget` of a DestinationRule, keepalive of the mesh
//! (translation-spec §3.6).

use std::time::Duration;

use meshc_api::istio::{self, ConnectionPoolSettings};
use meshc_api::mesh_config::MeshConfig;
use meshc_plan::{ConnectionPool, RetryBudget, TcpKeepalive};

/// Time to connect when neither the mesh nor a DestinationRule states it.
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Share of requests that may be retries when a budget states none.
const DEFAULT_BUDGET_PERCENT: f64 = 20.0;

/// Retries that a budget always allows when it states none.
const DEFAULT_BUDGET_CONCURRENCY: u32 = 3;

/// Time to connect to an upstream.
pub(super) fn connect_timeout(config: &MeshConfig, settings: Option<&ConnectionPoolSettings>) -> Duration {
    settings
        .and_then(|pool| pool.tcp.as_ref())
        .and_then(|tcp| tcp.connect_timeout)
        .or(config.connect_timeout)
        .map_or(DEFAULT_CONNECT_TIMEOUT, |timeout| timeout.0)
}

/// Limits of an upstream. `http2` tells whether HTTP/2 is spoken to it in any case; settings of HTTP/2 are dropped
/// otherwise, as istiod drops them.
pub(super) fn connection_pool(
    config: &MeshConfig,
    settings: Option<&ConnectionPoolSettings>,
    retry_budget: Option<&istio::RetryBudget>,
    http2: bool,
) -> ConnectionPool {
    let http = settings.and_then(|pool| pool.http.as_ref());
    let tcp = settings.and_then(|pool| pool.tcp.as_ref());
    let keepalive = http.and_then(|http| http.http2_keep_alive.as_ref()).filter(|_| http2);
    ConnectionPool {
        thresholds: true,
        max_connections: tcp.and_then(|tcp| limit(tcp.max_connections)),
        max_pending_requests: http.and_then(|http| limit(http.http1_max_pending_requests)),
        max_requests: http.and_then(|http| limit(http.http2_max_requests)),
        max_retries: http.and_then(|http| limit(http.max_retries)),
        retry_budget: retry_budget.map(budget),
        idle_timeout: http
            .and_then(|http| http.idle_timeout)
            .or_else(|| tcp.and_then(|tcp| tcp.idle_timeout))
            .map(|timeout| timeout.0),
        max_requests_per_connection: http.and_then(|http| limit(http.max_requests_per_connection)),
        max_connection_duration: tcp.and_then(|tcp| tcp.max_connection_duration).map(|time| time.0),
        max_concurrent_streams: http.and_then(|http| limit(http.max_concurrent_streams)).filter(|_| http2),
        http2_keepalive: keepalive
            .map(|keepalive| (keepalive.interval.map(|time| time.0), keepalive.timeout.map(|time| time.0))),
        states_http: http.is_some_and(|http| {
            limit(http.max_concurrent_streams).is_some() || http.http2_keep_alive.is_some()
        }),
        tcp_keepalive: tcp_keepalive(config, tcp.and_then(|tcp| tcp.tcp_keepalive.as_ref())),
    }
}

/// Limits of upstreams that no DestinationRule applies to and whose protocol follows the client.
pub(super) fn passthrough_pool(
    config: &MeshConfig,
    settings: Option<&ConnectionPoolSettings>,
) -> ConnectionPool {
    let mut pool = connection_pool(config, settings, None, false);
    // Envoy keeps connections to an original destination for an hour; a client that dials many addresses would hold
    // them all, so istiod closes them after five minutes.
    pool.idle_timeout = pool.idle_timeout.or(Some(Duration::from_secs(300)));
    pool
}

/// A limit that counts only when it is positive: Istio's zero is its absence.
fn limit(value: Option<i32>) -> Option<u32> {
    value.and_then(|value| u32::try_from(value).ok()).filter(|value| *value > 0)
}

fn budget(budget: &istio::RetryBudget) -> RetryBudget {
    RetryBudget {
        percent: budget.percent.unwrap_or(DEFAULT_BUDGET_PERCENT),
        interval: budget.budget_interval.map(|time| time.0),
        min_concurrency: budget.min_retry_concurrency.unwrap_or(DEFAULT_BUDGET_CONCURRENCY),
    }
}

/// Keepalive of the mesh, of which a DestinationRule replaces the values that it states.
fn tcp_keepalive(config: &MeshConfig, stated: Option<&istio::TcpKeepalive>) -> Option<TcpKeepalive> {
    let layers: Vec<_> = stated.into_iter().chain(&config.tcp_keepalive).collect();
    (!layers.is_empty()).then(|| keepalive_of(&layers))
}

/// What several say of keepalive; an earlier one counts.
pub(crate) fn keepalive_of(layers: &[&istio::TcpKeepalive]) -> TcpKeepalive {
    let pick = |value: fn(&istio::TcpKeepalive) -> Option<u32>| {
        layers.iter().find_map(|layer| value(layer).filter(|value| *value > 0))
    };
    TcpKeepalive {
        probes: pick(|keepalive| keepalive.probes),
        time: pick(|keepalive| keepalive.time.map(whole_seconds)),
        interval: pick(|keepalive| keepalive.interval.map(whole_seconds)),
    }
}

fn whole_seconds(time: meshc_api::Duration) -> u32 {
    u32::try_from(time.0.as_secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use meshc_api::istio::{Http2KeepAlive, HttpSettings, TcpSettings};

    use super::*;

    fn seconds(seconds: u64) -> Option<meshc_api::Duration> {
        Some(meshc_api::Duration::from_secs(seconds))
    }

    #[test]
    fn without_settings_there_are_thresholds_but_no_limits() {
        let pool = connection_pool(&MeshConfig::default(), None, None, false);
        assert_eq!(pool, ConnectionPool { thresholds: true, ..ConnectionPool::default() });
    }

    #[test]
    fn zero_is_no_limit_and_settings_of_http2_need_http2() {
        let settings = ConnectionPoolSettings {
            tcp: Some(TcpSettings { max_connections: Some(0), ..TcpSettings::default() }),
            http: Some(HttpSettings {
                max_concurrent_streams: Some(9),
                http2_keep_alive: Some(Http2KeepAlive { interval: seconds(3), timeout: None }),
                ..HttpSettings::default()
            }),
        };
        let pool = connection_pool(&MeshConfig::default(), Some(&settings), None, false);
        assert_eq!(
            (pool.max_connections, pool.max_concurrent_streams, pool.http2_keepalive),
            (None, None, None)
        );
        let pool = connection_pool(&MeshConfig::default(), Some(&settings), None, true);
        assert_eq!(pool.max_concurrent_streams, Some(9));
        assert_eq!(pool.http2_keepalive, Some((Some(Duration::from_secs(3)), None)));
    }

    #[test]
    fn the_idle_time_of_http_goes_before_that_of_tcp() {
        let tcp = Some(TcpSettings { idle_timeout: seconds(20), ..TcpSettings::default() });
        let http = Some(HttpSettings { idle_timeout: seconds(10), ..HttpSettings::default() });
        let both = ConnectionPoolSettings { tcp: tcp.clone(), http };
        let only_tcp = ConnectionPoolSettings { tcp, http: None };
        let idle =
            |settings| connection_pool(&MeshConfig::default(), Some(settings), None, false).idle_timeout;
        assert_eq!(idle(&both), Some(Duration::from_secs(10)));
        assert_eq!(idle(&only_tcp), Some(Duration::from_secs(20)));
    }

    #[test]
    fn a_rule_replaces_single_values_of_the_keepalive_of_the_mesh() {
        let config = MeshConfig {
            tcp_keepalive: Some(istio::TcpKeepalive {
                probes: Some(5),
                time: seconds(120),
                interval: seconds(30),
            }),
            ..MeshConfig::default()
        };
        let stated = istio::TcpKeepalive { probes: None, time: seconds(60), interval: None };
        let keepalive = tcp_keepalive(&config, Some(&stated));
        assert_eq!(keepalive, Some(TcpKeepalive { probes: Some(5), time: Some(60), interval: Some(30) }));
        assert_eq!(tcp_keepalive(&MeshConfig::default(), None), None);
    }
}
