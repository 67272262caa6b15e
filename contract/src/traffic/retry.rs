//! Retries.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{duration, is_false};

/// Retry policy of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Retry {
    /// Retries after the first attempt.
    pub attempts: u32,
    /// Envoy's `retry_on` with its `retry_grpc_on`, comma separated. `retriable-headers` names no headers here, so that it matches none.
    pub retry_on: String,
    /// HTTP codes to retry on, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retriable_status_codes: Vec<u32>,
    /// Time for each attempt.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "duration::optional")]
    #[schemars(with = "Option<String>")]
    pub per_try_timeout: Option<Duration>,
    /// Base interval of the back-off.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "duration::optional")]
    #[schemars(with = "Option<String>")]
    pub base_interval: Option<Duration>,
    /// Whether hosts that were tried are avoided.
    #[serde(default, skip_serializing_if = "is_false")]
    pub avoid_previous_hosts: bool,
    /// `host_selection_retry_max_attempts`; `None` states none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_selection_attempts: Option<u32>,
    /// Whether localities that were tried are avoided (`retryRemoteLocalities`).
    #[serde(default, skip_serializing_if = "is_false")]
    pub avoid_previous_priorities: bool,
}
