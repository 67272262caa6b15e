//! Options of a compilation that decide what the input means.

use meshc_api::Lock;

/// Options of a compilation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// DNS domain of the Kubernetes cluster, `cluster.local` by default.
    pub domain: String,
    /// Name of the Kubernetes cluster in Istio's terms, `Kubernetes` by default.
    pub cluster_id: String,
    /// Which workloads get a sidecar.
    pub inject: Inject,
    /// Addresses that stay as they were given; none by default.
    pub lock: Lock,
    /// Whether the ports that every proxy listens on for itself (metrics, readiness, probes) are taken; true by default.
    /// istiod knows them from what a proxy tells about itself, and leaves them free for a proxy that tells nothing.
    pub reserve_own_ports: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            domain: "cluster.local".to_owned(),
            cluster_id: "Kubernetes".to_owned(),
            inject: Inject::Labelled,
            lock: Lock::default(),
            reserve_own_ports: true,
        }
    }
}

/// Which workloads get a sidecar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inject {
    /// Those that Istio's namespace and pod labels ask for (`istio-injection`, `istio.io/rev`, `sidecar.istio.io/inject`).
    Labelled,
    /// All that do not opt out.
    All,
}
