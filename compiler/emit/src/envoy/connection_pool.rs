//! Connections to a cluster and the protocol spoken over them (translation-spec §3.6).

use meshc_plan::{ConnectionPool, OutlierDetection, RetryBudget, TcpKeepalive, UpstreamProtocol};

use super::values::duration;
use super::xds::{self, Http1ProtocolOptions, Http2ProtocolOptions};
use super::{outlier, upstream_tls};

/// What stands for "no limit", as istiod writes it.
const UNLIMITED: u32 = u32::MAX;

/// Limits of a cluster.
pub(super) fn circuit_breakers(pool: &ConnectionPool) -> Option<xds::CircuitBreakers> {
    let unlimited = |limit: Option<u32>| Some(limit.unwrap_or(UNLIMITED));
    pool.thresholds.then(|| xds::CircuitBreakers {
        thresholds: vec![xds::Thresholds {
            max_connections: unlimited(pool.max_connections),
            max_pending_requests: unlimited(pool.max_pending_requests),
            max_requests: unlimited(pool.max_requests),
            max_retries: unlimited(pool.max_retries),
            retry_budget: pool.retry_budget.map(retry_budget),
        }],
    })
}

fn retry_budget(budget: RetryBudget) -> xds::RetryBudget {
    let RetryBudget { percent, interval, min_concurrency } = budget;
    xds::RetryBudget {
        budget_percent: Some(xds::Percent::new(percent)),
        budget_interval: duration(interval),
        min_retry_concurrency: Some(min_concurrency),
    }
}

/// TCP keepalive of a cluster.
pub(super) fn connection_options(pool: &ConnectionPool) -> Option<xds::UpstreamConnectionOptions> {
    pool.tcp_keepalive.map(|TcpKeepalive { probes, time, interval }| xds::UpstreamConnectionOptions {
        tcp_keepalive: Some(xds::TcpKeepalive {
            keepalive_probes: probes,
            keepalive_time: time,
            keepalive_interval: interval,
        }),
    })
}

/// HTTP options of a cluster; none where nothing needs to be said. Envoy wants a protocol stated as soon as anything is.
pub(super) fn http_options(
    protocol: UpstreamProtocol,
    pool: &ConnectionPool,
    ejection: Option<&OutlierDetection>,
    host_checks: upstream_tls::HostChecks,
) -> Option<xds::HttpProtocolOptions> {
    let common = xds::CommonHttpProtocolOptions {
        idle_timeout: duration(pool.idle_timeout),
        max_connection_duration: duration(pool.max_connection_duration),
        max_requests_per_connection: pool.max_requests_per_connection,
        ..xds::CommonHttpProtocolOptions::default()
    };
    let common = (common != xds::CommonHttpProtocolOptions::default()).then_some(common);
    let upstream_http_protocol_options = host_checks.options();
    let outlier_detection = ejection.and_then(|ejection| outlier::error_matcher(&ejection.error_codes));
    let says_something = common.is_some()
        || upstream_http_protocol_options.is_some()
        || outlier_detection.is_some()
        || protocol != UpstreamProtocol::Default;
    let (explicit_http_config, use_downstream_protocol_config) = spoken(protocol, pool);
    says_something.then_some(xds::HttpProtocolOptions {
        common_http_protocol_options: common,
        upstream_http_protocol_options,
        explicit_http_config,
        use_downstream_protocol_config,
        outlier_detection,
    })
}

fn spoken(
    protocol: UpstreamProtocol,
    pool: &ConnectionPool,
) -> (Option<xds::ExplicitHttpConfig>, Option<xds::UseDownstreamHttpConfig>) {
    let http1 = |preserve_case| xds::ExplicitHttpConfig {
        http_protocol_options: Some(Http1ProtocolOptions::preserving_case(preserve_case)),
        http2_protocol_options: None,
    };
    match protocol {
        UpstreamProtocol::Default => (Some(http1(false)), None),
        UpstreamProtocol::Http1 { preserve_header_case } => (Some(http1(preserve_header_case)), None),
        UpstreamProtocol::Http2 => {
            let config = xds::ExplicitHttpConfig {
                http_protocol_options: None,
                http2_protocol_options: Some(http2(pool)),
            };
            (Some(config), None)
        }
        UpstreamProtocol::Downstream { preserve_header_case } => {
            let config = xds::UseDownstreamHttpConfig {
                http_protocol_options: Some(Http1ProtocolOptions::preserving_case(preserve_header_case)),
                http2_protocol_options: Some(Http2ProtocolOptions::default()),
            };
            (None, Some(config))
        }
    }
}

fn http2(pool: &ConnectionPool) -> Http2ProtocolOptions {
    let keepalive = |(interval, timeout)| xds::KeepaliveSettings {
        interval: duration(interval),
        timeout: duration(timeout),
    };
    Http2ProtocolOptions {
        max_concurrent_streams: pool.max_concurrent_streams,
        connection_keepalive: pool.http2_keepalive.map(keepalive),
        ..Http2ProtocolOptions::default()
    }
}
