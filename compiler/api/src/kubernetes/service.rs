//! `Service` of the core group.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{IntOrString, Protocol};
use crate::null_default::null_default;

/// A name and, usually, a virtual address for a set of pods: the `spec`, and the `status` beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// How the Service is reached; absent means `ClusterIP`.
    #[serde(default, rename = "type", deserialize_with = "null_default")]
    pub service_type: ServiceType,
    /// Ports, in the order that Istio keeps.
    #[serde(default, deserialize_with = "null_default")]
    pub ports: Vec<ServicePort>,
    /// Labels of the pods behind the Service; empty means that its endpoints are written by hand.
    #[serde(default, deserialize_with = "null_default")]
    pub selector: BTreeMap<String, String>,
    /// Virtual address; `None` (the text) makes the Service headless; absent where the cluster allocates it.
    #[serde(default, rename = "clusterIP")]
    pub cluster_ip: Option<String>,
    /// Virtual addresses of both families, the primary one first.
    #[serde(default, rename = "clusterIPs", deserialize_with = "null_default")]
    pub cluster_ips: Vec<String>,
    /// Target of the alias, for `ExternalName`.
    #[serde(default)]
    pub external_name: Option<String>,
    /// Addresses that nodes accept traffic for.
    #[serde(default, rename = "externalIPs", deserialize_with = "null_default")]
    pub external_ips: Vec<String>,
    /// Whether pods that are not ready are endpoints too.
    #[serde(default, deserialize_with = "null_default")]
    pub publish_not_ready_addresses: bool,
    /// `Local` keeps traffic on the node of the client; absent means `Cluster`.
    #[serde(default)]
    pub internal_traffic_policy: Option<String>,
    /// `Local` keeps traffic from outside on the node where it arrives; absent means `Cluster`.
    #[serde(default)]
    pub external_traffic_policy: Option<String>,
    /// Which endpoints are preferred: `PreferClose`, `PreferSameZone`, `PreferSameNode`.
    #[serde(default)]
    pub traffic_distribution: Option<String>,
    /// `IPv4`, `IPv6`, in the order of the addresses.
    #[serde(default, deserialize_with = "null_default")]
    pub ip_families: Vec<String>,
    /// `SingleStack`, `PreferDualStack` or `RequireDualStack`.
    #[serde(default)]
    pub ip_family_policy: Option<String>,
    /// `ClientIP` makes kube-proxy stick to an endpoint; Istio takes no notice.
    #[serde(default)]
    pub session_affinity: Option<String>,
    /// The `status` of the object, which stands beside the `spec`.
    #[serde(skip)]
    pub status: ServiceStatus,
}

/// How a Service is reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum ServiceType {
    /// At a virtual address inside the cluster.
    #[default]
    ClusterIP,
    /// As `ClusterIP`, and at a port of every node.
    NodePort,
    /// As `NodePort`, and through a load balancer of the cloud.
    LoadBalancer,
    /// It is an alias of another name.
    ExternalName,
}

/// One port of a Service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServicePort {
    /// Name; Istio reads the protocol from its prefix where `app_protocol` is absent.
    #[serde(default)]
    pub name: Option<String>,
    /// Number of the port.
    pub port: u16,
    /// Number or name of the container port; absent means the same number.
    #[serde(default)]
    pub target_port: Option<IntOrString>,
    /// Number of the port on every node.
    #[serde(default)]
    pub node_port: Option<u16>,
    /// Transport protocol, TCP unless stated.
    #[serde(default, deserialize_with = "null_default")]
    pub protocol: Protocol,
    /// Application protocol (`http`, `kubernetes.io/h2c`).
    #[serde(default)]
    pub app_protocol: Option<String>,
}

/// What is known about a Service at run time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceStatus {
    /// State of the load balancer.
    #[serde(default, deserialize_with = "null_default")]
    pub load_balancer: LoadBalancerStatus,
}

/// State of a load balancer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct LoadBalancerStatus {
    /// Where it is reached.
    #[serde(default, deserialize_with = "null_default")]
    pub ingress: Vec<LoadBalancerIngress>,
}

/// One address of a load balancer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct LoadBalancerIngress {
    /// Its IP address.
    #[serde(default)]
    pub ip: Option<String>,
    /// Its host name.
    #[serde(default)]
    pub hostname: Option<String>,
}

impl Service {
    /// Whether the Service has no virtual address because it says so (`clusterIP: None`).
    #[must_use]
    pub fn is_headless(&self) -> bool {
        self.cluster_ip.as_deref() == Some("None")
    }
}
