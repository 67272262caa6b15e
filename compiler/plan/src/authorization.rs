//! Authorization: what AuthorizationPolicy becomes (translation-spec §7.1).

use std::net::IpAddr;

use meshc_diagnostics::Origin;

use crate::{HeaderMatch, StringMatch};

/// One filter: the policies of one action.
#[derive(Debug, Clone, PartialEq)]
pub struct AuthorizationFilter {
    /// What happens on a match.
    pub action: AuthorizationAction,
    /// Rules that are enforced; `None` when every policy of the action is a dry run. An empty ALLOW denies everything.
    pub rules: Option<Vec<PolicyRule>>,
    /// Rules that are only counted (`istio.io/dry-run`); `None` when there are none.
    pub dry_run: Option<Vec<PolicyRule>>,
    /// Origin of the policies.
    pub origin: Origin,
}

/// What happens on a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AuthorizationAction {
    /// It is only logged.
    Audit,
    /// It is denied.
    Deny,
    /// It is allowed, and everything else is denied.
    Allow,
}

/// Which rule of which policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleId {
    /// Namespace of the policy.
    pub namespace: String,
    /// Name of the policy.
    pub policy: String,
    /// Index of the rule.
    pub rule: usize,
}

/// One rule: some permission and some principal must match.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyRule {
    /// Which rule of which policy.
    pub id: RuleId,
    /// What is asked for; one must match.
    pub permissions: Vec<Permission>,
    /// Who asks; one must match.
    pub principals: Vec<Principal>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Permission {
    /// Anything.
    Any,
    /// All of these.
    And(Vec<Permission>),
    /// One of these.
    Or(Vec<Permission>),
    /// Not this.
    Not(Box<Permission>),
    /// A header, including `:method` and `:authority`.
    Header(HeaderMatch),
    /// The path without the query.
    Path(StringMatch),
    /// The path, as a URI template.
    PathTemplate(String),
    /// Destination port.
    DestinationPort(u16),
    /// Destination network.
    DestinationIp(IpAddr, u8),
    /// SNI.
    ServerName(StringMatch),
    /// Metadata of a filter: filter, path, value; a list value matches when one element does.
    Metadata {
        /// Name of the filter that wrote it.
        filter: String,
        /// Path below it.
        path: Vec<String>,
        /// Value.
        value: MetadataValue,
    },
}

/// Who asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Principal {
    /// Anybody.
    Any,
    /// All of these.
    And(Vec<Principal>),
    /// One of these.
    Or(Vec<Principal>),
    /// Not this.
    Not(Box<Principal>),
    /// The URI of the client certificate.
    Authenticated(StringMatch),
    /// The address of the connection (`source.ip`).
    DirectRemoteIp(IpAddr, u8),
    /// The address of the client as trusted headers tell it (`remote.ip`).
    RemoteIp(IpAddr, u8),
    /// A request header.
    Header(HeaderMatch),
    /// Metadata of a filter, for instance a claim of a token.
    Metadata {
        /// Name of the filter that wrote it.
        filter: String,
        /// Path below it.
        path: Vec<String>,
        /// Value.
        value: MetadataValue,
    },
}

/// How a metadata value is matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetadataValue {
    /// A text.
    Text(StringMatch),
    /// A list of which one element matches.
    ListOneOf(Box<MetadataValue>),
    /// One of these.
    Or(Vec<MetadataValue>),
}
