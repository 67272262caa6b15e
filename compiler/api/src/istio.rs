//! Istio kinds, one module a kind. The type with the name of a kind is its `spec`; nested types have the
//! names of Istio's messages. Optional scalars and messages are `Option`, so that what a person wrote can be
//! told from a default.

mod alternate_spelling;
mod authorization_policy;
mod destination_rule;
mod envoy_filter;
mod gateway;
mod peer_authentication;
mod proxy_config;
mod request_authentication;
mod selector;
mod service_entry;
mod sidecar;
mod telemetry;
mod traffic_extension;
mod uint64;
mod validate;
mod virtual_service;
mod wasm_plugin;
mod workload_entry;
mod workload_group;

pub use authorization_policy::{
    AuthorizationAction, AuthorizationPolicy, AuthorizationProvider, Condition, Operation, Rule, RuleFrom,
    RuleTo, Source,
};
pub use destination_rule::{
    BackendUtilization, ClientTlsMode, ClientTlsSettings, ConnectionPoolSettings, ConsistentHashLb,
    DestinationRule, H2UpgradePolicy, Http2KeepAlive, HttpCookie, HttpCookieAttribute, HttpSettings,
    LoadBalancerSettings, LocalityDistribute, LocalityFailover, LocalityLoadBalancerSetting, Maglev,
    OutlierDetection, PortTrafficPolicy, ProxyProtocol, ProxyProtocolVersion, RetryBudget, RingHash,
    SimpleLb, Subset, TcpKeepalive, TcpSettings, TrafficPolicy, TunnelSettings, WarmupConfiguration,
    ZoneAwareLoadBalancerSetting,
};
pub use envoy_filter::{
    ApplyTo, ClusterMatch, EnvoyConfigObjectMatch, EnvoyConfigObjectPatch, EnvoyFilter, FilterChainMatch,
    FilterClass, FilterMatch, ListenerMatch, Patch, PatchContext, PatchOperation, ProxyMatch,
    RouteConfigurationMatch, RouteMatch, RouteMatchAction, SubFilterMatch, VirtualHostMatch, WaypointMatch,
    WaypointRouteMatch,
};
pub use gateway::{Gateway, Port, Server, ServerTlsMode, ServerTlsSettings, TlsCertificate, TlsProtocol};
pub use peer_authentication::{MutualTls, MutualTlsMode, PeerAuthentication};
pub use proxy_config::{ProxyConfig, ProxyImage};
pub use request_authentication::{ClaimToHeader, JwtHeader, JwtPresence, JwtRule, RequestAuthentication};
pub use selector::{PolicySelector, PolicyTargetReference, WorkloadSelector};
pub use service_entry::{Location, Resolution, ServiceEntry, ServicePort};
pub use sidecar::{
    CaptureMode, IstioEgressListener, IstioIngressListener, OutboundTrafficPolicy, OutboundTrafficPolicyMode,
    Sidecar, SidecarPort,
};
pub use telemetry::{
    AccessLogging, CustomTag, CustomTagEnvironment, CustomTagFormatter, CustomTagLiteral,
    CustomTagRequestHeader, IstioMetric, LogFilter, LogSelector, MetricSelector, Metrics, MetricsOverrides,
    ProviderRef, TagOverride, TagOverrideOperation, Telemetry, Tracing, TracingSelector, WorkloadMode,
};
pub use traffic_extension::{ExecutionPhase, LuaConfig, TrafficExtension, WasmConfig};
pub use virtual_service::{
    CorsPolicy, Delegate, Destination, HeaderOperations, Headers, HttpBody, HttpDirectResponse,
    HttpFaultAbort, HttpFaultDelay, HttpFaultInjection, HttpMatchRequest, HttpMirrorPolicy, HttpRedirect,
    HttpRetry, HttpRewrite, HttpRoute, HttpRouteDestination, L4MatchAttributes, Percent, PortSelector,
    RedirectPortSelection, RegexRewrite, RouteDestination, StringMatch, TcpRoute, TlsMatchAttributes,
    TlsRoute, UnmatchedPreflights, VirtualService,
};
pub use wasm_plugin::{
    EnvValueSource, FailStrategy, PluginType, PullPolicy, TrafficPort, TrafficSelector, TrafficSelectorMode,
    VmConfig, WasmEnvVar, WasmPhase, WasmPlugin,
};
pub use workload_entry::WorkloadEntry;
pub use workload_group::{
    ExecHealthCheckConfig, GrpcHealthCheckConfig, HttpHeader, HttpHealthCheckConfig, ReadinessProbe,
    TcpHealthCheckConfig, WorkloadGroup, WorkloadGroupMetadata,
};

use alternate_spelling::AlternateSpelling;
