//! Limits of connections.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::HttpSettings;
use crate::Duration;

/// Limits and timeouts of the connections to a service. They become circuit breakers and protocol options of
/// the cluster.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ConnectionPoolSettings {
    /// For all protocols.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp: Option<TcpSettings>,
    /// For HTTP/1.1, HTTP/2 and gRPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpSettings>,
}

/// Limits and timeouts of TCP connections.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TcpSettings {
    /// Most connections that a proxy opens to the service. Default: 2^32-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_connections: Option<i32>,
    /// Time to set up a connection. Default: `connectTimeout` of the mesh, 10 s unless configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_timeout: Option<Duration>,
    /// Keepalive probes of the operating system. Default: `tcpKeepalive` of the mesh, none unless configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp_keepalive: Option<TcpKeepalive>,
    /// Longest life of a connection. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_connection_duration: Option<Duration>,
    /// Time without traffic after which a connection is closed. Default: Envoy's, 1 h; `0s` turns it off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout: Option<Duration>,
}

/// Keepalive probes of the operating system.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TcpKeepalive {
    /// Probes without an answer before the connection counts as dead. Default: the operating system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probes: Option<u32>,
    /// Idle time before the first probe. Default: the operating system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Duration>,
    /// Time between probes. Default: the operating system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Duration>,
}
