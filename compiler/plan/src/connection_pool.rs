//! Connections to an upstream.

use std::time::Duration;

/// Protocol spoken to an upstream (translation-spec §3.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpstreamProtocol {
    /// Envoy's default, HTTP/1.1 for HTTP.
    Default,
    /// HTTP/1.1 stated (with header case kept).
    Http1 {
        /// Whether the case of header names is kept.
        preserve_header_case: bool,
    },
    /// HTTP/2 stated.
    Http2,
    /// The protocol of the request.
    Downstream {
        /// Whether the case of HTTP/1 header names is kept.
        preserve_header_case: bool,
    },
}

/// Limits of an upstream; `None` of a threshold means no limit (4294967295 in Envoy, as istiod writes it).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConnectionPool {
    /// Whether thresholds are stated at all (not for the black hole).
    pub thresholds: bool,
    /// Connections at once.
    pub max_connections: Option<u32>,
    /// Requests that may wait.
    pub max_pending_requests: Option<u32>,
    /// Requests at once.
    pub max_requests: Option<u32>,
    /// Retries at once.
    pub max_retries: Option<u32>,
    /// Retries as a share of requests.
    pub retry_budget: Option<RetryBudget>,
    /// Idle time of connections.
    pub idle_timeout: Option<Duration>,
    /// Requests for each connection.
    pub max_requests_per_connection: Option<u32>,
    /// Longest life of a connection.
    pub max_connection_duration: Option<Duration>,
    /// HTTP/2 streams at once; only where HTTP/2 is stated.
    pub max_concurrent_streams: Option<u32>,
    /// HTTP/2 keepalive: interval and timeout; only where HTTP/2 is stated.
    pub http2_keepalive: Option<(Option<Duration>, Option<Duration>)>,
    /// Whether HTTP settings are stated although none of them has an effect: istiod writes settings of HTTP/2 as empty options
    /// where the upstream does not speak it.
    pub states_http: bool,
    /// TCP keepalive.
    pub tcp_keepalive: Option<TcpKeepalive>,
}

/// Retries as a share of requests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryBudget {
    /// Share in percent.
    pub percent: f64,
    /// Window over which requests count.
    pub interval: Option<Duration>,
    /// Retries that are always allowed.
    pub min_concurrency: u32,
}

/// TCP keepalive; `None` leaves the default of the operating system.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TcpKeepalive {
    /// Probes.
    pub probes: Option<u32>,
    /// Idle time before the first probe, in seconds.
    pub time: Option<u32>,
    /// Time between probes, in seconds.
    pub interval: Option<u32>,
}
