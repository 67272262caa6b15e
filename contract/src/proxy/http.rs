//! HTTP connections: what Envoy's HttpConnectionManager does in Istio (translation-spec §6.1).

use std::net::IpAddr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AccessLog, AuthorizationFilter, RouteTable};
use crate::traffic::duration;
use crate::traffic::path_normalization::PathRules;

/// How HTTP is spoken on a chain. Filters run in Istio's order: tokens, policies, faults, CORS, router.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpConnection {
    /// The routes.
    pub routes: RouteSource,
    /// Issuers of tokens, in order. A missing token is allowed; a token that is there must validate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jwt: Vec<JwtProvider>,
    /// Policies that decide on requests, in order; a denied one is answered with 403.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization: Vec<AuthorizationFilter>,
    /// Logs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access_logs: Vec<AccessLog>,
    /// Whether Istio's HTTP metrics are counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub metrics: bool,
    /// Whether the address of the connection is the address of the client (gateways).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub use_remote_address: bool,
    /// Trusted proxies in front (`numTrustedProxies`).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub trusted_hops: u32,
    /// The `server` response header.
    pub server_header: ServerHeader,
    /// What happens to `x-forwarded-client-cert`.
    pub forward_client_cert: ForwardClientCert,
    /// What is written into `x-forwarded-client-cert`.
    #[serde(default)]
    pub client_cert_details: ClientCertDetails,
    /// How paths are normalised before anything looks at them.
    pub path: PathRules,
    /// Whether HTTP/1.0 is taken; otherwise it is answered with 426.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accept_http_10: bool,
    /// Whether the case of HTTP/1 header names is kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub preserve_header_case: bool,
    /// Whether `x-forwarded-port` is added.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub append_forwarded_port: bool,
    /// Whether a request without `x-request-id` gets one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub generate_request_id: bool,
    /// Whether `100 Continue` of the upstream is passed on; otherwise the proxy answers it itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub proxy_100_continue: bool,
    /// Networks that count as internal, whose `x-envoy-*` headers are believed; empty is RFC 1918 and the loopback network.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub internal_networks: Vec<(IpAddr, u8)>,
    /// Whether answers carry no `x-envoy-*` headers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suppress_envoy_headers: bool,
    /// Timeouts and limits.
    #[serde(default)]
    pub limits: HttpLimits,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Where routes come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RouteSource {
    /// A table of the proxy, by name.
    Named(String),
    /// A table that only this chain has.
    Inline(Box<RouteTable>),
}

/// The `server` response header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ServerHeader {
    /// It says this.
    Overwrite(String),
    /// The header of the upstream passes through.
    PassThrough,
}

/// What happens to `x-forwarded-client-cert`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ForwardClientCert {
    /// Removed.
    Sanitize,
    /// Passed on where the client presented a certificate.
    ForwardOnly,
    /// Appended to where the client presented a certificate.
    AppendForward,
    /// Replaced where the client presented a certificate, else removed.
    SanitizeSet,
    /// Passed on even without mTLS.
    AlwaysForwardOnly,
}

/// What is written into `x-forwarded-client-cert` beside the hash of the certificate and the identity of this proxy (`By`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of Envoy's message")]
pub struct ClientCertDetails {
    /// Subject.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub subject: bool,
    /// The certificate in PEM.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cert: bool,
    /// The chain in PEM.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub chain: bool,
    /// DNS names.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dns: bool,
    /// URI.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub uri: bool,
}

/// Timeouts and limits; `None` leaves the proxy's default, which is Envoy's where it says nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HttpLimits {
    /// Idle time of a connection; 1 h.
    #[serde(skip_serializing_if = "Option::is_none", with = "duration::optional")]
    #[schemars(with = "Option<String>")]
    pub idle_timeout: Option<Duration>,
    /// Longest life of a connection; none.
    #[serde(skip_serializing_if = "Option::is_none", with = "duration::optional")]
    #[schemars(with = "Option<String>")]
    pub max_connection_duration: Option<Duration>,
    /// Longest life of a stream; none.
    #[serde(skip_serializing_if = "Option::is_none", with = "duration::optional")]
    #[schemars(with = "Option<String>")]
    pub max_stream_duration: Option<Duration>,
    /// Idle time of a stream; 5 min, and zero is for ever, which Istio states.
    #[serde(skip_serializing_if = "Option::is_none", with = "duration::optional")]
    #[schemars(with = "Option<String>")]
    pub stream_idle_timeout: Option<Duration>,
    /// Time to receive a whole request; none.
    #[serde(skip_serializing_if = "Option::is_none", with = "duration::optional")]
    #[schemars(with = "Option<String>")]
    pub request_timeout: Option<Duration>,
    /// Time to receive the headers of a request; 10 s, because a client that never finishes them must not hold a connection.
    #[serde(skip_serializing_if = "Option::is_none", with = "duration::optional")]
    #[schemars(with = "Option<String>")]
    pub request_headers_timeout: Option<Duration>,
    /// HTTP/2 streams at once; 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrent_streams: Option<u32>,
    /// HTTP/2 initial stream window in bytes; 1 MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_stream_window: Option<u32>,
    /// HTTP/2 initial connection window in bytes; four times that of a stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_connection_window: Option<u32>,
    /// What happens to headers with underscores in their names; they are passed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers_with_underscores: Option<HeadersWithUnderscores>,
}

/// What happens to headers with underscores in their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum HeadersWithUnderscores {
    /// They are passed on.
    Allow,
    /// The request is refused.
    RejectRequest,
    /// The header is removed.
    DropHeader,
}

/// An issuer of tokens: what RequestAuthentication becomes (translation-spec §7.6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JwtProvider {
    /// `iss` that tokens carry.
    pub issuer: String,
    /// Accepted `aud`; empty accepts all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
    /// Keys.
    pub jwks: Jwks,
    /// Headers that hold a token, with the text before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from_headers: Vec<(String, String)>,
    /// Query parameters that hold a token.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from_params: Vec<String>,
    /// Cookies that hold a token.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from_cookies: Vec<String>,
    /// Whether the token is forwarded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forward: bool,
    /// Header that the payload is written to, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_header: Option<String>,
    /// Headers that claims are written to: header, claim.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims_to_headers: Vec<(String, String)>,
    /// Claims that hold several values separated by spaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub space_delimited_claims: Vec<String>,
    /// Whether routes are chosen again after validation (gateways, for routing by claims).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub clear_route_cache: bool,
}

/// Keys of an issuer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Jwks {
    /// A JSON Web Key Set.
    Inline(String),
    /// Not known at build time: every token of the issuer is refused.
    Unavailable,
}
