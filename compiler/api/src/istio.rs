//! Istio kinds, one module a kind. The type with the name of a kind is its `spec`; nested types have the names of
//! Istio's messages. Optional scalars and messages are `Option`, so that what a person wrote can be told from a default.

mod destination_rule;
mod gateway;
mod selector;
mod service_entry;
mod sidecar;
mod virtual_service;
mod workload_entry;

pub use destination_rule::{
    BackendUtilization, ClientTlsMode, ClientTlsSettings, ConnectionPoolSettings, ConsistentHashLb,
    DestinationRule, H2UpgradePolicy, Http2KeepAlive, HttpCookie, HttpCookieAttribute, HttpSettings,
    LoadBalancerSettings, LocalityDistribute, LocalityFailover, LocalityLoadBalancerSetting, Maglev,
    OutlierDetection, PortTrafficPolicy, ProxyProtocol, ProxyProtocolVersion, RetryBudget, RingHash,
    SimpleLb, Subset, TcpKeepalive, TcpSettings, TrafficPolicy, TunnelSettings, WarmupConfiguration,
    ZoneAwareLoadBalancerSetting,
};
pub use gateway::{Gateway, Port, Server, ServerTlsMode, ServerTlsSettings, TlsCertificate, TlsProtocol};
pub use selector::{PolicySelector, PolicyTargetReference, WorkloadSelector};
pub use service_entry::{Location, Resolution, ServiceEntry, ServicePort};
pub use sidecar::{
    CaptureMode, IstioEgressListener, IstioIngressListener, OutboundTrafficPolicy, OutboundTrafficPolicyMode,
    Sidecar, SidecarPort,
};
pub use virtual_service::{
    CorsPolicy, Delegate, Destination, HeaderOperations, Headers, HttpBody, HttpDirectResponse,
    HttpFaultAbort, HttpFaultDelay, HttpFaultInjection, HttpMatchRequest, HttpMirrorPolicy, HttpRedirect,
    HttpRetry, HttpRewrite, HttpRoute, HttpRouteDestination, L4MatchAttributes, Percent, PortSelector,
    RedirectPortSelection, RegexRewrite, RouteDestination, StringMatch, TcpRoute, TlsMatchAttributes,
    TlsRoute, UnmatchedPreflights, VirtualService,
};
pub use workload_entry::WorkloadEntry;
