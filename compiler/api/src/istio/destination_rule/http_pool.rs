//! Limits of requests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Duration;

/// Limits and timeouts of HTTP connections and requests.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpSettings {
    /// Most requests that wait for a connection. Default: 2^32-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http1_max_pending_requests: Option<i32>,
    /// Most requests at a time, for HTTP/1.1 too. Default: 2^32-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http2_max_requests: Option<i32>,
    /// Requests after which a connection is closed; 1 turns keepalive off. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_requests_per_connection: Option<i32>,
    /// Most retries at a time to the whole cluster. Default: 2^32-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_retries: Option<i32>,
    /// Time without requests after which a connection is closed. Default: Envoy's, 1 h.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout: Option<Duration>,
    /// Whether HTTP/1.1 requests go on as HTTP/2. Default: as the mesh says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub h2_upgrade_policy: Option<H2UpgradePolicy>,
    /// Speak the protocol that the client speaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_client_protocol: Option<bool>,
    /// Most concurrent requests on one HTTP/2 connection. Default: 2^31-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrent_streams: Option<i32>,
    /// HTTP/2 PING frames that find dead connections. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http2_keep_alive: Option<Http2KeepAlive>,
}

/// Whether HTTP/1.1 requests go on as HTTP/2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum H2UpgradePolicy {
    /// As the mesh says.
    #[serde(rename = "DEFAULT")]
    Default,
    /// They stay HTTP/1.1.
    #[serde(rename = "DO_NOT_UPGRADE")]
    DoNotUpgrade,
    /// They go on as HTTP/2.
    #[serde(rename = "UPGRADE")]
    Upgrade,
}

/// HTTP/2 PING frames.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Http2KeepAlive {
    /// Time between frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Duration>,
    /// Time to wait for the answer before the connection is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
}
