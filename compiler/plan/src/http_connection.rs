//! HTTP connections: what Envoy's HttpConnectionManager is told (translation-spec §6.1).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::{
    AccessLog, EscapedSlashes, HttpFilter, PathNormalization, PathRules, RouteTable, RouteTableName, Tracing,
};

/// How HTTP is spoken on a chain.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpConnection {
    /// Prefix of its statistics, with the `;` that ends Istio's tag.
    pub stat_prefix: String,
    /// The routes.
    pub routes: RouteSource,
    /// HTTP filters in order of execution.
    pub filters: Vec<HttpFilter>,
    /// Logs.
    pub access_logs: Vec<AccessLog>,
    /// Tracing; `None` when it is off.
    pub tracing: Option<Tracing>,
    /// `request_id_extension.use_request_id_for_trace_sampling`.
    pub request_id_for_trace_sampling: bool,
    /// Whether the address of the connection is the address of the client (gateways).
    pub use_remote_address: bool,
    /// Trusted proxies in front (`numTrustedProxies`).
    pub trusted_hops: u32,
    /// The `server` header and who writes it.
    pub server_header: ServerHeader,
    /// What happens to `x-forwarded-client-cert`; `None` leaves Envoy's default.
    pub forward_client_cert: Option<ForwardClientCert>,
    /// What is written into `x-forwarded-client-cert`; `None` writes nothing.
    pub client_cert_details: Option<ClientCertDetails>,
    /// Path normalisation.
    pub path_normalization: PathNormalization,
    /// Whether `http_protocol_options` is written even when it states nothing (gateways).
    pub explicit_http1_options: bool,
    /// Whether HTTP/1.0 is taken.
    pub accept_http_10: bool,
    /// Whether absolute request URLs are taken (HTTP proxy listener).
    pub allow_absolute_url: bool,
    /// Whether the case of HTTP/1 header names is kept.
    pub preserve_header_case: bool,
    /// Whether HTTP/2 options are stated (an HTTP/2 or gRPC port).
    pub http2: bool,
    /// Whether `x-forwarded-port` is added.
    pub append_forwarded_port: bool,
    /// `generate_request_id`; `None` leaves Envoy's default.
    pub generate_request_id: Option<bool>,
    /// Whether `100 Continue` is passed on.
    pub proxy_100_continue: bool,
    /// Networks that count as internal; empty leaves Envoy's default.
    pub internal_networks: Vec<(IpAddr, u8)>,
    /// Timeouts and limits of `ProxyConfig.connectionSettings` and `IDLE_TIMEOUT`.
    pub limits: HttpConnectionLimits,
}

impl HttpConnection {
    /// How paths are normalised.
    #[must_use]
    pub fn path_rules(&self) -> PathRules {
        PathRules {
            level: self.path_normalization,
            escaped_slashes: self.limits.escaped_slashes,
            merge_slashes: self.limits.merge_slashes,
        }
    }
}

/// Where routes come from.
#[derive(Debug, Clone, PartialEq)]
pub enum RouteSource {
    /// A table of the proxy, by name.
    Named(RouteTableName),
    /// A table that only this chain has.
    Inline(Arc<RouteTable>),
}

/// The `server` response header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerHeader {
    /// Envoy writes its default.
    Default,
    /// Envoy writes this.
    Overwrite(String),
    /// The header of the upstream passes through.
    PassThrough,
}

/// What happens to `x-forwarded-client-cert`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardClientCert {
    /// Removed.
    Sanitize,
    /// Passed on.
    ForwardOnly,
    /// Appended to.
    AppendForward,
    /// Replaced.
    SanitizeSet,
    /// Passed on even without mTLS.
    AlwaysForwardOnly,
}

/// What is written into `x-forwarded-client-cert`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientCertDetails {
    /// Subject.
    pub subject: bool,
    /// The certificate in PEM.
    pub cert: bool,
    /// The chain in PEM.
    pub chain: bool,
    /// DNS names.
    pub dns: bool,
    /// URI.
    pub uri: bool,
}

/// Timeouts and limits; `None` leaves Envoy's default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpConnectionLimits {
    /// Idle time of a connection.
    pub idle_timeout: Option<Duration>,
    /// Longest life of a connection.
    pub max_connection_duration: Option<Duration>,
    /// Longest life of a stream.
    pub max_stream_duration: Option<Duration>,
    /// Idle time of a stream; Istio turns it off (0 s) unless told otherwise.
    pub stream_idle_timeout: Option<Duration>,
    /// Time to receive a whole request.
    pub request_timeout: Option<Duration>,
    /// Time to receive the headers of a request.
    pub request_headers_timeout: Option<Duration>,
    /// Drain time.
    pub drain_timeout: Option<Duration>,
    /// HTTP/2 streams at once.
    pub max_concurrent_streams: Option<u32>,
    /// HTTP/2 initial stream window in bytes.
    pub initial_stream_window: Option<u32>,
    /// HTTP/2 initial connection window in bytes.
    pub initial_connection_window: Option<u32>,
    /// What happens to headers with underscores in their names.
    pub headers_with_underscores: Option<HeadersWithUnderscores>,
    /// Whether runs of slashes are merged; `None` leaves it to the path normalisation.
    pub merge_slashes: Option<bool>,
    /// What happens to escaped slashes; `None` leaves it to the path normalisation.
    pub escaped_slashes: Option<EscapedSlashes>,
}

/// What happens to headers with underscores in their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadersWithUnderscores {
    /// They are passed on.
    Allow,
    /// The request is refused.
    RejectRequest,
    /// The header is removed.
    DropHeader,
}
