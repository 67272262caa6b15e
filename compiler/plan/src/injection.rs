//! What injection does to the pods of a workload, beside what their proxy is told (dataplane.md §4.2).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use meshc_contract::WorkloadRef;
use serde_json::Value;

use crate::TrafficCapture;

/// A proxy that is put into pods.
#[derive(Debug, Clone, PartialEq)]
pub struct Injection {
    /// The workload whose proxy it is.
    pub workload: WorkloadRef,
    /// Where its object has the pods.
    pub place: PodPlace,
    /// Labels of the pods, those that injection adds among them.
    pub labels: BTreeMap<String, String>,
    /// How traffic is led to the proxy; `None` for gateways and where the application dials the proxy itself.
    pub capture: Option<TrafficCapture>,
    /// Addresses that the application is told for names that the cluster's DNS does not know, or knows otherwise
    /// (`ISTIO_META_DNS_CAPTURE`).
    pub names: BTreeMap<IpAddr, BTreeSet<String>>,
    /// What annotations say about the container of the proxy.
    pub container: ProxyContainer,
    /// Whether something finds the pods by DNS, so that they must be known before they count and served until they are
    /// forgotten.
    pub serves: bool,
    /// Whether the pods run to an end (Job, CronJob).
    pub finishes: bool,
    /// Whether pods that say nothing about Prometheus are marked for its scraping (`enablePrometheusMerge`).
    pub scraped: bool,
}

/// Where an object has its pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PodPlace {
    /// The object is a pod.
    Object,
    /// `spec.template`.
    Template,
    /// `spec.jobTemplate.spec.template`.
    JobTemplate,
}

/// What annotations of a pod say about the container of its proxy.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProxyContainer {
    /// `sidecar.istio.io/proxyImage`.
    pub image: Option<String>,
    /// `sidecar.istio.io/proxyCPU` and `proxyMemory`, by resource. Where any amount is stated, none has a default.
    pub requests: BTreeMap<String, String>,
    /// `sidecar.istio.io/proxyCPULimit` and `proxyMemoryLimit`, by resource.
    pub limits: BTreeMap<String, String>,
    /// `sidecar.istio.io/logLevel`; `warning` by default.
    pub log_level: Option<String>,
    /// `sidecar.istio.io/componentLogLevel`; `misc:error` by default.
    pub component_log_level: Option<String>,
    /// `readiness.status.sidecar.istio.io/initialDelaySeconds`.
    pub readiness_initial_delay: Option<u32>,
    /// `readiness.status.sidecar.istio.io/periodSeconds`.
    pub readiness_period: Option<u32>,
    /// `readiness.status.sidecar.istio.io/failureThreshold`.
    pub readiness_failures: Option<u32>,
    /// `sidecar.istio.io/userVolume`: volumes by name, as Kubernetes writes them without their names.
    pub volumes: BTreeMap<String, Value>,
    /// `sidecar.istio.io/userVolumeMount`: mounts by the name of their volume, without that name.
    pub volume_mounts: BTreeMap<String, Value>,
}
