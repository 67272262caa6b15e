//! Services as istiod sees them: Kubernetes Services and the hosts of ServiceEntries (translation-spec §0.2, §0.3).

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};

use meshc_contract::{ObjectRef, ServiceRef};
use meshc_diagnostics::Origin;

use crate::{EndpointFact, Protocol};

/// One service.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Namespace and fully qualified host (lower case; may be a wildcard).
    pub reference: ServiceRef,
    /// Short name: `metadata.name` of a Kubernetes Service, the host of a ServiceEntry.
    pub name: String,
    /// The object that defines it.
    pub object: ObjectRef,
    /// Where in the tree.
    pub origin: Origin,
    /// Who registers it.
    pub registry: Registry,
    /// How a host is turned into endpoints.
    pub resolution: Resolution,
    /// Virtual addresses as stated (IP or CIDR text), in order; empty when there is none (istiod's `0.0.0.0`).
    pub addresses: Vec<String>,
    /// Addresses that istiod would allocate to a ServiceEntry without any.
    pub auto_addresses: Option<(Ipv4Addr, Ipv6Addr)>,
    /// Ports in the order of the object.
    pub ports: Vec<ServicePort>,
    /// Pod labels it selects; empty when it selects nothing.
    pub selector: BTreeMap<String, String>,
    /// Labels of the object.
    pub labels: BTreeMap<String, String>,
    /// Annotations of the object.
    pub annotations: BTreeMap<String, String>,
    /// Namespaces that see it: `*`, `.` replaced by the own namespace, `~` nobody.
    pub export_to: BTreeSet<String>,
    /// Whether it is outside of the mesh (`MESH_EXTERNAL`).
    pub mesh_external: bool,
    /// SANs that its object states.
    pub subject_alt_names: Vec<String>,
    /// SPIFFE identities that annotations of a Kubernetes Service state.
    pub service_accounts: Vec<String>,
    /// Host that an ExternalName Service stands for.
    pub external_name: Option<String>,
    /// Hosts of ExternalName Services that stand for this one, sorted.
    pub aliases: Vec<ServiceRef>,
    /// `trafficDistribution` (`PreferClose`, `PreferSameZone`, `PreferSameNode`), if stated.
    pub traffic_distribution: Option<String>,
    /// Whether only endpoints of the same node count (`internalTrafficPolicy: Local`).
    pub node_local: bool,
    /// Whether a workload selector picks the endpoints (ServiceEntry).
    pub has_workload_selector: bool,
    /// Endpoints as far as the tree tells.
    pub endpoints: Vec<EndpointFact>,
}

/// Who registers a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Registry {
    /// A Kubernetes Service.
    Kubernetes,
    /// A ServiceEntry.
    External,
}

/// How a host is turned into endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resolution {
    /// The proxy balances over known endpoints (ClusterIP; ServiceEntry STATIC).
    ClientSide,
    /// The address that was dialled (headless; ServiceEntry NONE).
    Passthrough,
    /// DNS, all addresses.
    Dns,
    /// DNS, one address at a time.
    DnsRoundRobin,
    /// DNS of the host that the request names.
    DynamicDns,
    /// Another name of a host (ExternalName).
    Alias,
}

/// One port of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePort {
    /// Name; may be empty for the only port of a Kubernetes Service.
    pub name: String,
    /// Number.
    pub number: u16,
    /// Port of the endpoints.
    pub target: TargetPort,
    /// Protocol.
    pub protocol: Protocol,
}

/// Port of the endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetPort {
    /// Not stated: the number of the service port.
    Same,
    /// A number.
    Number(u16),
    /// The name of a container port.
    Name(String),
}
