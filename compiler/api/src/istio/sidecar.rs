//! Sidecar: what the proxies of a namespace's workloads see and listen on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConnectionPoolSettings, Destination, ServerTlsSettings, WorkloadSelector};
use crate::admission::Report;
use crate::istio::validate;
use crate::null_default::null_default;
use crate::{Kind, Resource};

/// Scope and listeners of sidecar proxies. Without a selector it is the default of its namespace, in the root
/// namespace that of the mesh.
///
/// Source: `networking.istio.io`, Sidecar.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Sidecar {
    /// Workloads of the namespace that the object is for. Default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload_selector: Option<WorkloadSelector>,
    /// Inbound listeners, in place of those that the Services of the workload imply. Empty keeps the implied
    /// ones.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub ingress: Vec<IstioIngressListener>,
    /// Outbound listeners and the services behind them. Empty means one listener set with all visible
    /// services.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub egress: Vec<IstioEgressListener>,
    /// Limits of inbound connections, where an ingress listener does not state its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inbound_connection_pool: Option<ConnectionPoolSettings>,
    /// What happens to traffic for unknown destinations. Default: as the mesh says, which is to let it pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbound_traffic_policy: Option<OutboundTrafficPolicy>,
}

impl Kind for Sidecar {
    const GROUP: &'static str = "networking.istio.io";
    const KIND: &'static str = "Sidecar";
    const PLURAL: &'static str = "sidecars";
    const VERSIONS: &'static [&'static str] = &["v1", "v1beta1", "v1alpha3"];
    const NAMESPACED: bool = true;

    fn admit(object: &Resource<Self>, report: &mut Report) {
        validate::sidecar::admit(object, report);
    }
}

/// An inbound listener of a sidecar.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["port"]))]
pub struct IstioIngressListener {
    /// Port that is listened on.
    #[schemars(required)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<SidecarPort>,
    /// IP address to listen on. Default: the addresses of the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bind: Option<String>,
    /// How traffic gets to the listener. Default: by the pod's capture rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture_mode: Option<CaptureMode>,
    /// Where the traffic goes: `127.0.0.1:port`, `[::1]:port`, `0.0.0.0:port` or `[::]:port` for the address
    /// of the pod, or `unix:///path`. Default: the same port of the pod's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_endpoint: Option<String>,
    /// TLS that the sidecar terminates. Counts only where Istio's feature flag allows it and mutual TLS of
    /// the mesh is disabled on the port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<ServerTlsSettings>,
    /// Limits of connections to the application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_pool: Option<ConnectionPoolSettings>,
}

/// An outbound listener of a sidecar.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["hosts"]))]
pub struct IstioEgressListener {
    /// Port that is listened on. Default: the ports of the imported services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<SidecarPort>,
    /// IP address to listen on, or `unix:///path`, which needs `port` and capture mode `NONE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bind: Option<String>,
    /// How traffic gets to the listener. Default: by the pod's capture rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture_mode: Option<CaptureMode>,
    /// Services behind the listener, as `namespace/dnsName`. The namespace may be `*` for all, `.` for the
    /// own one, `~` for none; a leading `~` on a namespace excludes.
    #[schemars(required)]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
}

/// A port of a sidecar's listener.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SidecarPort {
    /// Port number; 0 on a unix domain socket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// `HTTP`, `HTTPS`, `GRPC`, `HTTP2`, `MONGO`, `TCP` or `TLS`, in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Name of the port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Not read by Istio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_port: Option<u32>,
}

/// How traffic gets to a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum CaptureMode {
    /// As the proxy is set up, which is by capture rules.
    #[serde(rename = "DEFAULT")]
    Default,
    /// The capture rules of the pod redirect it.
    #[serde(rename = "IPTABLES")]
    Iptables,
    /// The application connects to the listener itself.
    #[serde(rename = "NONE")]
    None,
}

/// What happens to traffic for unknown destinations.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct OutboundTrafficPolicy {
    /// Whether it may pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<OutboundTrafficPolicyMode>,
    /// Service that gets the traffic, in place of the address that was asked for. Only with `ALLOW_ANY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egress_proxy: Option<Destination>,
}

/// Whether traffic for unknown destinations may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum OutboundTrafficPolicyMode {
    /// It is refused (`BlackHoleCluster`).
    #[serde(rename = "REGISTRY_ONLY")]
    RegistryOnly,
    /// It goes where it was sent (`PassthroughCluster`).
    #[serde(rename = "ALLOW_ANY")]
    AllowAny,
}
