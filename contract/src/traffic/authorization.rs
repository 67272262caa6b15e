//! Authorization: what AuthorizationPolicy becomes (translation-spec §7.1), and what it decides.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::path_normalization::without_query;
use super::request::NoRequest;
use super::{HeaderMatch, Request, StringMatch, uri_template};

/// What happens on a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AuthorizationAction {
    /// It is only logged.
    Audit,
    /// It is denied.
    Deny,
    /// It is allowed, and everything else is denied.
    Allow,
}

/// Which rule of which policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RuleId {
    /// Namespace of the policy.
    pub namespace: String,
    /// Name of the policy.
    pub policy: String,
    /// Index of the rule.
    pub rule: usize,
}

/// One rule: some permission and some principal must match.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyRule {
    /// Which rule of which policy.
    pub id: RuleId,
    /// What is asked for; one must match.
    pub permissions: Vec<Permission>,
    /// Who asks; one must match.
    pub principals: Vec<Principal>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum MetadataValue {
    /// A text.
    Text(StringMatch),
    /// A list of which one element matches.
    ListOneOf(Box<MetadataValue>),
    /// One of these.
    Or(Vec<MetadataValue>),
}

/// What is known of a connection and, if there is one, of a request when a policy decides.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'f, R: ?Sized> {
    /// The request; `None` before there is one, where its headers are empty.
    pub request: Option<&'f R>,
    /// The URI in the verified certificate of the client: empty for TLS without one, `None` without TLS.
    pub peer: Option<&'f str>,
    /// Address that the connection came from.
    pub direct_remote: Option<IpAddr>,
    /// Address of the client as trusted headers tell it.
    pub remote: Option<IpAddr>,
    /// Address that was dialled.
    pub destination: Option<IpAddr>,
    /// Port that was dialled.
    pub destination_port: u16,
    /// SNI; empty if there is none.
    pub server_name: &'f str,
    /// Claims of a token that was accepted.
    pub claims: Option<&'f Value>,
}

/// The filter that writes the claims of a token.
pub const JWT_FILTER: &str = "envoy.filters.http.jwt_authn";
/// Where it writes them.
pub const JWT_PAYLOAD: &str = "payload";

/// What the rules of one action decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision<'p> {
    /// Whether the call may go on.
    pub allowed: bool,
    /// The rule that matched.
    pub rule: Option<&'p RuleId>,
}

/// Decides a call by the policies of one action. `rules` is `None` where every policy is a dry run; audits change nothing either.
#[must_use]
pub fn decide<'p, R: Request + ?Sized>(
    action: AuthorizationAction,
    rules: Option<&'p [PolicyRule]>,
    facts: &Facts<'_, R>,
) -> Decision<'p> {
    let walk = Walk { facts, generous: action == AuthorizationAction::Deny };
    let rule = rules.into_iter().flatten().find(|rule| walk.rule(rule)).map(|rule| &rule.id);
    let allowed = match (action, rules) {
        (_, None) | (AuthorizationAction::Audit, _) => true,
        (AuthorizationAction::Deny, Some(_)) => rule.is_none(),
        (AuthorizationAction::Allow, Some(_)) => rule.is_some(),
    };
    Decision { allowed, rule }
}

/// Whether a network has an address. An address that is not known is in none but the whole address space.
#[must_use]
pub fn in_network(address: Option<IpAddr>, network: IpAddr, length: u8) -> bool {
    let same = |a: u128, b: u128, width: u32| {
        let ignored = width.saturating_sub(u32::from(length));
        ignored >= width || a >> ignored == b >> ignored
    };
    match (address.map(|address| address.to_canonical()), network) {
        (None, _) => length == 0,
        (Some(IpAddr::V4(a)), IpAddr::V4(b)) => same(u32::from(a).into(), u32::from(b).into(), 32),
        (Some(IpAddr::V6(a)), IpAddr::V6(b)) => same(a.into(), b.into(), 128),
        (Some(IpAddr::V4(_)), IpAddr::V6(_)) | (Some(IpAddr::V6(_)), IpAddr::V4(_)) => false,
    }
}

/// A walk through the conditions of a rule. A generous one takes a header with several values as matched if one value is: what
/// denies must not be evaded by a second value, and what allows must not be reached by it. A negation turns that around.
struct Walk<'w, 'f, R: ?Sized> {
    facts: &'w Facts<'f, R>,
    generous: bool,
}

impl<R: Request + ?Sized> Walk<'_, '_, R> {
    fn negated(&self) -> Self {
        Walk { facts: self.facts, generous: !self.generous }
    }

    fn rule(&self, rule: &PolicyRule) -> bool {
        let PolicyRule { id: _, permissions, principals } = rule;
        permissions.iter().any(|wanted| self.permission(wanted))
            && principals.iter().any(|wanted| self.principal(wanted))
    }

    fn permission(&self, wanted: &Permission) -> bool {
        let path = || self.facts.request.map(|request| without_query(request.path()));
        match wanted {
            Permission::Any => true,
            Permission::And(all) => all.iter().all(|one| self.permission(one)),
            Permission::Or(some) => some.iter().any(|one| self.permission(one)),
            Permission::Not(one) => !self.negated().permission(one),
            Permission::Header(wanted) => self.header(wanted),
            Permission::Path(wanted) => path().is_some_and(|path| wanted.matches(path)),
            Permission::PathTemplate(template) => {
                path().is_some_and(|path| uri_template::matches(template, path))
            }
            Permission::DestinationPort(port) => self.facts.destination_port == *port,
            Permission::DestinationIp(network, length) => {
                in_network(self.facts.destination, *network, *length)
            }
            Permission::ServerName(name) => name.matches(self.facts.server_name),
            Permission::Metadata { filter, path, value } => self.metadata(filter, path, value),
        }
    }

    fn principal(&self, wanted: &Principal) -> bool {
        match wanted {
            Principal::Any => true,
            Principal::And(all) => all.iter().all(|one| self.principal(one)),
            Principal::Or(some) => some.iter().any(|one| self.principal(one)),
            Principal::Not(one) => !self.negated().principal(one),
            Principal::Authenticated(name) => self.facts.peer.is_some_and(|peer| name.matches(peer)),
            Principal::DirectRemoteIp(network, length) => {
                in_network(self.facts.direct_remote, *network, *length)
            }
            Principal::RemoteIp(network, length) => in_network(self.facts.remote, *network, *length),
            Principal::Header(wanted) => self.header(wanted),
            Principal::Metadata { filter, path, value } => self.metadata(filter, path, value),
        }
    }

    fn header(&self, wanted: &HeaderMatch) -> bool {
        match (self.facts.request, self.generous) {
            (Some(request), true) => wanted.matches_any_value(request),
            (Some(request), false) => wanted.matches(request),
            (None, _) => wanted.matches(&NoRequest),
        }
    }

    /// A value that a filter wrote; only the token filter is known to write any.
    fn metadata(&self, filter: &str, path: &[String], value: &MetadataValue) -> bool {
        let Some((JWT_PAYLOAD, rest)) = path.split_first().map(|(first, rest)| (first.as_str(), rest)) else {
            return false;
        };
        let claims = self.facts.claims.filter(|_| filter == JWT_FILTER);
        let found = claims.and_then(|claims| rest.iter().try_fold(claims, |value, key| value.get(key)));
        found.is_some_and(|found| value.matches(found))
    }
}

impl MetadataValue {
    /// Whether a value is as wanted.
    #[must_use]
    pub fn matches(&self, found: &Value) -> bool {
        match self {
            Self::Text(matcher) => found.as_str().is_some_and(|found| matcher.matches(found)),
            Self::ListOneOf(element) => {
                found.as_array().is_some_and(|list| list.iter().any(|found| element.matches(found)))
            }
            Self::Or(values) => values.iter().any(|value| value.matches(found)),
        }
    }
}

#[cfg(test)]
mod tests;
