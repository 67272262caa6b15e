//! Ports that the proxy itself listens on.

use meshc_model::Workload;

/// Annotation with the port of the probe bridge.
const STATUS_PORT: &str = "status.sidecar.istio.io/port";

/// Ports of the proxy that connections reach beside the capture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnPorts {
    /// Statistics for Prometheus.
    pub(crate) prometheus: u16,
    /// Whether the proxy is ready.
    pub(crate) ready: u16,
    /// The probe bridge; `None` where it is switched off (port 0).
    pub(crate) probes: Option<u16>,
}

impl OwnPorts {
    /// The ports of a workload's proxy.
    pub(crate) fn of(workload: &Workload) -> Self {
        let stated = |key: &str, default| {
            workload.metadata.get(key).and_then(|text| text.parse().ok()).unwrap_or(default)
        };
        let annotated = workload.annotations.get(STATUS_PORT).and_then(|text| text.trim().parse().ok());
        let probes = annotated.or_else(|| u16::try_from(workload.proxy_config.status_port).ok());
        Self {
            prometheus: stated("ENVOY_PROMETHEUS_PORT", 15090),
            ready: stated("ENVOY_STATUS_PORT", 15021),
            probes: probes.filter(|port| *port != 0),
        }
    }

    /// All of them, in the order in which Istio excludes them from capture.
    pub(crate) fn all(self) -> impl Iterator<Item = u16> {
        let Self { prometheus, ready, probes } = self;
        [prometheus, ready].into_iter().chain(probes)
    }
}
