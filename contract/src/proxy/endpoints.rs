//! Where the endpoints of an upstream come from.

use std::net::IpAddr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::traffic::duration;

/// Where the endpoints of an upstream come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Discovery {
    /// Endpoints that are stated, and every address of every name among them. Empty is the black hole.
    #[serde(rename_all = "camelCase")]
    Endpoints {
        /// The endpoints.
        groups: Vec<EndpointGroup>,
        /// Time between look-ups of names; a smaller TTL wins.
        #[serde(with = "duration")]
        #[schemars(with = "String")]
        refresh_rate: Duration,
        /// Address families that are asked for.
        family: DnsFamily,
        /// Whether only the first address of a name is used at a time, for new connections (DNS_ROUND_ROBIN).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        first_address: bool,
    },
    /// The address that was dialled.
    #[serde(rename_all = "camelCase")]
    OriginalDestination {
        /// Port that is dialled instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        port_override: Option<u16>,
    },
}

/// Address families of DNS look-ups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DnsFamily {
    /// IPv4.
    V4Only,
    /// IPv6.
    V6Only,
    /// Both.
    All,
}

/// Endpoints of one locality and priority.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndpointGroup {
    /// Locality, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locality: Option<Locality>,
    /// Weight among the groups of its priority; `None` is the number of its endpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// Priority; 0 is used first, the next one where too few of it are healthy.
    #[serde(default)]
    pub priority: u32,
    /// Endpoints.
    pub endpoints: Vec<Endpoint>,
}

/// One endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Endpoint {
    /// Address.
    pub address: EndpointAddress,
    /// Weight; 1 where it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// Whether it takes no traffic as Kubernetes or a ServiceEntry tells it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unhealthy: bool,
    /// Whether it takes Istio mTLS.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mtls: bool,
}

/// Address of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum EndpointAddress {
    /// IP address and port.
    Ip(IpAddr, u16),
    /// Absolute DNS name, without the trailing dot, and port.
    Name(String, u16),
    /// Path of a Unix domain socket.
    Unix(String),
}

/// Region, zone and subzone; parts may be empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Locality {
    /// Region.
    pub region: String,
    /// Zone.
    pub zone: String,
    /// Subzone.
    pub sub_zone: String,
}
