//! Istio's metrics, and what becomes of the statistics of a process.

use std::net::SocketAddr;
use std::time::Duration;

/// The `istio.stats` filter (Istio's own build only).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatsFilter {
    /// Whether the `Host` header may not stand in for an unknown destination (inbound and gateways).
    pub disable_host_header_fallback: bool,
    /// Time between reports of open TCP connections.
    pub tcp_reporting_duration: Option<Duration>,
    /// Changes to metrics, in order.
    pub overrides: Vec<MetricOverride>,
}

/// A change to one metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricOverride {
    /// Istio's name without the prefix (`requests_total`); empty for all.
    pub name: String,
    /// Tags that are set, with their expressions, sorted.
    pub dimensions: Vec<(String, String)>,
    /// Tags that are removed, sorted.
    pub remove: Vec<String>,
    /// Whether the metric is turned off.
    pub drop: bool,
}

/// What becomes of the statistics of a process beside which of them there are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StatsSettings {
    /// Time between two deliveries to sinks; `None` leaves Envoy's 5 s.
    pub flush_interval: Option<Duration>,
    /// Time after which metrics that nothing counts any more are forgotten; `None` keeps them.
    pub eviction_interval: Option<Duration>,
    /// Histograms that are kept in another way than Envoy's, the first match counts.
    pub histograms: Vec<Histogram>,
    /// Where statistics are sent, in order.
    pub sinks: Vec<StatsSink>,
    /// Whether answers to Prometheus may be plain only (`statsCompression: false`).
    pub uncompressed: bool,
}

/// How histograms whose names begin alike are kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// How the names begin.
    pub prefix: String,
    /// Upper bounds of the buckets, ascending; empty leaves Envoy's.
    pub buckets: Vec<f64>,
    /// Bins in which samples are counted; `None` leaves Envoy's 100.
    pub bins: Option<u32>,
}

/// Where statistics are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatsSink {
    /// [`ProcessUpstream::MetricsService`](crate::ProcessUpstream::MetricsService).
    MetricsService,
    /// A statsd server, by UDP.
    Statsd(SocketAddr),
}
