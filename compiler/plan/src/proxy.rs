//! The plan of a mesh and of one proxy.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use meshc_contract::{SpiffeId, WorkloadRef};
use meshc_diagnostics::Origin;

use crate::{
    HeadlessService, IdentityPlan, Listener, Locality, ProbeBridge, ProcessTracer, ProxyTarget, RouteTable,
    StatsSettings, Upstream, WorkloadLabels,
};

/// The plan of a mesh.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// One entry for each workload that has a proxy.
    pub proxies: BTreeMap<WorkloadRef, ProxyPlan>,
    /// One entry for each identity that some proxy needs.
    pub identities: BTreeMap<SpiffeId, IdentityPlan>,
    /// Services that the names of [`crate::Discovery::Pods`] need, sorted by namespace and name.
    pub headless_services: Vec<HeadlessService>,
}

/// Everything that one proxy does. Nodes are shared between proxies that are told the same.
#[derive(Debug, Clone, PartialEq)]
pub struct ProxyPlan {
    /// The workload that the proxy serves.
    pub workload: WorkloadRef,
    /// What kind of proxy it is.
    pub role: ProxyRole,
    /// What metrics call the workload.
    pub labels: WorkloadLabels,
    /// The program that the workload asks for; `None` leaves it to whoever builds.
    pub target: Option<ProxyTarget>,
    /// The identity it presents.
    pub identity: SpiffeId,
    /// Listeners in the order in which istiod sends them.
    pub listeners: Vec<Arc<Listener>>,
    /// Route tables that HTTP connections name; tables that are part of a chain are not repeated here. Sorted by name.
    pub route_tables: Vec<Arc<RouteTable>>,
    /// Upstreams in the order in which istiod sends them.
    pub upstreams: Vec<Arc<Upstream>>,
    /// Settings of the process itself.
    pub bootstrap: BootstrapPlan,
    /// The object that makes the workload.
    pub origin: Origin,
}

/// What kind of proxy it is (the type part of istiod's node id).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProxyRole {
    /// Beside an application (`sidecar`).
    Sidecar,
    /// Ingress, egress or east-west gateway (`router`).
    Gateway,
}

/// How traffic reaches a sidecar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InterceptionMode {
    /// iptables REDIRECT, the default.
    Redirect,
    /// iptables TPROXY.
    Tproxy,
    /// The application dials the proxy itself.
    None,
}

/// Settings of the proxy process: what istiod's agent would put into the bootstrap (translation-spec §1).
#[derive(Debug, Clone, PartialEq)]
pub struct BootstrapPlan {
    /// `node.cluster`, which names the service in traces.
    pub service_cluster: String,
    /// `node.metadata` as JSON text by key, keys in Istio's upper-case spelling. Values known only at run time are absent.
    pub metadata: BTreeMap<String, serde_json::Value>,
    /// Locality stated by labels of the workload, if any.
    pub locality: Option<Locality>,
    /// Worker threads; `None` leaves it to the process (all cores).
    pub concurrency: Option<u32>,
    /// Port of the admin interface on loopback; 15000 by default.
    pub admin_port: u16,
    /// Port of the readiness listener; 15021 by default.
    pub status_port: u16,
    /// Port of the Prometheus listener; 15090 by default.
    pub prometheus_port: u16,
    /// How the kubelet reaches the application; `None` where nothing has to be forwarded.
    pub probes: Option<ProbeBridge>,
    /// How traffic is captured.
    pub interception: InterceptionMode,
    /// Port of the listener that captured outbound traffic is redirected to; 15001 by default.
    pub outbound_port: u16,
    /// Port of the listener that captured inbound traffic is redirected to; 15006 by default.
    pub inbound_port: u16,
    /// Longest time that draining takes (`drainDuration`, 45 s by default).
    pub drain_duration: Duration,
    /// Tags added to `stats_tags`, from `extraStatTags`, in order.
    pub extra_stat_tags: Vec<String>,
    /// Prefixes, suffixes and expressions added to the inclusion list of statistics.
    pub stats_inclusion: StatsInclusion,
    /// What becomes of statistics.
    pub stats: StatsSettings,
    /// What the process itself reports to, sorted by name.
    pub upstreams: Vec<Upstream>,
    /// The tracer of connections that have none of their own.
    pub tracer: Option<ProcessTracer>,
    /// Runtime keys of the static layer (`runtimeValues`); an empty value takes a key of Istio's away.
    pub runtime_values: BTreeMap<String, String>,
    /// Downstream connections at the same time; `None` sets no limit.
    pub connection_limit: Option<u32>,
    /// Time that the proxy goes on after it was told to stop (`terminationDrainDuration`, 5 s by default).
    pub termination_drain: Duration,
    /// Files that access logs are written to, sorted.
    pub log_files: Vec<String>,
    /// Longest time that a line of an access log waits (`fileFlushInterval`, 1 s by default).
    pub file_flush_interval: Duration,
}

/// Patterns of `proxyStatsMatcher` and of the `sidecar.istio.io/statsInclusion*` annotations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatsInclusion {
    /// Prefixes.
    pub prefixes: Vec<String>,
    /// Suffixes.
    pub suffixes: Vec<String>,
    /// RE2 expressions.
    pub regexps: Vec<String>,
}
