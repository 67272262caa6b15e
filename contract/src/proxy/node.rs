//! Whose proxy it is, and what it needs for itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ProbeBridge;
use crate::SpiffeId;

/// Whose proxy it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Node {
    /// The workload, as metrics and logs name it.
    pub labels: WorkloadLabels,
    /// The identity that it presents.
    #[schemars(with = "String")]
    pub identity: SpiffeId,
    /// Name of the mesh (`meshID`).
    pub mesh: String,
}

/// What Istio's metrics say of a workload. A text that is not known is empty, and metrics write `unknown`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkloadLabels {
    /// Name of the workload object.
    pub workload: String,
    /// Its namespace.
    pub namespace: String,
    /// The label `app`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub app: String,
    /// The label `version`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Istio's canonical service: `service.istio.io/canonical-name`, `app.kubernetes.io/name`, `app` or the workload.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub canonical_service: String,
    /// Istio's canonical revision: `service.istio.io/canonical-revision`, `app.kubernetes.io/version`, `version` or `latest`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub canonical_revision: String,
    /// Cluster.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cluster: String,
    /// SPIFFE ID, if it has one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub principal: String,
}

/// Files of the workload's certificate. They are read again when they change, so that rotation needs no restart. They must be there
/// when the proxy starts: without them it would be nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentityFiles {
    /// Leaf, then intermediates, PEM.
    pub certificate: String,
    /// Private key, PEM.
    pub key: String,
    /// All active roots of the mesh, PEM.
    pub roots: String,
}

/// Ports that the proxy opens for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Admin {
    /// Port on the loopback address: `/ready`, `/stats/prometheus`, `/config_dump`, `/certs`; Istio's 15000.
    pub port: u16,
    /// Port for probes of the proxy itself, `/healthz/ready`; Istio's 15021.
    pub status_port: u16,
    /// Port for scrapes, `/stats/prometheus`; Istio's 15090.
    pub prometheus_port: u16,
    /// The way of the kubelet to the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probes: Option<ProbeBridge>,
}
