//! Limits and timeouts of the connections of a proxy.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Duration;
use crate::null_default::{is_default, null_default};

/// Limits and timeouts; absent ones come from the profile.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ConnectionSettings {
    /// Where absent values come from.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub profile: ConnectionProfile,
    /// Buffer of each downstream connection, bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listener_per_connection_buffer_limit_bytes: Option<u32>,
    /// Buffer of each upstream connection, bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_per_connection_buffer_limit_bytes: Option<u32>,
    /// Time without requests after which a connection is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_idle_timeout: Option<Duration>,
    /// Longest life of a connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_max_connection_duration: Option<Duration>,
    /// Time between the announcement of a close and the close.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_drain_timeout: Option<Duration>,
    /// Time to receive a whole request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_request_timeout: Option<Duration>,
    /// Time to receive the headers of a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_request_headers_timeout: Option<Duration>,
    /// Time without traffic after which a request is ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_stream_idle_timeout: Option<Duration>,
    /// Longest life of a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_max_stream_duration: Option<Duration>,
    /// Requests at the same time on an HTTP/2 connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_max_concurrent_streams: Option<u32>,
    /// First flow control window of a stream, bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http2_initial_stream_window_size: Option<u32>,
    /// First flow control window of a connection, bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http2_initial_connection_window_size: Option<u32>,
    /// What happens to headers with `_` in the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_headers_with_underscores_action: Option<HeadersWithUnderscoresAction>,
    /// Whether `//` in a path becomes `/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_merge_slashes: Option<bool>,
    /// What happens to `%2F` and `%5C` in a path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_path_with_escaped_slashes_action: Option<PathWithEscapedSlashesAction>,
    /// Connections at the same time on each listener.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listener_connection_limit: Option<u32>,
    /// Connections at the same time of the whole proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub global_downstream_connection_limit: Option<u32>,
}

/// A set of defaults.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum ConnectionProfile {
    /// Those of Envoy and Istio.
    #[default]
    #[serde(rename = "SIDECAR")]
    Sidecar,
    /// What Envoy recommends for proxies that face untrusted clients.
    #[serde(rename = "EDGE")]
    Edge,
}

/// What happens to headers with `_` in the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum HeadersWithUnderscoresAction {
    /// As the profile says.
    #[serde(rename = "HEADERS_WITH_UNDERSCORES_ACTION_UNSPECIFIED")]
    Unspecified,
    /// They are kept.
    #[serde(rename = "HEADERS_WITH_UNDERSCORES_ACTION_ALLOW")]
    Allow,
    /// The request is refused.
    #[serde(rename = "HEADERS_WITH_UNDERSCORES_ACTION_REJECT_REQUEST")]
    RejectRequest,
    /// They are removed.
    #[serde(rename = "HEADERS_WITH_UNDERSCORES_ACTION_DROP_HEADER")]
    DropHeader,
}

/// What happens to escaped slashes in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum PathWithEscapedSlashesAction {
    /// As the profile says.
    #[serde(rename = "PATH_WITH_ESCAPED_SLASHES_ACTION_UNSPECIFIED")]
    Unspecified,
    /// They are kept.
    #[serde(rename = "KEEP_UNCHANGED")]
    KeepUnchanged,
    /// The request is refused.
    #[serde(rename = "REJECT_REQUEST")]
    RejectRequest,
    /// The client is redirected to the path without escapes.
    #[serde(rename = "UNESCAPE_AND_REDIRECT")]
    UnescapeAndRedirect,
    /// They are unescaped.
    #[serde(rename = "UNESCAPE_AND_FORWARD")]
    UnescapeAndForward,
}
