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
mod cors;
mod endpoints;
mod fault;
mod headers;
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
mod probe;
mod proxy;
mod redirect;
mod retry;
mod route;
mod stats;
mod tls;
mod tracing;
mod traffic_capture;
mod upstream;
mod values;

pub use access_log::{AccessLog, AccessLogFilter, AccessLogFormat, AccessLogSink};
pub use authorization::{
    AuthorizationAction, AuthorizationFilter, MetadataValue, Permission, PolicyRule, Principal, RuleId,
};
pub use chain::{ChainMatch, FilterChain, TransportProtocol};
pub use connection_pool::{ConnectionPool, RetryBudget, TcpKeepalive, UpstreamProtocol};
pub use cors::Cors;
pub use endpoints::{
    Discovery, DnsEndpoint, DnsFamily, DnsResolution, Endpoint, EndpointAddress, EndpointGroup,
    EndpointHealth, Locality,
};
pub use fault::{Fault, FaultAbort, FaultDelay};
pub use headers::{HeaderOperation, HeaderOperations};
pub use headless_service::HeadlessService;
pub use http_connection::{
    ClientCertDetails, EscapedSlashes, ForwardClientCert, HeadersWithUnderscores, HttpConnection,
    HttpConnectionLimits, PathNormalization, RouteSource, ServerHeader,
};
pub use http_filter::HttpFilter;
pub use identity::IdentityPlan;
pub use injection::{Injection, PodPlace, ProxyContainer};
pub use jwt::{ClaimToHeader, Jwks, JwtAuthentication, JwtHeader, JwtProvider};
pub use listener::{Bind, BindAddress, Capture, Inspector, Listener, ListenerFilters};
pub use load_balancing::{
    ConsistentHash, HashPolicy, LoadBalancing, LoadBalancingAlgorithm, LocalityBalancing, SlowStart,
};
pub use manifests::{Manifest, Manifests};
pub use mirror::Mirror;
pub use names::{Direction, ListenerName, RouteTableName, UpstreamName};
pub use network_filter::{NetworkFilter, TcpProxy, Tunnel};
pub use outlier::OutlierDetection;
pub use probe::{ProbeBridge, ProbeKind, ProbeRoute, ProbeTarget, ProbeTiming};
pub use proxy::{BootstrapPlan, InterceptionMode, Plan, ProxyPlan, ProxyRole, StatsInclusion};
pub use redirect::{DirectResponse, Redirect, RedirectPath};
pub use retry::Retry;
pub use route::{
    ClaimMatch, HeaderMatch, PathMatch, QueryMatch, Route, RouteAction, RouteForward, RouteMatch, RouteTable,
    TlsRequirement, ValueMatch, VirtualHost, WeightedUpstream,
};
pub use stats::{MetricOverride, StatsFilter};
pub use tls::{
    CertificateSource, ClientCertificate, DownstreamTls, TlsVersion, TrustSource, UpstreamTls,
    UpstreamTlsChoice,
};
pub use tracing::{CustomTag, TagSource, Tracing, TracingProvider};
pub use traffic_capture::{CaptureMode, InboundPorts, IpRange, OutboundRanges, TrafficCapture};
pub use upstream::{Upstream, UpstreamService};
pub use values::{Fraction, FractionDenominator, StringMatch};
