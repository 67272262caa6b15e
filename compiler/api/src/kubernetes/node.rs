//! `Node` of the core group.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::null_default::null_default;

/// A machine. Its locality is in its labels.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Node {
    /// What is known about it at run time.
    #[serde(default, deserialize_with = "null_default")]
    pub status: NodeStatus,
}

/// What is known about a node at run time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct NodeStatus {
    /// Its addresses.
    #[serde(default, deserialize_with = "null_default")]
    pub addresses: Vec<NodeAddress>,
}

/// One address of a node.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct NodeAddress {
    /// `Hostname`, `InternalIP`, `ExternalIP`, `InternalDNS` or `ExternalDNS`.
    #[serde(rename = "type")]
    pub address_type: String,
    /// The address.
    pub address: String,
}
