//! Where the endpoints of an upstream come from.

use std::net::IpAddr;
use std::time::Duration;

use crate::UpstreamName;

/// Where the endpoints of an upstream come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Discovery {
    /// Stated in the plan; may be empty (the black hole).
    Static(Vec<EndpointGroup>),
    /// Pods behind a Kubernetes Service, which istiod would send over EDS; a target without a control plane resolves DNS names.
    Pods {
        /// Names that resolve to the pods; empty when no name can tell them.
        names: Vec<DnsEndpoint>,
        /// Stated endpoints beside the pods (WorkloadEntries that the same service selects).
        stated: Vec<EndpointGroup>,
    },
    /// Names that the mesh states (ServiceEntry DNS): every address of every name is an endpoint.
    StrictDns(Vec<EndpointGroup>),
    /// One name; only the address of the moment is used for new connections (ServiceEntry DNS_ROUND_ROBIN).
    LogicalDns(Vec<EndpointGroup>),
    /// The address that was dialled.
    OriginalDestination {
        /// Port that is dialled instead.
        port_override: Option<u16>,
    },
    /// The host that the request names, resolved on demand (ServiceEntry DYNAMIC_DNS).
    DynamicForwardProxy {
        /// Whose cache; names the DNS cache.
        cache: UpstreamName,
    },
}

/// How DNS names are resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DnsResolution {
    /// Time between look-ups of names that the mesh states (`dnsRefreshRate`, 60 s by default); a smaller TTL wins.
    pub refresh_rate: Duration,
    /// Address families that are asked for.
    pub family: DnsFamily,
}

/// Address families of DNS look-ups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DnsFamily {
    /// IPv4.
    V4Only,
    /// IPv6.
    V6Only,
    /// Both at once (dual stack, or `istio.io/connect-strategy: RACE_FIRST_TCP_CONNECT`).
    All,
}

/// A DNS name that resolves to pods, with the port that they listen on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DnsEndpoint {
    /// Absolute name without the trailing dot: the Service itself, or a generated headless Service.
    pub name: String,
    /// Port: the target port for pods, the port of the Service for a ClusterIP.
    pub port: u16,
    /// Whether the pods behind it take Istio mTLS (the label `security.istio.io/tlsMode`).
    pub mtls: bool,
    /// Whether the name resolves to the ClusterIP instead of to pods.
    pub cluster_ip: bool,
    /// Weight of each of its addresses, where it is not 1 (meshes of several networks).
    pub weight: Option<u32>,
}

/// Endpoints of one locality and priority.
#[derive(Debug, Clone, PartialEq)]
pub struct EndpointGroup {
    /// Locality, if known.
    pub locality: Option<Locality>,
    /// Weight of the group.
    pub weight: Option<u32>,
    /// Priority; 0 is used first.
    pub priority: u32,
    /// Endpoints, in order.
    pub endpoints: Vec<Endpoint>,
}

/// One endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    /// Address.
    pub address: EndpointAddress,
    /// Weight.
    pub weight: Option<u32>,
    /// Health as Kubernetes or a ServiceEntry tells it; `None` states none, which Envoy reads as healthy.
    pub health: Option<EndpointHealth>,
    /// Whether it takes Istio mTLS, where istiod tells proxies so.
    pub mtls: bool,
    /// `filter_metadata.istio.workload` as Istio writes it, if it does.
    pub workload: Option<String>,
}

/// Health of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndpointHealth {
    /// It takes traffic; istiod says so of every endpoint that it sends over EDS.
    Healthy,
    /// It does not.
    Unhealthy,
    /// It takes no new traffic.
    Draining,
}

/// Address of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndpointAddress {
    /// IP address and port.
    Ip(IpAddr, u16),
    /// DNS name and port.
    Name(String, u16),
    /// Unix domain socket.
    Unix(String),
}

/// Region, zone and subzone; parts may be empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Locality {
    /// Region.
    pub region: String,
    /// Zone.
    pub zone: String,
    /// Subzone.
    pub sub_zone: String,
}
