//! Workloads: the objects that own a pod template, pods and WorkloadEntries that stand alone (translation-spec §0.7, §0.8).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use meshc_api::kubernetes::PodSpec;
use meshc_api::mesh_config::ProxyConfig;
use meshc_api::{Precedence, Timestamp};
use meshc_contract::{ObjectRef, SpiffeId, WorkloadRef};
use meshc_diagnostics::Origin;

use crate::{Protocol, Service, ServicePort};

/// One workload.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// Namespace and name of the object.
    pub reference: WorkloadRef,
    /// The object.
    pub object: ObjectRef,
    /// `apiVersion` of the object (`apps/v1`), part of Istio's OWNER metadata.
    pub api_version: String,
    /// Where in the tree.
    pub origin: Origin,
    /// Labels of the pods after injection.
    pub labels: BTreeMap<String, String>,
    /// Annotations of the pods.
    pub annotations: BTreeMap<String, String>,
    /// Identity.
    pub identity: SpiffeId,
    /// What kind of proxy it has; `None` without a proxy.
    pub proxy: Option<WorkloadRole>,
    /// What runs in the pods, as the object states it.
    pub pods: Arc<PodSpec>,
    /// Ports that containers declare.
    pub container_ports: Vec<ContainerPort>,
    /// Names of the containers of the application, in order (Istio's APP_CONTAINERS).
    pub containers: Vec<String>,
    /// ProxyConfig in effect (mesh defaults, ProxyConfig objects, `proxy.istio.io/config`).
    pub proxy_config: ProxyConfig,
    /// How traffic is captured.
    pub interception: Interception,
    /// `ISTIO_META_*` of proxyMetadata and of the container's environment, without the prefix (`IDLE_TIMEOUT`, `HTTP10`, …).
    pub metadata: BTreeMap<String, String>,
    /// Locality as `region/zone/subzone`, if labels state it.
    pub locality: Option<String>,
    /// Network, if stated.
    pub network: Option<String>,
    /// Address, where the tree states one (a Pod that was exported from a cluster).
    pub address: Option<IpAddr>,
    /// Whether the metadata of the proxy states addresses of both IP families (`INSTANCE_IPS`).
    pub both_families: bool,
    /// Number of pods, where the object states it.
    pub replicas: Option<u32>,
    /// Whether the proxy answers DNS queries with addresses that istiod makes up (`DNS_CAPTURE`), so that the application
    /// dials them.
    pub takes_auto_addresses: bool,
    /// Whether the pods may bind ports below 1024 (false when they run unprivileged).
    pub privileged_ports: bool,
    /// Service ports that lead to it, in the order of istiod.
    pub targets: Vec<ServiceTarget>,
}

impl Workload {
    /// Namespace of the object.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.reference.namespace
    }

    /// Name of the workload as istiod tells proxies: the label `service.istio.io/workload-name`, else that of the object.
    #[must_use]
    pub fn workload_name(&self) -> &str {
        self.labels.get("service.istio.io/workload-name").map_or(&self.object.name, String::as_str)
    }

    /// Whether a value of the proxy's metadata is true, as Istio reads booleans there.
    #[must_use]
    pub fn metadata_flag(&self, key: &str) -> bool {
        self.metadata
            .get(key)
            .is_some_and(|value| matches!(value.as_str(), "1" | "t" | "T" | "true" | "TRUE" | "True"))
    }

    /// Whether the pods have IPv6 addresses first. IPv4 unless the tree states an address.
    #[must_use]
    pub fn is_ipv6(&self) -> bool {
        self.address.is_some_and(|address| address.is_ipv6())
    }
}

/// A boolean in the metadata of a proxy, as Go reads it.
pub(crate) fn is_true(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "true" | "TRUE" | "True")
}

/// What kind of proxy a workload has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WorkloadRole {
    /// A sidecar.
    Sidecar,
    /// It is a gateway itself.
    Gateway,
}

/// How traffic is captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interception {
    /// iptables REDIRECT.
    Redirect,
    /// iptables TPROXY.
    Tproxy,
    /// Not at all.
    None,
}

/// A port that a container declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerPort {
    /// Name; may be empty.
    pub name: String,
    /// Number.
    pub number: u16,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
}

/// A service port that leads to a workload.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceTarget {
    /// The service.
    pub service: Arc<Service>,
    /// Its port.
    pub port: ServicePort,
    /// Port of the workload.
    pub target_port: u16,
}

impl ServiceTarget {
    /// Protocol of the service port.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.port.protocol
    }

    /// Targets of a workload are in the order of these: the creation of the service, then its host.
    pub(crate) fn sort_key(&self) -> (Option<Timestamp>, &str) {
        (self.service.created, self.service.host())
    }

    /// Why this one comes before another one of the workload.
    #[must_use]
    pub fn precedence(&self, other: &Self) -> Precedence {
        Precedence::of_hosts(self.service.created, other.service.created)
    }
}
