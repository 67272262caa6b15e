//! Routes: tables, virtual hosts, actions.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::traffic::{
    Cors, DirectResponse, Fault, Fraction, HashPolicy, HeaderOperations, Pattern, Redirect, Retry,
    RouteMatch, duration,
};

/// A table of routes. The virtual host of a request is that of the most specific domain
/// ([`most_specific`](crate::traffic::host::most_specific)); a request without one is answered with 404.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteTable {
    /// Virtual hosts.
    pub virtual_hosts: Vec<VirtualHost>,
    /// Whether the port of the host of a request is left out of the search.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignore_port: bool,
}

/// The routes of some domains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VirtualHost {
    /// Name, for logs.
    pub name: String,
    /// Domains: names, `*.suffix`, `prefix.*`, `*`.
    pub domains: Vec<String>,
    /// Routes; the first that matches counts, and a request without one is answered with 404.
    pub routes: Vec<Route>,
    /// Whether a request in plain text is sent to `https`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub require_tls: bool,
    /// Whether requests carry `x-envoy-attempt-count`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub attempt_count: bool,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Route {
    /// Name, for logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which requests.
    pub matches: RouteMatch,
    /// What happens to them.
    pub action: RouteAction,
    /// Header operations of the whole route.
    #[serde(default)]
    pub headers: HeaderOperations,
    /// Faults to inject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// CORS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors: Option<Cors>,
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RouteAction {
    /// It is forwarded.
    Forward(Box<RouteForward>),
    /// The client is sent elsewhere.
    Redirect(Redirect),
    /// The proxy answers itself.
    DirectResponse(DirectResponse),
}

/// How a request is forwarded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteForward {
    /// Destinations; one that does not exist is answered with 503.
    pub upstreams: Vec<WeightedUpstream>,
    /// Time for the whole response, retries included; `None` is 15 s, zero is for ever.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "duration::optional")]
    #[schemars(with = "Option<String>")]
    pub timeout: Option<Duration>,
    /// Retries; `None` turns them off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// Replaces what was matched of the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix_rewrite: Option<String>,
    /// Replaces within the path by expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regex_rewrite: Option<RegexRewrite>,
    /// Replaces the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_rewrite: Option<String>,
    /// Whether `x-forwarded-host` is added when the host is replaced.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub append_forwarded_host: bool,
    /// Copies, whose answers nobody waits for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mirrors: Vec<Mirror>,
    /// What picks the endpoint, for consistent hashing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hash_policies: Vec<HashPolicy>,
    /// Whether a destination that does not exist is answered with 500 instead of 503 (Gateway API).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unknown_upstream_is_500: bool,
}

/// A rewrite by expression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegexRewrite {
    /// RE2 expression; every match is replaced.
    pub pattern: Pattern,
    /// What replaces it; `\1` is the first group.
    pub substitution: String,
}

/// A destination with its weight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WeightedUpstream {
    /// Name of the upstream.
    pub upstream: String,
    /// Weight; `None` when it is the only destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// Header operations of this destination.
    #[serde(default)]
    pub headers: HeaderOperations,
    /// Replaces the host for this destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_rewrite: Option<String>,
}

/// A copy of requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mirror {
    /// Name of the upstream.
    pub upstream: String,
    /// Share of requests.
    pub fraction: Fraction,
}
