//! The configuration of the bundled proxy, `meshc-proxy`: what one workload's proxy is told.
//!
//! The file is JSON, written by `meshc build --target proxy` and by nobody else, but read as if anybody had: unknown fields and
//! unknown versions are refused, never ignored. Upstreams and route tables have Istio's names (`outbound|9080||host`, `9080`),
//! so that logs and dashboards read the same with either proxy.

mod access_log;
mod chain;
mod endpoints;
mod http;
mod listener;
mod node;
mod probe;
mod route;
mod tls;
mod upstream;

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::traffic::duration;

pub use access_log::{AccessLog, AccessLogFormat};
pub use chain::{AuthorizationFilter, FilterChain, Handler, TcpProxy, WeightedTcp};
pub use endpoints::{Discovery, DnsFamily, Endpoint, EndpointAddress, EndpointGroup, Locality};
pub use http::{
    ClientCertDetails, ForwardClientCert, HeadersWithUnderscores, HttpConnection, HttpLimits, Jwks,
    JwtProvider, RouteSource, ServerHeader,
};
pub use listener::{Bind, Capture, Direction, Inspector, Listener};
pub use node::{Admin, IdentityFiles, Node, WorkloadLabels};
pub use probe::{ProbeBridge, ProbeKind, ProbeRoute, ProbeTarget, ProbeTiming};
pub use route::{
    Mirror, RegexRewrite, Route, RouteAction, RouteForward, RouteTable, VirtualHost, WeightedUpstream,
};
pub use tls::{
    Certificate, ClientVerification, DownstreamTls, Roots, TlsVersion, UpstreamTls, UpstreamTlsChoice,
};
pub use upstream::{
    ConsistentHash, Destination, LoadBalancing, OutlierDetection, PoolLimits, RetryBudget, TcpKeepalive,
    Upstream, UpstreamProtocol,
};

/// Version of [`ProxyConfig`] that this crate writes and reads.
pub const PROXY_CONFIG_VERSION: u32 = 1;

/// The content of `proxy.json`: everything that one proxy does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProxyConfig {
    /// Version of this layout, [`PROXY_CONFIG_VERSION`].
    pub version: u32,
    /// Whose proxy it is.
    pub node: Node,
    /// Where its certificate is.
    pub identity: IdentityFiles,
    /// Ports of its own.
    pub admin: Admin,
    /// How long connections may go on once it is told to end.
    #[serde(with = "duration")]
    #[schemars(with = "String")]
    pub drain_duration: Duration,
    /// Threads; `None` is the CPU limit of the container, at most two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// What it listens on.
    pub listeners: Vec<Listener>,
    /// Tables of routes by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub route_tables: BTreeMap<String, RouteTable>,
    /// Destinations by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub upstreams: BTreeMap<String, Upstream>,
    /// Who is behind a SPIFFE ID, for the labels of metrics; only where one workload has the identity to itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub peers: BTreeMap<String, WorkloadLabels>,
}
