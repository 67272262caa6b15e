//! VirtualService: how requests to a set of hosts are routed.

mod cors;
mod delegate;
mod destination;
mod direct_response;
mod fault;
mod headers;
mod http_match;
mod http_route;
mod mirror;
mod percent;
mod redirect;
mod retry;
mod rewrite;
mod string_match;
mod tcp_route;
mod tls_route;

pub use cors::{CorsPolicy, UnmatchedPreflights};
pub use delegate::Delegate;
pub use destination::{Destination, PortSelector, RouteDestination};
pub use direct_response::{HttpBody, HttpDirectResponse};
pub use fault::{HttpFaultAbort, HttpFaultDelay, HttpFaultInjection};
pub use headers::{HeaderOperations, Headers};
pub use http_match::HttpMatchRequest;
pub use http_route::{HttpRoute, HttpRouteDestination};
pub use mirror::HttpMirrorPolicy;
pub use percent::Percent;
pub use redirect::{HttpRedirect, RedirectPortSelection};
pub use retry::HttpRetry;
pub use rewrite::{HttpRewrite, RegexRewrite};
pub use string_match::StringMatch;
pub use tcp_route::{L4MatchAttributes, TcpRoute};
pub use tls_route::{TlsMatchAttributes, TlsRoute};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::admission::Report;
use crate::istio::validate;
use crate::null_default::null_default;
use crate::{Kind, Resource};

/// Routing of the traffic that is addressed to a set of hosts.
///
/// Source: `networking.istio.io`, VirtualService.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct VirtualService {
    /// Names that clients address: full DNS names, short names completed with this object's namespace, `*`
    /// and `*.suffix` wildcards, or IP addresses. They become the domains of an Envoy virtual host for HTTP
    /// and choose the filter chain for TLS and TCP. Empty makes the object a delegate, which counts only
    /// where another VirtualService refers to it.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Gateways and sidecars that use the routes, as `namespace/name` or `name` in this namespace; the
    /// reserved word `mesh` stands for every sidecar. Default: `mesh` alone.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub gateways: Vec<String>,
    /// Routes for HTTP, HTTP/2 and gRPC ports, and for TLS that a gateway terminates. The first rule that
    /// matches wins.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<HttpRoute>,
    /// Routes for TLS that passes through unterminated, chosen by server name. The first rule that matches
    /// wins.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub tls: Vec<TlsRoute>,
    /// Routes for any other TCP port. The first rule that matches wins.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub tcp: Vec<TcpRoute>,
    /// Namespaces whose proxies see the object: names, `.` for its own namespace, `*` for all. Default:
    /// `defaultVirtualServiceExportTo` of the mesh, which is `*` unless configured.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub export_to: Vec<String>,
}

impl Kind for VirtualService {
    const GROUP: &'static str = "networking.istio.io";
    const KIND: &'static str = "VirtualService";
    const PLURAL: &'static str = "virtualservices";
    const VERSIONS: &'static [&'static str] = &["v1", "v1beta1", "v1alpha3"];
    const NAMESPACED: bool = true;

    fn admit(object: &Resource<Self>, report: &mut Report) {
        validate::virtual_service::admit(object, report);
    }
}
