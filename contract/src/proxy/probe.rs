//! Probes and hooks of the kubelet, which cannot speak mTLS and is therefore let in beside the mesh (dataplane.md §4.3).

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::traffic::duration;

/// A listener of the proxy through which the kubelet reaches the application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProbeBridge {
    /// Its port, which is not captured; 15020 by default (`statusPort`).
    pub port: u16,
    /// What it leads to, in the order of the containers.
    pub probes: Vec<ProbeRoute>,
}

/// One probe or hook of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProbeRoute {
    /// Name of the container.
    pub container: String,
    /// Which of its probes and hooks.
    pub kind: ProbeKind,
    /// What the kubelet would have asked.
    pub target: ProbeTarget,
}

/// A probe or hook of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ProbeKind {
    /// `startupProbe`.
    Startup,
    /// `readinessProbe`.
    Readiness,
    /// `livenessProbe`.
    Liveness,
    /// `lifecycle.postStart`.
    PostStart,
    /// `lifecycle.preStop`.
    PreStop,
}

/// What a probe asks of the application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ProbeTarget {
    /// A request, which the bridge forwards.
    Http {
        /// Port of the application.
        port: u16,
        /// Path with a leading slash, with its query.
        path: String,
        /// Whether the application speaks TLS there. The kubelet does not verify its certificate.
        tls: bool,
    },
    /// A connection. Connecting to the bridge would tell nothing, so the bridge connects on its own and answers what it found.
    Tcp {
        /// Port of the application.
        port: u16,
        /// How often.
        timing: ProbeTiming,
    },
    /// A call of the gRPC health service, which the bridge makes on its own.
    Grpc {
        /// Port of the application.
        port: u16,
        /// Service that is asked for; empty for the server as a whole.
        service: String,
        /// How often.
        timing: ProbeTiming,
    },
}

/// How often something is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProbeTiming {
    /// Time between two tries.
    #[serde(with = "duration")]
    #[schemars(with = "String")]
    pub period: Duration,
    /// Time until a try counts as failed.
    #[serde(with = "duration")]
    #[schemars(with = "String")]
    pub timeout: Duration,
}
