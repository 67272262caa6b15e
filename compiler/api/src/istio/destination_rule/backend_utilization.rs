//! Weights from the load that endpoints report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Duration;
use crate::null_default::null_default;

/// Client-side weighted round robin from ORCA load reports in the responses. Istio publishes the fields; its
/// control plane does not act on them yet.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct BackendUtilization {
    /// Per cent of an endpoint's error rate that lowers its weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_utilization_penalty_percent: Option<u32>,
    /// Names of reported metrics that count as utilisation where the report has no application utilisation.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub metric_names_for_computing_utilization: Vec<String>,
    /// A weight without new reports for this long is forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_expiration_period: Option<Duration>,
    /// Reports have to come for this long before a weight counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_stabilization_period: Option<Duration>,
    /// How often the weights are computed anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_update_period: Option<Duration>,
}
