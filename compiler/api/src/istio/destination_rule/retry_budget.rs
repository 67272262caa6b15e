//! A limit of concurrent retries.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Duration;

/// A limit of concurrent retries that follows the load.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RetryBudget {
    /// Most retries at a time, in per cent of the active and pending requests, 0 to 100. Default: 20.
    #[schemars(range(min = 0.0, max = 100.0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    /// Retries at a time that are always allowed. Default: 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_retry_concurrency: Option<u32>,
    /// Time over which requests are counted. Default: only the requests of the moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_interval: Option<Duration>,
}
