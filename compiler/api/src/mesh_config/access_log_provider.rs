//! Providers of access logs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::null_default::{is_default, null_default};
use serde_json::{Map, Value};

/// Access log to a file.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvoyFileAccessLogProvider {
    /// The file (`/dev/stdout`).
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub path: String,
    /// Format of its lines. Default: text in the format of Istio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_format: Option<FileLogFormat>,
    /// Whether values that are not there are left out in place of `-`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub omit_empty_values: bool,
}

/// Format of access log lines. Exactly one is set.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct FileLogFormat {
    /// As text; empty means the format of Istio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// As a JSON object; empty means the fields of Istio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<Map<String, Value>>,
}

/// Access log of HTTP to a gRPC service.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvoyHttpAlsProvider {
    /// Host, or `<namespace>/<host>`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub service: String,
    /// Port.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub port: u32,
    /// Name of the log. Default: `http_envoy_accesslog`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub log_name: String,
    /// Filter state objects in each entry.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub filter_state_objects_to_log: Vec<String>,
    /// Request headers in each entry.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub additional_request_headers_to_log: Vec<String>,
    /// Response headers in each entry.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub additional_response_headers_to_log: Vec<String>,
    /// Response trailers in each entry.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub additional_response_trailers_to_log: Vec<String>,
}

/// Access log of TCP to a gRPC service.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvoyTcpAlsProvider {
    /// Host, or `<namespace>/<host>`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub service: String,
    /// Port.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub port: u32,
    /// Name of the log. Default: `tcp_envoy_accesslog`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub log_name: String,
    /// Filter state objects in each entry.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub filter_state_objects_to_log: Vec<String>,
}

/// Access log to OpenTelemetry.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvoyOtelAlsProvider {
    /// Host, or `<namespace>/<host>`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub service: String,
    /// Port.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub port: u32,
    /// Name of the log. Default: `otel_envoy_accesslog`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub log_name: String,
    /// Body and attributes of each entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_format: Option<OtelLogFormat>,
}

/// Body and attributes of an entry.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct OtelLogFormat {
    /// Body; empty means the format of Istio.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub text: String,
    /// Attributes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<Map<String, Value>>,
}
