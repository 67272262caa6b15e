//! Fault injection.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fraction, duration};

/// Faults of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// Delay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<FaultDelay>,
    /// Abort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort: Option<FaultAbort>,
}

/// A delay before forwarding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultDelay {
    /// Share of requests; `None` states none, which Envoy reads as 0 %.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentage: Option<Fraction>,
    /// How long.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "duration::optional")]
    #[schemars(with = "Option<String>")]
    pub fixed: Option<Duration>,
}

/// An answer instead of forwarding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultAbort {
    /// Share of requests; `None` states none, which Envoy reads as 0 %.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentage: Option<Fraction>,
    /// HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u32>,
    /// gRPC status number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grpc_status: Option<u32>,
}

impl FaultAbort {
    /// The HTTP status of the answer; a gRPC status has one that stands for it (Envoy's `Grpc::Utility::grpcToHttpStatus`).
    #[must_use]
    pub fn status(&self) -> u32 {
        self.http_status.unwrap_or(match self.grpc_status {
            Some(0) => 200,
            Some(1) => 499,
            Some(3 | 9 | 11) => 400,
            Some(4) => 504,
            Some(5) => 404,
            Some(6 | 10) => 409,
            Some(7) => 403,
            Some(8) => 429,
            Some(12) => 501,
            Some(14) => 503,
            Some(16) => 401,
            _ => 500,
        })
    }
}
