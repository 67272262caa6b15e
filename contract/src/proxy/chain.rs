//! Filter chains: which connections, what transport security, what becomes of them.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AccessLog, DownstreamTls, HttpConnection};
use crate::traffic::authorization::{AuthorizationAction, PolicyRule};
use crate::traffic::{ChainMatch, duration};

/// What becomes of the connections that match.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FilterChain {
    /// Name, for logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which connections.
    #[serde(default)]
    pub matches: ChainMatch,
    /// TLS that the proxy terminates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<DownstreamTls>,
    /// Time for the TLS handshake; `None` is 15 s.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "duration::optional")]
    #[schemars(with = "Option<String>")]
    pub handshake_timeout: Option<Duration>,
    /// Policies that decide on the connection, in order; a denied one is reset.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization: Vec<AuthorizationFilter>,
    /// What takes the connection.
    pub handler: Handler,
}

impl AsRef<ChainMatch> for FilterChain {
    fn as_ref(&self) -> &ChainMatch {
        &self.matches
    }
}

/// The policies of one action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthorizationFilter {
    /// What happens on a match.
    pub action: AuthorizationAction,
    /// Rules that are enforced; `null` when every policy of the action is a dry run. An empty ALLOW denies everything.
    pub rules: Option<Vec<PolicyRule>>,
    /// Rules that are only counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<Vec<PolicyRule>>,
}

/// What takes a connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Handler {
    /// HTTP/1.1 and HTTP/2, told apart by the first bytes.
    Http(Box<HttpConnection>),
    /// Bytes.
    Tcp(TcpProxy),
}

/// Bytes that are passed on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TcpProxy {
    /// Destinations; one that does not exist closes the connection.
    pub upstreams: Vec<WeightedTcp>,
    /// Time without a byte either way; `None` is 1 h, zero is for ever.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "duration::optional")]
    #[schemars(with = "Option<String>")]
    pub idle_timeout: Option<Duration>,
    /// Longest life of a connection.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "duration::optional")]
    #[schemars(with = "Option<String>")]
    pub max_connection_duration: Option<Duration>,
    /// Whether the address of the client picks the endpoint.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hash_source_ip: bool,
    /// Logs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access_logs: Vec<AccessLog>,
    /// Whether Istio's TCP metrics are counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub metrics: bool,
}

/// A destination of bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WeightedTcp {
    /// Name of the upstream.
    pub upstream: String,
    /// Weight; `None` when it is the only destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
}
