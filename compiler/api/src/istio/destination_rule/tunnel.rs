//! Carrying connections through an HTTP proxy.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Tunnel through an HTTP proxy, for routes of TCP and TLS listeners.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["targetHost", "targetPort"]))]
pub struct TunnelSettings {
    /// `CONNECT` or `POST`. Default: `CONNECT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Host or address that the proxy is asked to connect to.
    #[schemars(required)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_host: Option<String>,
    /// Port that the proxy is asked to connect to.
    #[schemars(required)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_port: Option<u32>,
}
