//! Telling the destination the client's address.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A PROXY protocol header in front of the connection.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProxyProtocol {
    /// Version of the header. Default: `V1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<ProxyProtocolVersion>,
}

/// Versions of the PROXY protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum ProxyProtocolVersion {
    /// Text.
    #[serde(rename = "V1")]
    V1,
    /// Binary.
    #[serde(rename = "V2")]
    V2,
}
