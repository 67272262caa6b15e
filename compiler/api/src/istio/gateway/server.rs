//! One server of a gateway.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ServerTlsSettings;
use crate::null_default::null_default;

/// One port with the hosts that are served on it. Servers of the same port share an Envoy listener.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["port", "hosts"]))]
pub struct Server {
    /// What is listened on.
    #[schemars(required)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<Port>,
    /// Address to listen on, or `unix:///path`. Default: all addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bind: Option<String>,
    /// Hosts, as `dnsName` or `namespace/dnsName`. `*` and `*.suffix` are allowed as names; the namespace, a
    /// name, `.` or `*`, restricts whose VirtualServices may serve the host.
    #[schemars(required)]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// TLS of the server. Needed by HTTPS and TLS ports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<ServerTlsSettings>,
    /// Not implemented by Istio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_endpoint: Option<String>,
    /// Name of the server, used in statistics. Unique in the gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A port of a gateway's server.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["number", "protocol", "name"]))]
pub struct Port {
    /// Port number of the gateway's Service, which is translated to the port of the pod.
    #[schemars(required)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// `HTTP`, `HTTPS`, `GRPC`, `GRPC-WEB`, `HTTP2`, `MONGO`, `TCP` or `TLS`, in any case.
    #[schemars(required)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Name of the port.
    #[schemars(required)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Not read by Istio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_port: Option<u32>,
}
