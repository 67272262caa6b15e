//! `EndpointSlice` of `discovery.k8s.io`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{EndpointPort, ObjectReference};
use crate::null_default::null_default;

/// Some of the endpoints of the Service that the label `kubernetes.io/service-name` names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndpointSlice {
    /// `IPv4`, `IPv6` or `FQDN`.
    pub address_type: String,
    /// The endpoints.
    #[serde(default, deserialize_with = "null_default")]
    pub endpoints: Vec<Endpoint>,
    /// Ports that every endpoint of the slice has.
    #[serde(default, deserialize_with = "null_default")]
    pub ports: Vec<EndpointPort>,
}

/// One endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// Its addresses; they are interchangeable.
    #[serde(default, deserialize_with = "null_default")]
    pub addresses: Vec<String>,
    /// Its state.
    #[serde(default, deserialize_with = "null_default")]
    pub conditions: EndpointConditions,
    /// Host name of the endpoint within the Service.
    #[serde(default)]
    pub hostname: Option<String>,
    /// Node of the endpoint.
    #[serde(default)]
    pub node_name: Option<String>,
    /// Zone of the endpoint.
    #[serde(default)]
    pub zone: Option<String>,
    /// The pod behind the endpoint.
    #[serde(default)]
    pub target_ref: Option<ObjectReference>,
}

/// State of an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct EndpointConditions {
    /// Whether it takes traffic; absent means yes.
    #[serde(default)]
    pub ready: Option<bool>,
    /// Whether it would take traffic if it were not terminating; absent means as `ready`.
    #[serde(default)]
    pub serving: Option<bool>,
    /// Whether it is being stopped; absent means no.
    #[serde(default)]
    pub terminating: Option<bool>,
}
