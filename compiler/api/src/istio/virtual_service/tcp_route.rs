//! Rules for opaque TCP connections.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RouteDestination;
use crate::null_default::null_default;

/// One rule for opaque TCP.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TcpRoute {
    /// Alternatives, of which one has to match. Empty matches every connection.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub r#match: Vec<L4MatchAttributes>,
    /// Where the connections go, split by weight.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub route: Vec<RouteDestination>,
}

/// Conditions that all have to hold for a TCP connection.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct L4MatchAttributes {
    /// Addresses or CIDR blocks that the client connects to; they become `prefix_ranges` of the filter chain
    /// match.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub destination_subnets: Vec<String>,
    /// Port of the addressed service or gateway server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u32>,
    /// Address or CIDR block of the client. Istio reads the field and does not act on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_subnet: Option<String>,
    /// Labels that the client's workload must have. Decided when compiling.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub source_labels: BTreeMap<String, String>,
    /// Gateways for this match alone, in place of those of the VirtualService.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub gateways: Vec<String>,
    /// Namespace of the client's workload. Decided when compiling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_namespace: Option<String>,
}
