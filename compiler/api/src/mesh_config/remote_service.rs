//! A gRPC service that a proxy reports to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::istio::{ClientTlsSettings, TcpKeepalive};
use crate::null_default::{is_default, null_default};

/// A gRPC service that a proxy reports to.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RemoteService {
    /// `host:port`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub address: String,
    /// TLS to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_settings: Option<ClientTlsSettings>,
    /// Keepalive probes of the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp_keepalive: Option<TcpKeepalive>,
}
