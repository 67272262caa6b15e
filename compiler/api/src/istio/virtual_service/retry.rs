//! Retrying failed requests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Duration;

/// When Envoy sends a request again.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRetry {
    /// How often it is sent again after the first try. 0 turns retries off. Default where `retries` is
    /// present: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<i32>,
    /// Time for each try, the first included. Default: the timeout of the route.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_try_timeout: Option<Duration>,
    /// Comma-separated conditions of Envoy (`5xx`, `gateway-error`, `reset`, `connect-failure`,
    /// `retriable-4xx`, `refused-stream`, `unavailable`, …) and status codes. Default:
    /// `connect-failure,refused-stream,unavailable,cancelled,503`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_on: Option<String>,
    /// Whether a retry may leave the locality; by default Envoy stays in the priority that it picked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_remote_localities: Option<bool>,
    /// Whether a retry avoids the endpoints that were tried already. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_ignore_previous_hosts: Option<bool>,
    /// Shortest pause before a retry; pauses grow exponentially with jitter. Default: Envoy's, 25 ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Duration>,
}
