//! Routes: tables, virtual hosts, matches and actions.

use std::time::Duration;

use meshc_contract::ObjectRef;
use meshc_diagnostics::Origin;

use crate::{
    Cors, DirectResponse, Fault, HashPolicy, HeaderOperations, Mirror, Redirect, Retry, RouteTableName,
    StringMatch, UpstreamName,
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
    /// Why the route exists.
    pub origin: Origin,
}

/// Which requests a route takes; everything stated must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct RouteMatch {
    /// Path.
    pub path: PathMatch,
    /// Whether case counts in the path; `None` states nothing (Istio states it only for written matches).
    pub case_sensitive: Option<bool>,
    /// Headers, including the pseudo headers `:method`, `:authority` and `:scheme`, in order.
    pub headers: Vec<HeaderMatch>,
    /// Query parameters, in order.
    pub query: Vec<QueryMatch>,
    /// Claims of a validated token (`@request.auth.claims`): path of the claim, values, inverted.
    pub claims: Vec<ClaimMatch>,
}

/// How a path is matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathMatch {
    /// The whole path.
    Exact(String),
    /// A prefix of the text.
    Prefix(String),
    /// A prefix that ends at a `/` or at the end (Gateway API and Ingress).
    PathSeparatedPrefix(String),
    /// An RE2 expression over the whole path.
    Regex(String),
}

/// How a header is matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderMatch {
    /// Name as written; case does not count.
    pub name: String,
    /// Value.
    pub value: ValueMatch,
    /// Whether the match is inverted (`withoutHeaders`).
    pub invert: bool,
    /// Whether a missing header counts as an empty one.
    pub missing_is_empty: bool,
}

/// How a query parameter is matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryMatch {
    /// Name.
    pub name: String,
    /// Value.
    pub value: ValueMatch,
}

/// How a claim of a token is matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimMatch {
    /// Path of the claim below the payload.
    pub path: Vec<String>,
    /// Value; a list claim matches when one element does.
    pub value: StringMatch,
    /// Whether the match is inverted.
    pub invert: bool,
}

/// How a value is matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueMatch {
    /// It is there.
    Present,
    /// It is there and matches.
    Text(StringMatch),
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
    pub regex_rewrite: Option<(String, String)>,
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
