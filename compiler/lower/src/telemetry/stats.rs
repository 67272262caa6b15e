//! Istio's metrics.

use meshc_plan::StatsFilter;

use super::provider;
use crate::context::ProxyContext;
use crate::http::ConnectionClass;

/// The metrics filter; `None` unless a provider of the kind Prometheus is a default provider of metrics, as Istio's chart
/// has it.
pub(crate) fn stats_filter(cx: &ProxyContext<'_>, class: ConnectionClass) -> Option<StatsFilter> {
    let config = &cx.mesh.config;
    let defaults = config.default_providers.as_ref()?;
    let is_prometheus =
        |name: &String| provider::named(config, name).is_some_and(|provider| provider.prometheus.is_some());
    defaults.metrics.iter().any(is_prometheus).then(|| StatsFilter {
        disable_host_header_fallback: class != ConnectionClass::Outbound,
        tcp_reporting_duration: None,
        overrides: Vec::new(),
    })
}
