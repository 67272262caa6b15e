//! Authorization by an external service.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Duration;
use crate::null_default::{is_default, null_default};

/// Authorization by an HTTP service.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ExtAuthzHttpProvider {
    /// Host, or `<namespace>/<host>`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub service: String,
    /// Port.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub port: u32,
    /// Time for an answer. Default: 600 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Put before the path of each request to the service.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub path_prefix: String,
    /// Whether requests pass while the service is away.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub fail_open: bool,
    /// Whether the route is chosen again after the answer.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub clear_route_cache: bool,
    /// Status of requests that are refused because the service is away. Default: 403.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub status_on_error: String,
    /// Older name of `include_request_headers_in_check`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub include_headers_in_check: Vec<String>,
    /// Request headers for the service, with `*` at an end.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub include_request_headers_in_check: Vec<String>,
    /// Headers added to requests for the service.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub include_additional_headers_in_check: BTreeMap<String, String>,
    /// Whether the body goes to the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_request_body_in_check: Option<ExtAuthzRequestBody>,
    /// Headers of the answer that go on with an allowed request.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub headers_to_upstream_on_allow: Vec<String>,
    /// Headers of the answer for the client of a denied request.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub headers_to_downstream_on_deny: Vec<String>,
    /// Headers of the answer for the client of an allowed request.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub headers_to_downstream_on_allow: Vec<String>,
}

/// Authorization by a gRPC service.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ExtAuthzGrpcProvider {
    /// Host, or `<namespace>/<host>`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub service: String,
    /// Port.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub port: u32,
    /// Time for an answer. Default: 600 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Whether requests pass while the service is away.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub fail_open: bool,
    /// Whether the route is chosen again after the answer.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub clear_route_cache: bool,
    /// Status of requests that are refused because the service is away. Default: 403.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub status_on_error: String,
    /// Whether the body goes to the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_request_body_in_check: Option<ExtAuthzRequestBody>,
}

/// How the body goes to an authorization service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ExtAuthzRequestBody {
    /// Bytes at most.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub max_request_bytes: u32,
    /// Whether a longer body is cut; if not, it is refused with 413.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub allow_partial_message: bool,
    /// Whether it is sent as bytes and not as text.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub pack_as_bytes: bool,
}
