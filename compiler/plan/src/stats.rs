//! Istio's metrics.

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
