//! Istio's metrics, which only Istio's build makes.

use meshc_plan::{MetricOverride, StatsFilter};

use super::values::duration;
use super::xds;

/// The `istio.stats` filter.
pub(super) fn stats(filter: &StatsFilter) -> xds::IstioStats {
    let StatsFilter { disable_host_header_fallback, tcp_reporting_duration, overrides } = filter;
    xds::IstioStats {
        disable_host_header_fallback: *disable_host_header_fallback,
        tcp_reporting_duration: duration(*tcp_reporting_duration),
        metrics: overrides.iter().map(metric).collect(),
    }
}

fn metric(change: &MetricOverride) -> xds::IstioMetric {
    let MetricOverride { name, dimensions, remove, drop } = change;
    xds::IstioMetric {
        dimensions: dimensions.iter().cloned().collect(),
        name: name.clone(),
        tags_to_remove: remove.clone(),
        drop: *drop,
    }
}
