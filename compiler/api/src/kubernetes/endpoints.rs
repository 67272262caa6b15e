//! `Endpoints` of the core group.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Protocol;
use crate::null_default::null_default;

/// Endpoints of the Service of the same name, written by hand where the Service has no selector.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Endpoints {
    /// Sets of addresses that share ports.
    #[serde(default, deserialize_with = "null_default")]
    pub subsets: Vec<EndpointSubset>,
}

/// Addresses that share ports: each address listens on each port.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndpointSubset {
    /// Addresses that take traffic.
    #[serde(default, deserialize_with = "null_default")]
    pub addresses: Vec<EndpointAddress>,
    /// Addresses that take none yet.
    #[serde(default, deserialize_with = "null_default")]
    pub not_ready_addresses: Vec<EndpointAddress>,
    /// Their ports.
    #[serde(default, deserialize_with = "null_default")]
    pub ports: Vec<EndpointPort>,
}

/// One address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndpointAddress {
    /// The IP address.
    pub ip: String,
    /// Host name of the endpoint within the Service.
    #[serde(default)]
    pub hostname: Option<String>,
    /// Node of the endpoint.
    #[serde(default)]
    pub node_name: Option<String>,
    /// The pod behind the address.
    #[serde(default)]
    pub target_ref: Option<ObjectReference>,
}

/// One port of endpoints.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndpointPort {
    /// Name of the port of the Service that it serves; absent or empty where that port has no name.
    #[serde(default)]
    pub name: Option<String>,
    /// Number; absent means every port, in an EndpointSlice only.
    #[serde(default)]
    pub port: Option<u16>,
    /// Transport protocol, TCP unless stated.
    #[serde(default, deserialize_with = "null_default")]
    pub protocol: Protocol,
    /// Application protocol.
    #[serde(default)]
    pub app_protocol: Option<String>,
}

/// Another object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct ObjectReference {
    /// Its kind.
    #[serde(default)]
    pub kind: Option<String>,
    /// Its namespace.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
}
