//! Sparing new endpoints.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Duration;

/// Slow start: the weight of a new endpoint grows from a minimum to its full value.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["duration"]))]
pub struct WarmupConfiguration {
    /// Time until the full weight.
    #[schemars(required)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<Duration>,
    /// Per cent of its weight that a new endpoint starts with, 0 to 100. Default: 10.
    #[schemars(range(min = 0.0, max = 100.0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_percent: Option<f64>,
    /// Shape of the growth: 1 is linear, larger values grow faster at first. Default: 1.
    #[schemars(range(min = 0.0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aggression: Option<f64>,
}
