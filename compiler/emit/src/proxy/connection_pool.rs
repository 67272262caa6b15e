//! Connections to an upstream and the protocol spoken over them.

use meshc_contract::proxy;
use meshc_plan::{ConnectionPool, RetryBudget, TcpKeepalive, UpstreamProtocol};

use super::feature;
use super::findings::Site;

/// Limits of an upstream.
pub(super) fn limits(pool: &ConnectionPool, site: &mut Site<'_>) -> proxy::PoolLimits {
    let ConnectionPool {
        // An upstream without thresholds has no limits.
        thresholds: _,
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
        states_http: _,
        tcp_keepalive,
    } = pool;
    if http2_keepalive.is_some() {
        site.lacks(&feature::HTTP2_KEEPALIVE, "");
    }
    proxy::PoolLimits {
        max_connections: *max_connections,
        max_pending_requests: *max_pending_requests,
        max_requests: *max_requests,
        max_retries: *max_retries,
        retry_budget: budget.map(|budget| retry_budget(budget, site)),
        idle_timeout: *idle_timeout,
        max_requests_per_connection: *max_requests_per_connection,
        max_connection_duration: *max_connection_duration,
        max_concurrent_streams: *max_concurrent_streams,
        tcp_keepalive: tcp_keepalive.map(keepalive),
    }
}

fn retry_budget(budget: RetryBudget, site: &mut Site<'_>) -> proxy::RetryBudget {
    let RetryBudget { percent, interval, min_concurrency } = budget;
    if interval.is_some() {
        site.lacks(&feature::RETRY_BUDGET_INTERVAL, "");
    }
    proxy::RetryBudget { percent, min_concurrency }
}

fn keepalive(keepalive: TcpKeepalive) -> proxy::TcpKeepalive {
    let TcpKeepalive { probes, time, interval } = keepalive;
    proxy::TcpKeepalive { probes, time, interval }
}

/// Protocol spoken to an upstream. The connection of the client says whether the case of header names is kept.
pub(super) fn protocol(protocol: UpstreamProtocol) -> proxy::UpstreamProtocol {
    match protocol {
        UpstreamProtocol::Default | UpstreamProtocol::Http1 { preserve_header_case: _ } => {
            proxy::UpstreamProtocol::Http1
        }
        UpstreamProtocol::Http2 => proxy::UpstreamProtocol::Http2,
        UpstreamProtocol::Downstream { preserve_header_case: _ } => proxy::UpstreamProtocol::Downstream,
    }
}
