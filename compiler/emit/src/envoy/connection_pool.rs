//! Connections to a cluster and the protocol spoken over them (translation-spec §3.6).

use meshc_plan::{ConnectionPool, OutlierDetection, RetryBudget, TcpKeepalive, UpstreamProtocol};

use super::options::Feature;
use super::values::duration;
use super::xds::{self, Http1ProtocolOptions, Http2ProtocolOptions};
use super::{EnvoyOptions, outlier, upstream_tls};

/// What stands for "no limit", as istiod writes it.
const UNLIMITED: u32 = u32::MAX;

/// The fields of a cluster that say how connections are made.
pub(super) struct PoolFields {
    pub(super) circuit_breakers: Option<xds::CircuitBreakers>,
    pub(super) connection_options: Option<xds::UpstreamConnectionOptions>,
    pub(super) http_options: Option<xds::HttpProtocolOptions>,
}

/// Connections of one cluster. Envoy wants a protocol stated as soon as any HTTP option is.
pub(super) fn connection_pool(
    pool: &ConnectionPool,
    protocol: UpstreamProtocol,
    ejection: Option<&OutlierDetection>,
    host_checks: upstream_tls::HostChecks,
    options: &EnvoyOptions,
) -> PoolFields {
    let ConnectionPool {
        thresholds,
        max_connections,
        max_pending_requests,
        max_requests,
        max_retries,
        retry_budget: budget,
        idle_timeout,
        max_requests_per_connection,
        max_connection_duration,
        max_concurrent_streams,
        http2_keepalive,
        states_http,
        tcp_keepalive,
    } = pool;
    let unlimited = |limit: &Option<u32>| Some(limit.unwrap_or(UNLIMITED));
    let circuit_breakers = thresholds.then(|| xds::CircuitBreakers {
        thresholds: vec![xds::Thresholds {
            max_connections: unlimited(max_connections),
            max_pending_requests: unlimited(max_pending_requests),
            max_requests: unlimited(max_requests),
            max_retries: unlimited(max_retries),
            retry_budget: budget.map(|budget| retry_budget(budget, options)),
        }],
    });
    let common = xds::CommonHttpProtocolOptions {
        idle_timeout: duration(*idle_timeout),
        max_connection_duration: duration(*max_connection_duration),
        max_requests_per_connection: *max_requests_per_connection,
        ..xds::CommonHttpProtocolOptions::default()
    };
    let common = (common != xds::CommonHttpProtocolOptions::default()).then_some(common);
    let keepalive = |(interval, timeout)| xds::KeepaliveSettings {
        interval: duration(interval),
        timeout: duration(timeout),
    };
    let http2 = Http2ProtocolOptions {
        max_concurrent_streams: *max_concurrent_streams,
        connection_keepalive: http2_keepalive.map(keepalive),
        ..Http2ProtocolOptions::default()
    };
    let upstream_http_protocol_options = host_checks.options();
    let outlier_detection = ejection.and_then(|ejection| outlier::error_matcher(&ejection.error_codes));
    let says_something = *states_http
        || common.is_some()
        || upstream_http_protocol_options.is_some()
        || outlier_detection.is_some()
        || protocol != UpstreamProtocol::Default;
    let (explicit_http_config, use_downstream_protocol_config) = spoken(protocol, http2);
    PoolFields {
        circuit_breakers,
        connection_options: tcp_keepalive.map(connection_options),
        http_options: says_something.then_some(xds::HttpProtocolOptions {
            common_http_protocol_options: common,
            upstream_http_protocol_options,
            explicit_http_config,
            use_downstream_protocol_config,
            outlier_detection,
        }),
    }
}

/// The interval of a retry budget, unless the oldest Envoy does not know it, which the emitter reports.
fn retry_budget(budget: RetryBudget, options: &EnvoyOptions) -> xds::RetryBudget {
    let RetryBudget { percent, interval, min_concurrency } = budget;
    xds::RetryBudget {
        budget_percent: Some(xds::Percent::new(percent)),
        budget_interval: duration(interval.filter(|_| options.know(Feature::RetryBudgetInterval))),
        min_retry_concurrency: Some(min_concurrency),
    }
}

fn connection_options(keepalive: TcpKeepalive) -> xds::UpstreamConnectionOptions {
    let TcpKeepalive { probes, time, interval } = keepalive;
    xds::UpstreamConnectionOptions {
        tcp_keepalive: Some(xds::TcpKeepalive {
            keepalive_probes: probes,
            keepalive_time: time,
            keepalive_interval: interval,
        }),
    }
}

/// HTTP/2 options hold for clusters that state HTTP/2 alone.
fn spoken(
    protocol: UpstreamProtocol,
    http2: Http2ProtocolOptions,
) -> (Option<xds::ExplicitHttpConfig>, Option<xds::UseDownstreamHttpConfig>) {
    let http1 = |preserve_case| xds::ExplicitHttpConfig {
        http_protocol_options: Some(Http1ProtocolOptions::preserving_case(preserve_case)),
        http2_protocol_options: None,
    };
    match protocol {
        UpstreamProtocol::Default => (Some(http1(false)), None),
        UpstreamProtocol::Http1 { preserve_header_case } => (Some(http1(preserve_header_case)), None),
        UpstreamProtocol::Http2 => {
            let config =
                xds::ExplicitHttpConfig { http_protocol_options: None, http2_protocol_options: Some(http2) };
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
