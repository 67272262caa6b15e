//! Probes and lifecycle hooks of a container.

use schemars::JsonSchema;
use serde::Deserialize;

use super::IntOrString;
use crate::null_default::null_default;

/// How the kubelet finds out whether a container is well. Exactly one of the first four is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Probe {
    /// An HTTP request.
    #[serde(default)]
    pub http_get: Option<HttpGetAction>,
    /// A TCP connection.
    #[serde(default)]
    pub tcp_socket: Option<TcpSocketAction>,
    /// A call of the gRPC health service.
    #[serde(default)]
    pub grpc: Option<GrpcAction>,
    /// A command in the container.
    #[serde(default)]
    pub exec: Option<ExecAction>,
    /// Seconds from the start of the container to the first probe.
    #[serde(default)]
    pub initial_delay_seconds: Option<i32>,
    /// Seconds until a probe counts as failed; absent means 1.
    #[serde(default)]
    pub timeout_seconds: Option<i32>,
    /// Seconds between probes; absent means 10.
    #[serde(default)]
    pub period_seconds: Option<i32>,
    /// Successes in a row that make the container well; absent means 1.
    #[serde(default)]
    pub success_threshold: Option<i32>,
    /// Failures in a row that make the container ill; absent means 3.
    #[serde(default)]
    pub failure_threshold: Option<i32>,
}

/// An HTTP request of the kubelet.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpGetAction {
    /// Path; absent means `/`.
    #[serde(default)]
    pub path: Option<String>,
    /// Number or name of the container port.
    pub port: IntOrString,
    /// Host to connect to; absent means the address of the pod.
    #[serde(default)]
    pub host: Option<String>,
    /// `HTTP` or `HTTPS`; absent means `HTTP`.
    #[serde(default)]
    pub scheme: Option<String>,
    /// Headers of the request.
    #[serde(default, deserialize_with = "null_default")]
    pub http_headers: Vec<HttpHeader>,
}

/// A header of a probe.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct HttpHeader {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}

/// A TCP connection of the kubelet.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct TcpSocketAction {
    /// Number or name of the container port.
    pub port: IntOrString,
    /// Host to connect to; absent means the address of the pod.
    #[serde(default)]
    pub host: Option<String>,
}

/// A call of the gRPC health service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct GrpcAction {
    /// Number of the port.
    pub port: u16,
    /// Name of the service to ask for; absent means the server as a whole.
    #[serde(default)]
    pub service: Option<String>,
}

/// A command in the container.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct ExecAction {
    /// Program and arguments; no shell.
    #[serde(default, deserialize_with = "null_default")]
    pub command: Vec<String>,
}

/// Hooks of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Lifecycle {
    /// Right after the start; the next container starts when it has returned.
    #[serde(default)]
    pub post_start: Option<LifecycleHandler>,
    /// Before the signal to stop.
    #[serde(default)]
    pub pre_stop: Option<LifecycleHandler>,
}

/// What a hook does. Exactly one is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LifecycleHandler {
    /// A command in the container.
    #[serde(default)]
    pub exec: Option<ExecAction>,
    /// An HTTP request.
    #[serde(default)]
    pub http_get: Option<HttpGetAction>,
    /// A TCP connection, kept by Kubernetes for compatibility only.
    #[serde(default)]
    pub tcp_socket: Option<TcpSocketAction>,
    /// A pause.
    #[serde(default)]
    pub sleep: Option<SleepAction>,
}

/// A pause.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct SleepAction {
    /// Its length in seconds.
    pub seconds: i64,
}
