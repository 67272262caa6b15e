//! Faults that are injected on purpose.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Percent;
use crate::Duration;

/// Faults for testing, which Envoy's fault filter injects at the client. Delay and abort are independent of
/// each other.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpFaultInjection {
    /// Wait before forwarding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<HttpFaultDelay>,
    /// Answer with an error instead of forwarding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abort: Option<HttpFaultAbort>,
}

/// A delay before forwarding.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpFaultDelay {
    /// Whole per cent of the requests; superseded by `percentage`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<i32>,
    /// How long Envoy waits. At least 1 ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_delay: Option<Duration>,
    /// Not implemented by Istio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exponential_delay: Option<Duration>,
    /// Share of the requests. Left out, nothing is delayed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentage: Option<Percent>,
}

/// An error in place of forwarding: one of the statuses.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpFaultAbort {
    /// HTTP status that the client gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_status: Option<i32>,
    /// gRPC status that the client gets, by name (`UNAVAILABLE`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc_status: Option<String>,
    /// Not implemented by Istio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http2_error: Option<String>,
    /// Share of the requests. Left out, nothing is aborted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentage: Option<Percent>,
}
