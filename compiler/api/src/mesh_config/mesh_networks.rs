//! `MeshNetworks`: networks between which endpoints reach each other through gateways only.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::null_default::{is_default, null_default};

/// All networks of the mesh, by name.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct MeshNetworks {
    /// The networks.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub networks: BTreeMap<String, Network>,
}

/// One network.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct Network {
    /// Which endpoints are in it.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub endpoints: Vec<NetworkEndpoints>,
    /// Where it is entered from the others.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub gateways: Vec<NetworkGateway>,
}

/// Which endpoints are in a network. Exactly one is set.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkEndpoints {
    /// Those with an address in this range.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub from_cidr: String,
    /// Those of this cluster.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub from_registry: String,
}

/// Where a network is entered. Exactly one of the first two is set.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkGateway {
    /// Host of the gateway Service.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub registry_service_name: String,
    /// Address of the gateway.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub address: String,
    /// Its port.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub port: u32,
    /// Its locality.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub locality: String,
}
