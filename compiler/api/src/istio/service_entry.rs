//! ServiceEntry: services that Kubernetes does not know.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{WorkloadEntry, WorkloadSelector};
use crate::admission::Report;
use crate::istio::validate;
use crate::null_default::null_default;
use crate::{Kind, Resource};

/// A service outside the cluster, or one inside the mesh that no Kubernetes Service describes.
///
/// Source: `networking.istio.io`, ServiceEntry.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["hosts"]))]
pub struct ServiceEntry {
    /// Names of the service; each is a service of its own. `*.suffix` is allowed.
    #[schemars(required, length(min = 1, max = 256))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Addresses or CIDR blocks by which clients reach the service; they choose the listener for protocols
    /// without a host name. Default: an address allocated from a reserved range, where that is enabled.
    #[schemars(length(max = 256), inner(length(max = 64)))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// Ports of the service.
    #[schemars(length(max = 256))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<ServicePort>,
    /// Whether the service is part of the mesh, which decides about mutual TLS. Default: external.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// How endpoints are found. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Resolution>,
    /// Endpoints. Not together with `workloadSelector`.
    #[schemars(length(max = 4096))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<WorkloadEntry>,
    /// WorkloadEntries and pods of this namespace that are the endpoints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload_selector: Option<WorkloadSelector>,
    /// Namespaces whose proxies see the service: names, `.` for its own namespace, `*` for all, `~` for none.
    /// Default: `defaultServiceExportTo` of the mesh, which is `*` unless configured.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub export_to: Vec<String>,
    /// Names of which the certificate of an endpoint must hold one.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub subject_alt_names: Vec<String>,
}

impl Kind for ServiceEntry {
    const GROUP: &'static str = "networking.istio.io";
    const KIND: &'static str = "ServiceEntry";
    const PLURAL: &'static str = "serviceentries";
    const VERSIONS: &'static [&'static str] = &["v1", "v1beta1", "v1alpha3"];
    const NAMESPACED: bool = true;

    fn admit(object: &Resource<Self>, report: &mut Report) {
        validate::service_entry::admit(object, report);
    }
}

/// A port of a ServiceEntry.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["number", "name"]))]
pub struct ServicePort {
    /// Number that clients connect to, 1 to 65535.
    #[schemars(required)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// `HTTP`, `HTTPS`, `GRPC`, `HTTP2`, `MONGO`, `TCP` or `TLS`, in any case. Anything else is sniffed.
    #[schemars(length(max = 256))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Name of the port, to which the endpoints' own port numbers refer. Unique in the object.
    #[schemars(required, length(max = 256))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Number at the endpoints. Default: `number`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_port: Option<u32>,
}

/// Whether a service is part of the mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum Location {
    /// Outside: no mutual TLS of the mesh, and telemetry calls it external.
    #[serde(rename = "MESH_EXTERNAL")]
    MeshExternal,
    /// Inside: treated as a service with sidecars.
    #[serde(rename = "MESH_INTERNAL")]
    MeshInternal,
}

/// How the endpoints of a service are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum Resolution {
    /// The connection goes where the client sent it (an `ORIGINAL_DST` cluster).
    #[serde(rename = "NONE")]
    None,
    /// The listed endpoints.
    #[serde(rename = "STATIC")]
    Static,
    /// All addresses that DNS gives for the endpoints, or for the hosts where there are none (`STRICT_DNS`).
    #[serde(rename = "DNS")]
    Dns,
    /// The first address that DNS gives when a connection is opened (`LOGICAL_DNS`).
    #[serde(rename = "DNS_ROUND_ROBIN")]
    DnsRoundRobin,
    /// The host of each request is looked up when it comes; needs a wildcard host.
    #[serde(rename = "DYNAMIC_DNS")]
    DynamicDns,
}
