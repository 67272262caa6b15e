//! Which service, subset and port traffic is sent to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A service, optionally narrowed to a subset and a port. Names the Envoy cluster `outbound|port|subset|full
/// host name`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["host"]))]
pub struct Destination {
    /// Host of a Service or ServiceEntry. A short name is completed with the namespace of the object that
    /// holds it.
    #[schemars(required)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Subset that a DestinationRule of the host defines. Default: all endpoints of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subset: Option<String>,
    /// Port of the service. May be left out if the service has exactly one port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<PortSelector>,
}

/// A port by its number.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PortSelector {
    /// Port number of the service, 1 to 65535.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
}

/// A weighted destination of a TCP or TLS rule.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["destination"]))]
pub struct RouteDestination {
    /// The service that gets the connections.
    #[schemars(required)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<Destination>,
    /// Share of the connections relative to the sum of all weights of the rule. A single destination gets
    /// everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<i32>,
}
