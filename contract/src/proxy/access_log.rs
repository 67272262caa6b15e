//! Access logs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One access log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessLog {
    /// Path; `/dev/stdout` is usual.
    pub path: String,
    /// Format.
    pub format: AccessLogFormat,
    /// Only connections and requests with one of these response flags; empty logs everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub response_flags: Vec<String>,
}

/// Format of a log: Envoy's `%OPERATORS%`. One that the proxy does not know is refused when configuration is loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AccessLogFormat {
    /// One line, with its newline.
    Text(String),
    /// One JSON object: keys with values, which may hold operators, in order.
    Json(Vec<(String, serde_json::Value)>),
}
