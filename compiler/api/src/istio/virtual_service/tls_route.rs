//! Rules for TLS connections that are not terminated.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RouteDestination;
use crate::null_default::null_default;

/// One rule for TLS that passes through, chosen by the server name of the client's hello.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["match"]))]
pub struct TlsRoute {
    /// Alternatives, of which one has to match.
    #[schemars(required)]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub r#match: Vec<TlsMatchAttributes>,
    /// Where the connections go, split by weight.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub route: Vec<RouteDestination>,
}

/// Conditions that all have to hold for a TLS connection.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["sniHosts"]))]
pub struct TlsMatchAttributes {
    /// Server names, exact or `*.suffix`; they must be covered by the hosts of the VirtualService. They
    /// become `server_names` of the filter chain match.
    #[schemars(required)]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub sni_hosts: Vec<String>,
    /// Addresses or CIDR blocks that the client connects to; they become `prefix_ranges`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub destination_subnets: Vec<String>,
    /// Port of the addressed service or gateway server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u32>,
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
