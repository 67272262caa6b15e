//! Upstreams: what Envoy calls clusters.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use meshc_contract::ObjectRef;
use meshc_diagnostics::Origin;

use crate::{
    ConnectionPool, Direction, Discovery, DnsResolution, LoadBalancing, OutlierDetection, UpstreamName,
    UpstreamProtocol, UpstreamTlsChoice, WorkloadLabels,
};

/// One destination of traffic.
#[derive(Debug, Clone, PartialEq)]
pub struct Upstream {
    /// Name.
    pub name: UpstreamName,
    /// Name in statistics where it is not that of the upstream, with the `;` that ends Istio's tag.
    pub stat_name: Option<String>,
    /// Which way.
    pub direction: Direction,
    /// Where endpoints come from.
    pub discovery: Discovery,
    /// How names among its endpoints are resolved; without effect when there is none.
    pub dns: DnsResolution,
    /// Time to connect.
    pub connect_timeout: Duration,
    /// Protocol spoken to it.
    pub protocol: UpstreamProtocol,
    /// Connections, requests, keepalive.
    pub pool: ConnectionPool,
    /// How an endpoint is picked; `None` where Istio applies no balancing settings (inbound and special upstreams).
    pub load_balancing: Option<LoadBalancing>,
    /// Ejection of endpoints that fail.
    pub outlier: Option<OutlierDetection>,
    /// TLS to the endpoints.
    pub tls: UpstreamTlsChoice,
    /// Version of the PROXY protocol that is sent first (1 or 2).
    pub proxy_protocol: Option<u8>,
    /// Whether workload metadata is exchanged with endpoints (Istio's own build only).
    pub metadata_exchange: bool,
    /// Addresses that connections are made from (`127.0.0.6` inbound).
    pub bind_source: Vec<IpAddr>,
    /// `cleanup_interval` of inbound upstreams.
    pub cleanup_interval: Option<Duration>,
    /// Whether `common_lb_config` is stated although it holds nothing (Istio does so for services, not for special upstreams).
    pub explicit_common_lb: bool,
    /// Services that it belongs to, as Istio's metrics read them from the metadata.
    pub services: Vec<UpstreamService>,
    /// What metrics call the workload behind it, where all of its pods are of one; `None` otherwise, and where nobody knows.
    pub workload: Option<Arc<WorkloadLabels>>,
    /// The DestinationRule that applies, which Istio puts into the metadata.
    pub config: Option<ObjectRef>,
    /// The subset, which Istio puts into the metadata.
    pub subset: Option<String>,
    /// Whether the service is outside of the mesh.
    pub external: bool,
    /// Why it exists.
    pub origin: Origin,
}

/// A service of an upstream.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UpstreamService {
    /// Host.
    pub host: String,
    /// Short name: that of the Kubernetes Service, or the host of a ServiceEntry.
    pub name: String,
    /// Namespace.
    pub namespace: String,
}
