//! Upstreams: what Envoy calls clusters.

use std::net::IpAddr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Discovery, UpstreamTlsChoice, WorkloadLabels};
use crate::traffic::{StringMatch, duration};

/// One destination of traffic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Upstream {
    /// Where endpoints come from.
    pub discovery: Discovery,
    /// Time to connect.
    #[serde(with = "duration")]
    #[schemars(with = "String")]
    pub connect_timeout: Duration,
    /// Protocol spoken to it.
    pub protocol: UpstreamProtocol,
    /// Connections and requests.
    #[serde(default)]
    pub limits: PoolLimits,
    /// How an endpoint is picked.
    pub load_balancing: LoadBalancing,
    /// Share of healthy endpoints, in percent, below which all are used; 50 where it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub panic_threshold: Option<f64>,
    /// Ejection of endpoints that fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outlier: Option<OutlierDetection>,
    /// TLS to the endpoints.
    pub tls: UpstreamTlsChoice,
    /// Version of the PROXY protocol that is sent first (1 or 2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_protocol: Option<u8>,
    /// Address that connections are made from (`127.0.0.6` inbound).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bind_source: Vec<IpAddr>,
    /// The service, for the labels of metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<Destination>,
}

/// Whom an upstream stands for, in the labels of metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Destination {
    /// Host of the service.
    pub host: String,
    /// Short name: that of the Kubernetes Service, or the host of a ServiceEntry.
    pub name: String,
    /// Namespace of the service.
    pub namespace: String,
    /// The workload behind it, where there is just one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<WorkloadLabels>,
}

/// Protocol spoken to an upstream (translation-spec §3.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum UpstreamProtocol {
    /// HTTP/1.1 for HTTP.
    Http1,
    /// HTTP/2.
    Http2,
    /// The protocol of the request.
    Downstream,
}

/// Limits of an upstream; `None` is no limit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PoolLimits {
    /// Connections at once, of HTTP/1.1 and TCP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_connections: Option<u32>,
    /// Requests that may wait for a connection; one more is answered with 503 and the flag `UO`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_pending_requests: Option<u32>,
    /// Requests at once, of HTTP/2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_requests: Option<u32>,
    /// Retries at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_retries: Option<u32>,
    /// Retries as a share of requests; it replaces `max_retries`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_budget: Option<RetryBudget>,
    /// Idle time of connections; 1 h, zero is for ever.
    #[serde(skip_serializing_if = "Option::is_none", with = "duration::optional")]
    #[schemars(with = "Option<String>")]
    pub idle_timeout: Option<Duration>,
    /// Requests for each connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_requests_per_connection: Option<u32>,
    /// Longest life of a connection.
    #[serde(skip_serializing_if = "Option::is_none", with = "duration::optional")]
    #[schemars(with = "Option<String>")]
    pub max_connection_duration: Option<Duration>,
    /// HTTP/2 streams at once on a connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrent_streams: Option<u32>,
    /// TCP keepalive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp_keepalive: Option<TcpKeepalive>,
}

/// Retries as a share of requests.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetryBudget {
    /// Share in percent of the requests that are on their way.
    pub percent: f64,
    /// Retries that are always allowed.
    pub min_concurrency: u32,
}

/// TCP keepalive; `None` leaves the default of the operating system.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TcpKeepalive {
    /// Probes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probes: Option<u32>,
    /// Idle time before the first probe, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<u32>,
    /// Time between probes, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<u32>,
}

/// How an endpoint is picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LoadBalancing {
    /// In turn, by weight.
    RoundRobin,
    /// The less busy of two, Istio's default.
    LeastRequest,
    /// At random.
    Random,
    /// By a hash of the request; at random for a request without one.
    ConsistentHash(ConsistentHash),
}

/// Consistent hashing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ConsistentHash {
    /// Ring hash.
    #[serde(rename_all = "camelCase")]
    RingHash {
        /// Smallest number of entries; 1024 where it says nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        minimum_size: Option<u64>,
    },
    /// Maglev.
    #[serde(rename_all = "camelCase")]
    Maglev {
        /// Number of entries, prime; 65537 where it says nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        table_size: Option<u64>,
    },
}

/// Ejection of endpoints that fail; `None` leaves Envoy's default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OutlierDetection {
    /// Consecutive 5xx until ejection; 5, and 0 turns it off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consecutive_5xx: Option<u32>,
    /// Consecutive 502, 503, 504 until ejection; `None` and 0 turn it off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consecutive_gateway: Option<u32>,
    /// Whether errors of this side (connecting, timeouts) are counted apart.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub split_local_origin: bool,
    /// Consecutive errors of this side until ejection; 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consecutive_local_origin: Option<u32>,
    /// Time between sweeps that bring endpoints back; 10 s.
    #[serde(skip_serializing_if = "Option::is_none", with = "duration::optional")]
    #[schemars(with = "Option<String>")]
    pub interval: Option<Duration>,
    /// Shortest ejection, multiplied by the number of ejections; 30 s.
    #[serde(skip_serializing_if = "Option::is_none", with = "duration::optional")]
    #[schemars(with = "Option<String>")]
    pub base_ejection_time: Option<Duration>,
    /// Largest share of endpoints that may be ejected, in percent; 10, but always one endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_ejection_percent: Option<u32>,
    /// Response codes that count as errors instead of 5xx.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub error_codes: Vec<StringMatch>,
}
