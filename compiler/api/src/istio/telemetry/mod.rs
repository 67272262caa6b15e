//! Telemetry: traces, metrics and access logs of workloads.

mod access_log;
mod metrics;
mod tracing;

pub use access_log::{AccessLogging, LogFilter, LogSelector};
pub use metrics::{
    IstioMetric, MetricSelector, Metrics, MetricsOverrides, TagOverride, TagOverrideOperation,
};
pub use tracing::{
    CustomTag, CustomTagEnvironment, CustomTagFormatter, CustomTagLiteral, CustomTagRequestHeader, Tracing,
    TracingSelector,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PolicySelector, PolicyTargetReference};
use crate::admission::Report;
use crate::istio::validate;
use crate::null_default::null_default;
use crate::{Kind, Resource};

/// Traces, metrics and access logs. Objects of the root namespace, of the namespace and of the workload are
/// laid over each other in this order.
///
/// Source: `telemetry.istio.io`, Telemetry.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Telemetry {
    /// Workloads of the namespace that the object is for. Default: all; in the root namespace, the whole
    /// mesh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<PolicySelector>,
    /// One object that the policy is attached to; superseded by `targetRefs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_ref: Option<PolicyTargetReference>,
    /// Objects that the policy is attached to. Not together with `selector`.
    #[schemars(length(max = 16))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub target_refs: Vec<PolicyTargetReference>,
    /// Traces.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub tracing: Vec<Tracing>,
    /// Metrics.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Metrics>,
    /// Access logs.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub access_logging: Vec<AccessLogging>,
}

impl Kind for Telemetry {
    const GROUP: &'static str = "telemetry.istio.io";
    const KIND: &'static str = "Telemetry";
    const PLURAL: &'static str = "telemetries";
    const VERSIONS: &'static [&'static str] = &["v1", "v1alpha1"];
    const NAMESPACED: bool = true;

    fn admit(object: &Resource<Self>, report: &mut Report) {
        validate::telemetry::admit(object, report);
    }
}

/// A provider by name.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["name"]))]
pub struct ProviderRef {
    /// Name of an entry of `extensionProviders` of the mesh.
    #[schemars(required, length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Direction of the traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum WorkloadMode {
    /// Either.
    #[serde(rename = "CLIENT_AND_SERVER")]
    ClientAndServer,
    /// The workload calls.
    #[serde(rename = "CLIENT")]
    Client,
    /// The workload is called.
    #[serde(rename = "SERVER")]
    Server,
}
