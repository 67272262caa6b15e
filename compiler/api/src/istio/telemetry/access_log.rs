//! Access logs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ProviderRef, WorkloadMode};
use crate::null_default::null_default;

/// Settings of access logs. What is left out is inherited.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AccessLogging {
    /// Traffic that the settings are for. Default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#match: Option<LogSelector>,
    /// Where log entries go. Default: the default providers of the mesh.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub providers: Vec<ProviderRef>,
    /// Write no log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// Which requests are logged. Default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<LogFilter>,
}

/// Traffic that log settings are for.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LogSelector {
    /// Direction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<WorkloadMode>,
}

/// Which requests are logged.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LogFilter {
    /// Expression in CEL over Envoy's attributes, as `response.code >= 400`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
}
