//! Routes: tables, virtual hosts, matches and actions.

use std::time::Duration;

use meshc_contract::ObjectRef;
use meshc_diagnostics::Origin;

use crate::{
    Cors, DirectResponse, Fault, HashPolicy, HeaderOperations, Mirror, Pattern, Redirect, Retry, RouteMatch,
    RouteTableName, StatefulSession, UpstreamName,
};

/// One route table.
#[derive(Debug, Clone, PartialEq)]
pub struct RouteTable {
    /// Name.
    pub name: RouteTableName,
    /// Virtual hosts; a domain stands in one of them only.
    pub virtual_hosts: Vec<VirtualHost>,
    /// Whether the port of the `Host` header is ignored when domains are matched.
    pub ignore_port: bool,
    /// Longest body of a direct response in bytes; `None` leaves Envoy's 4 KiB.
    pub max_direct_response_bytes: Option<u32>,
    /// Why the table exists.
    pub origin: Origin,
}

/// The routes of some domains.
#[derive(Debug, Clone, PartialEq)]
pub struct VirtualHost {
    /// Name as Istio spells it: `<host>:<port>`, `allow_any`, `block_all`, `blackhole:<port>`, `inbound|http|<port>`.
    pub name: String,
    /// Domains, in order.
    pub domains: Vec<String>,
    /// Routes; the first that matches wins.
    pub routes: Vec<Route>,
    /// Whether plaintext requests are redirected to HTTPS.
    pub tls: TlsRequirement,
    /// Whether `x-envoy-attempt-count` is added to requests.
    pub attempt_count: bool,
    /// Sessions of the service that the host is; a route may state others.
    pub session: Option<StatefulSession>,
    /// Why the virtual host exists.
    pub origin: Origin,
}

/// Whether a virtual host insists on TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsRequirement {
    /// It does not.
    None,
    /// All plaintext requests are redirected (`httpsRedirect`).
    All,
}

/// One route.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// Name, `None` when neither the route nor the match has one.
    pub name: Option<String>,
    /// Which requests.
    pub matches: RouteMatch,
    /// What happens to them.
    pub action: RouteAction,
    /// `decorator.operation`: the name of the operation in traces; `None` writes none.
    pub operation: Option<String>,
    /// Prefix of the route's own statistics.
    pub stat_prefix: Option<String>,
    /// The VirtualService that states it, which Istio puts into the metadata.
    pub config: Option<ObjectRef>,
    /// Header operations of the whole route.
    pub headers: HeaderOperations,
    /// Faults to inject.
    pub fault: Option<Fault>,
    /// CORS.
    pub cors: Option<Cors>,
    /// Sessions of the service that it leads to.
    pub session: Option<StatefulSession>,
    /// Why the route exists.
    pub origin: Origin,
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq)]
pub enum RouteAction {
    /// It is forwarded.
    Forward(Box<RouteForward>),
    /// The client is sent elsewhere.
    Redirect(Redirect),
    /// The proxy answers itself.
    DirectResponse(DirectResponse),
    /// The route has no action (an invalid redirect code, as istiod emits it): Envoy refuses it.
    None,
}

/// How a request is forwarded.
#[derive(Debug, Clone, PartialEq)]
pub struct RouteForward {
    /// Destinations. One entry with weight `None` when there is one destination.
    pub upstreams: Vec<WeightedUpstream>,
    /// Time for the whole response; 0 s turns it off; `None` states nothing.
    pub timeout: Option<Duration>,
    /// Whether Istio's `max_grpc_timeout` (outbound) or `max_stream_duration` (inbound) stands beside the timeout.
    pub inbound: bool,
    /// Retries; `None` turns them off.
    pub retry: Option<Retry>,
    /// Replaces the matched prefix.
    pub prefix_rewrite: Option<String>,
    /// Replaces by expression: RE2 pattern and substitution.
    pub regex_rewrite: Option<(Pattern, String)>,
    /// Replaces the host.
    pub host_rewrite: Option<String>,
    /// Whether `x-forwarded-host` is added when the host is replaced.
    pub append_forwarded_host: bool,
    /// Copies.
    pub mirrors: Vec<Mirror>,
    /// What picks the endpoint, for consistent hashing.
    pub hash_policies: Vec<HashPolicy>,
    /// Whether an upstream that does not exist is answered with 500 instead of 503 (Gateway API).
    pub unknown_upstream_is_500: bool,
}

/// A destination with its weight.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightedUpstream {
    /// Where to.
    pub upstream: UpstreamName,
    /// Weight as written; `None` when it is the only destination.
    pub weight: Option<u32>,
    /// Header operations of this destination; empty for an only destination, whose operations stand on the route.
    pub headers: HeaderOperations,
    /// Replaces the host for this destination.
    pub host_rewrite: Option<String>,
}
