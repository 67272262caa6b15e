//! Containers of a pod.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Lifecycle, Probe, Quantity, VolumeMount};
use crate::null_default::null_default;

/// One container of a pod, as far as meshc reads it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Container {
    /// Name, unique in the pod.
    pub name: String,
    /// Image; `auto` where Istio's injection is to fill it in.
    #[serde(default)]
    pub image: Option<String>,
    /// Program and leading arguments; empty means those of the image.
    #[serde(default, deserialize_with = "null_default")]
    pub command: Vec<String>,
    /// Arguments; empty means those of the image.
    #[serde(default, deserialize_with = "null_default")]
    pub args: Vec<String>,
    /// Ports that the container says it listens on. A named `targetPort` of a Service looks here.
    #[serde(default, deserialize_with = "null_default")]
    pub ports: Vec<ContainerPort>,
    /// Environment variables.
    #[serde(default, deserialize_with = "null_default")]
    pub env: Vec<EnvVar>,
    /// Requests and limits.
    #[serde(default, deserialize_with = "null_default")]
    pub resources: ResourceRequirements,
    /// Volumes that the container sees.
    #[serde(default, deserialize_with = "null_default")]
    pub volume_mounts: Vec<VolumeMount>,
    /// Restarts the container when it fails.
    #[serde(default)]
    pub liveness_probe: Option<Probe>,
    /// Takes the pod out of its Services while it fails.
    #[serde(default)]
    pub readiness_probe: Option<Probe>,
    /// Holds the other probes back until it succeeds once.
    #[serde(default)]
    pub startup_probe: Option<Probe>,
    /// What happens after the start and before the stop.
    #[serde(default)]
    pub lifecycle: Option<Lifecycle>,
    /// Security settings of the container.
    #[serde(default)]
    pub security_context: Option<SecurityContext>,
    /// `Always` on an init container makes it a sidecar of Kubernetes, which keeps running.
    #[serde(default)]
    pub restart_policy: Option<String>,
}

/// A port of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContainerPort {
    /// Name, for a `targetPort` to refer to.
    #[serde(default)]
    pub name: Option<String>,
    /// Number of the port in the pod.
    pub container_port: u16,
    /// Number of the port on the node, where it is published there.
    #[serde(default)]
    pub host_port: Option<u16>,
    /// Transport protocol, TCP unless stated.
    #[serde(default, deserialize_with = "null_default")]
    pub protocol: Protocol,
}

/// Transport protocol of a port.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
pub enum Protocol {
    /// TCP, the default of Kubernetes.
    #[default]
    #[serde(rename = "TCP")]
    Tcp,
    /// UDP. Istio captures none of it.
    #[serde(rename = "UDP")]
    Udp,
    /// SCTP. Istio captures none of it.
    #[serde(rename = "SCTP")]
    Sctp,
}

/// An environment variable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnvVar {
    /// Name.
    pub name: String,
    /// Value; `$(OTHER)` is replaced by Kubernetes.
    #[serde(default)]
    pub value: Option<String>,
    /// Where the value comes from, when it is not literal.
    #[serde(default)]
    pub value_from: Option<EnvVarSource>,
}

/// Where the value of an environment variable comes from. Other sources than the pod itself stay in the document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnvVarSource {
    /// A field of the pod.
    #[serde(default)]
    pub field_ref: Option<ObjectFieldSelector>,
}

/// A field of the pod.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectFieldSelector {
    /// Path, as `status.podIP`.
    pub field_path: String,
}

/// What a container asks for and may use at most.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct ResourceRequirements {
    /// Upper bounds by resource (`cpu`, `memory`).
    #[serde(default, deserialize_with = "null_default")]
    pub limits: BTreeMap<String, Quantity>,
    /// What the scheduler sets aside.
    #[serde(default, deserialize_with = "null_default")]
    pub requests: BTreeMap<String, Quantity>,
}

/// Security settings of one container; they win over those of the pod.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecurityContext {
    /// User that the process runs as. Istio does not capture the traffic of user 1337.
    #[serde(default)]
    pub run_as_user: Option<i64>,
    /// Group that the process runs as. Istio does not capture the traffic of group 1337.
    #[serde(default)]
    pub run_as_group: Option<i64>,
    /// Whether a process that would run as root is refused.
    #[serde(default)]
    pub run_as_non_root: Option<bool>,
    /// Whether the container may do all that its node may.
    #[serde(default)]
    pub privileged: Option<bool>,
    /// Whether the process may gain more privileges than its parent.
    #[serde(default)]
    pub allow_privilege_escalation: Option<bool>,
    /// Whether the root file system cannot be written.
    #[serde(default)]
    pub read_only_root_filesystem: Option<bool>,
    /// Linux capabilities.
    #[serde(default)]
    pub capabilities: Option<Capabilities>,
}

/// Linux capabilities beside those that the container runtime gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Capabilities {
    /// Added ones, without `CAP_`.
    #[serde(default, deserialize_with = "null_default")]
    pub add: Vec<String>,
    /// Removed ones; `ALL` for all.
    #[serde(default, deserialize_with = "null_default")]
    pub drop: Vec<String>,
}
