//! The plan: what every proxy of the mesh is told, in the words of a proxy and of no target.
//!
//! Enters: values built by `meshc-lower`. Leaves: the same values, for emitters, simulator, diff and lint, and a canonical
//! print. Must not know: YAML, Kubernetes or Istio kinds, how a target spells a name (`outbound|80||host` is written by
//! `meshc-emit`), files, clocks.
//!
//! A plan holds no option of a target: a filter that only Istio's build of Envoy has is in the plan, and the
//! emitter of a stock Envoy leaves it out or replaces it.
//!
//! [`Manifests`] stands beside the plan: the objects of the input as values that nothing here reads, for the emitter that
//! writes them again.

mod access_log;
mod authorization;
mod chain;
mod connection_pool;
mod endpoints;
mod headless_service;
mod http_connection;
mod http_filter;
mod identity;
mod injection;
mod jwt;
mod listener;
mod load_balancing;
mod manifests;
mod mirror;
mod names;
mod network_filter;
mod outlier;
mod proxy;
mod route;
mod stateful_session;
mod stats;
mod target;
mod tls;
mod tracing;
mod traffic_capture;
mod upstream;

/// Values and the match algorithm that the plan shares with the bundled proxy.
pub use meshc_contract::traffic::{
    ChainMatch, ClaimMatch, Cors, DirectResponse, Fault, FaultAbort, FaultDelay, Fraction,
    FractionDenominator, HashPolicy, HeaderMatch, HeaderOperation, HeaderOperations, HeaderValues, Inspected,
    PathMatch, Pattern, QueryMatch, Redirect, RedirectPath, Request, Retry, RouteMatch, StringMatch, Target,
    TransportProtocol, ValueMatch,
    authorization::{AuthorizationAction, MetadataValue, Permission, PolicyRule, Principal, RuleId},
    path_normalization::{EscapedSlashes, PathNormalization, PathRules},
    sieve,
};

pub use access_log::{
    AccessLog, AccessLogFilter, AccessLogFormat, AccessLogSink, LogCollector, LogService, OpenTelemetryLog,
};
pub use authorization::AuthorizationFilter;
pub use chain::FilterChain;
pub use connection_pool::{ConnectionPool, RetryBudget, TcpKeepalive, UpstreamProtocol};
pub use endpoints::{
    Discovery, DnsEndpoint, DnsFamily, DnsResolution, Endpoint, EndpointAddress, EndpointGroup,
    EndpointHealth, Locality,
};
pub use headless_service::HeadlessService;
pub use http_connection::{
    ClientCertDetails, ForwardClientCert, HeadersWithUnderscores, HttpConnection, HttpConnectionLimits,
    RouteSource, ServerHeader,
};
pub use http_filter::HttpFilter;
pub use identity::IdentityPlan;
pub use injection::{Injection, PodPlace, ProxyContainer};
pub use jwt::{ClaimToHeader, Jwks, JwtAuthentication, JwtHeader, JwtProvider};
pub use listener::{Bind, BindAddress, Capture, Inspector, Listener, ListenerFilters, ListenerTransport};
pub use load_balancing::{
    ConsistentHash, LoadBalancing, LoadBalancingAlgorithm, LocalityBalancing, SlowStart,
};
pub use manifests::{Manifest, Manifests};
pub use meshc_contract::proxy::{
    ProbeBridge, ProbeKind, ProbeRoute, ProbeTarget, ProbeTiming, WorkloadLabels,
};
pub use mirror::Mirror;
pub use names::{Direction, ListenerName, ProcessUpstream, RouteTableName, UpstreamName};
pub use network_filter::{NetworkFilter, TcpProxy, Tunnel};
pub use outlier::OutlierDetection;
pub use proxy::{BootstrapPlan, InterceptionMode, Plan, ProxyPlan, ProxyRole, StatsInclusion};
pub use route::{
    Route, RouteAction, RouteForward, RouteTable, TlsRequirement, VirtualHost, WeightedUpstream,
};
pub use stateful_session::StatefulSession;
pub use stats::{Histogram, MetricOverride, StatsFilter, StatsSettings, StatsSink};
pub use target::ProxyTarget;
pub use tls::{
    CertificateSource, ClientCertificate, DownstreamTls, TlsVersion, TrustSource, UpstreamTls,
    UpstreamTlsChoice,
};
pub use tracing::{
    Collector, CustomTag, DynatraceSampler, HttpReport, OpenTelemetryTracer, ProcessTracer, SpanTransport,
    TagSource, Tracing, TracingProvider, ZipkinTracer,
};
pub use traffic_capture::{CaptureMode, InboundPorts, IpRange, OutboundRanges, TrafficCapture};
pub use upstream::{Upstream, UpstreamService};
