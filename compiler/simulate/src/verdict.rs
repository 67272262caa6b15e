//! What becomes of a call.

use meshc_plan::{AuthorizationFilter, Redirect, RouteForward, RuleId, Upstream, UpstreamName};

use crate::request::HttpRequest;

/// What becomes of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict<'p> {
    /// Bytes go to one of these.
    Tcp(Vec<Destination<'p>>),
    /// The request goes to one of these.
    Http {
        /// Destinations.
        destinations: Vec<Destination<'p>>,
        /// How it is forwarded.
        forward: &'p RouteForward,
        /// The request as it was routed.
        request: Box<HttpRequest>,
    },
    /// The client is sent elsewhere by a route.
    Redirected {
        /// The redirect.
        redirect: &'p Redirect,
        /// HTTP status.
        status: u16,
        /// `location`.
        location: String,
    },
    /// The client is sent to HTTPS, because the virtual host insists on it.
    RedirectedToHttps {
        /// `location`.
        location: String,
    },
    /// The client is sent to the same path with plain slashes (307).
    RedirectedToPlainPath {
        /// `location`.
        location: String,
    },
    /// The proxy answers as a route states.
    Answered {
        /// HTTP status.
        status: u32,
        /// Body, if it is text.
        body: Option<&'p str>,
    },
    /// The proxy answers a CORS preflight with 200.
    Preflight,
    /// The proxy answers every such request with an injected fault.
    Aborted(AbortStatus),
    /// A policy denies it: a request is answered with 403, a connection is closed.
    Denied {
        /// The filter.
        filter: &'p AuthorizationFilter,
        /// The rule that denies; `None` if no rule allows.
        rule: Option<&'p RuleId>,
        /// Whether it was a request.
        http: bool,
    },
    /// The token of the request is not accepted (401).
    Unauthenticated,
    /// The proxy has no place for it.
    Failed(Failure),
}

/// One place that a call may go to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Destination<'p> {
    /// Its name.
    pub name: &'p UpstreamName,
    /// What is known of it; `None` if the proxy does not have it, which it answers with 503 (500 where the route says so).
    pub upstream: Option<&'p Upstream>,
    /// Share of the calls, between 0 and 1.
    pub share: f64,
}

/// Why a proxy has no place for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// No listener takes the connection. A connection that nothing captures goes where it was dialled to.
    NoListener,
    /// No filter chain matches; the connection is closed.
    NoFilterChain,
    /// Several filter chains match alike. Envoy refuses such a listener.
    MultipleFilterChains,
    /// The chain has no filter that could take the connection.
    NoTerminalFilter,
    /// Plain text, where TLS is terminated.
    TlsError,
    /// Mutual TLS is required and not offered, or offered and not asked for.
    MtlsError,
    /// Something other than HTTP, where HTTP is spoken.
    ProtocolError,
    /// The request is refused before it is routed (400): its path or a header is not acceptable.
    BadRequest,
    /// The connection names a route table that the proxy does not have.
    NoRouteTable,
    /// No virtual host has the host of the request (404).
    NoVirtualHost,
    /// No route of the virtual host matches (404).
    NoRoute,
    /// The route has no action. Envoy refuses such a route.
    NoAction,
}

/// The status of an injected answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AbortStatus {
    /// HTTP status; one that stands for the gRPC status where only that is stated.
    pub http: u32,
    /// gRPC status, where it is stated.
    pub grpc: Option<u32>,
}
