//! Authorization filters.

use std::net::IpAddr;

use meshc_plan::{
    AuthorizationAction, AuthorizationFilter, MetadataValue, Permission, PolicyRule, Principal, StringMatch,
};
use serde_json::Value;

use crate::call::Dialled;
use crate::chain::in_network;
use crate::network::Connection;
use crate::request::HttpRequest;
use crate::tls::Transport;
use crate::trace::PolicyDecision;
use crate::{header, jwt, text, uri_template};

/// What policies look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'c> {
    connection: Connection<'c>,
    /// The request; `None` before there is one, where its headers are empty.
    request: Option<&'c HttpRequest>,
    /// Address of the client as trusted headers tell it.
    remote: Option<IpAddr>,
    /// Claims of a token that was accepted.
    claims: Option<&'c Value>,
}

impl<'c> Facts<'c> {
    /// What is known of a connection.
    pub(crate) fn of_connection(connection: Connection<'c>) -> Self {
        Self { connection, request: None, remote: connection.call.source, claims: None }
    }

    /// What is known of a request.
    pub(crate) fn of_request(
        connection: Connection<'c>,
        request: &'c HttpRequest,
        remote: Option<IpAddr>,
        claims: Option<&'c Value>,
    ) -> Self {
        Self { connection, request: Some(request), remote, claims }
    }

    fn dialled(&self) -> Option<IpAddr> {
        match self.connection.call.dialled {
            Dialled::Ip(address) => Some(address),
            Dialled::Anything | Dialled::Socket(_) => None,
        }
    }

    /// Whether the name in the certificate of the client is as wanted; without TLS nobody has one.
    fn is_peer(&self, wanted: &StringMatch) -> bool {
        match self.connection.transport {
            Transport::Plain | Transport::Opaque => false,
            Transport::Terminated { mutual } => {
                let identity = self.connection.call.identity.as_ref().filter(|_| mutual);
                let name = identity.map(ToString::to_string).unwrap_or_default();
                text::matches(wanted, &name)
            }
        }
    }

    fn has_header(&self, wanted: &meshc_plan::HeaderMatch) -> bool {
        match self.request {
            Some(request) => header::matches(wanted, request),
            None => header::matches(wanted, &HttpRequest::empty()),
        }
    }

    /// A value that a filter wrote; only the token filter is known to write any.
    fn metadata(&self, filter: &str, path: &[String]) -> Option<&'c Value> {
        let claims = self.claims.filter(|_| filter == jwt::FILTER)?;
        let (first, rest) = path.split_first()?;
        if first != jwt::PAYLOAD {
            return None;
        }
        rest.iter().try_fold(claims, |value, key| value.get(key))
    }
}

/// What a filter decides. Rules that are only a dry run, and audits, change nothing.
pub(crate) fn decide<'p>(filter: &'p AuthorizationFilter, facts: &Facts<'_>) -> PolicyDecision<'p> {
    let AuthorizationFilter { action, rules, dry_run: _, origin: _ } = filter;
    let rule = rules.iter().flatten().find(|rule| rule_matches(rule, facts)).map(|rule| &rule.id);
    let allowed = match (action, rules) {
        (_, None) | (AuthorizationAction::Audit, _) => true,
        (AuthorizationAction::Deny, Some(_)) => rule.is_none(),
        (AuthorizationAction::Allow, Some(_)) => rule.is_some(),
    };
    PolicyDecision { filter, rule, allowed }
}

fn rule_matches(rule: &PolicyRule, facts: &Facts<'_>) -> bool {
    let PolicyRule { id: _, permissions, principals } = rule;
    permissions.iter().any(|wanted| permission(wanted, facts))
        && principals.iter().any(|wanted| principal(wanted, facts))
}

fn permission(wanted: &Permission, facts: &Facts<'_>) -> bool {
    match wanted {
        Permission::Any => true,
        Permission::And(all) => all.iter().all(|one| permission(one, facts)),
        Permission::Or(some) => some.iter().any(|one| permission(one, facts)),
        Permission::Not(one) => !permission(one, facts),
        Permission::Header(wanted) => facts.has_header(wanted),
        Permission::Path(path) => {
            facts.request.is_some_and(|request| text::matches(path, request.path_only()))
        }
        Permission::PathTemplate(template) => {
            facts.request.is_some_and(|request| uri_template::matches(template, request.path_only()))
        }
        Permission::DestinationPort(port) => facts.connection.call.port == *port,
        Permission::DestinationIp(address, length) => in_network(facts.dialled(), (*address, *length)),
        Permission::ServerName(name) => text::matches(name, &facts.connection.inspected.server_name),
        Permission::Metadata { filter, path, value } => {
            facts.metadata(filter, path).is_some_and(|found| metadata_matches(value, found))
        }
    }
}

fn principal(wanted: &Principal, facts: &Facts<'_>) -> bool {
    match wanted {
        Principal::Any => true,
        Principal::And(all) => all.iter().all(|one| principal(one, facts)),
        Principal::Or(some) => some.iter().any(|one| principal(one, facts)),
        Principal::Not(one) => !principal(one, facts),
        Principal::Authenticated(name) => facts.is_peer(name),
        Principal::DirectRemoteIp(address, length) => {
            in_network(facts.connection.call.source, (*address, *length))
        }
        Principal::RemoteIp(address, length) => in_network(facts.remote, (*address, *length)),
        Principal::Header(wanted) => facts.has_header(wanted),
        Principal::Metadata { filter, path, value } => {
            facts.metadata(filter, path).is_some_and(|found| metadata_matches(value, found))
        }
    }
}

fn metadata_matches(wanted: &MetadataValue, found: &Value) -> bool {
    match wanted {
        MetadataValue::Text(matcher) => found.as_str().is_some_and(|found| text::matches(matcher, found)),
        MetadataValue::ListOneOf(element) => {
            found.as_array().is_some_and(|list| list.iter().any(|found| metadata_matches(element, found)))
        }
        MetadataValue::Or(values) => values.iter().any(|value| metadata_matches(value, found)),
    }
}

#[cfg(test)]
mod tests {
    use meshc_diagnostics::Origin;
    use meshc_plan::{RuleId, TransportProtocol};
    use serde_json::json;

    use super::*;
    use crate::call::{Call, CallMode};
    use crate::trace::Inspected;

    fn rule(permission: Permission, principal: Principal) -> PolicyRule {
        PolicyRule {
            id: RuleId { namespace: "ns".to_owned(), policy: "p".to_owned(), rule: 0 },
            permissions: vec![permission],
            principals: vec![principal],
        }
    }

    fn filter(action: AuthorizationAction, rules: Vec<PolicyRule>) -> AuthorizationFilter {
        AuthorizationFilter {
            action,
            rules: Some(rules),
            dry_run: None,
            origin: Origin::Default { rule: "test" },
        }
    }

    /// Whether a call from an identity gets through a filter.
    fn allowed(filter: &AuthorizationFilter, transport: Transport, claims: Option<&Value>) -> bool {
        let call = Call {
            identity: "spiffe://td/ns/a/sa/b".parse().ok(),
            dialled: Dialled::Ip("10.0.0.1".parse().unwrap()),
            ..Call::new(CallMode::Inbound, 80)
        };
        let inspected = Inspected {
            transport: TransportProtocol::Tls,
            server_name: "s.example".to_owned(),
            application_protocols: Vec::new(),
        };
        let connection = Connection { call: &call, transport, inspected: &inspected };
        let facts = Facts { claims, ..Facts::of_connection(connection) };
        decide(filter, &facts).allowed
    }

    const MUTUAL: Transport = Transport::Terminated { mutual: true };

    #[test]
    fn an_identity_counts_only_where_mutual_tls_ends() {
        let wanted = StringMatch::Exact("spiffe://td/ns/a/sa/b".to_owned());
        let allow =
            filter(AuthorizationAction::Allow, vec![rule(Permission::Any, Principal::Authenticated(wanted))]);
        assert!(allowed(&allow, MUTUAL, None));
        assert!(!allowed(&allow, Transport::Terminated { mutual: false }, None));
        assert!(!allowed(&allow, Transport::Plain, None) && !allowed(&allow, Transport::Opaque, None));
    }

    #[test]
    fn an_allow_without_rules_denies_and_a_deny_without_a_match_allows() {
        assert!(!allowed(&filter(AuthorizationAction::Allow, Vec::new()), MUTUAL, None));
        let port = |port| rule(Permission::DestinationPort(port), Principal::Any);
        assert!(!allowed(&filter(AuthorizationAction::Deny, vec![port(80)]), MUTUAL, None));
        assert!(allowed(&filter(AuthorizationAction::Deny, vec![port(81)]), MUTUAL, None));
        assert!(allowed(&filter(AuthorizationAction::Audit, vec![port(80)]), MUTUAL, None));
    }

    #[test]
    fn claims_are_looked_up_below_the_payload() {
        let path = vec!["payload".to_owned(), "groups".to_owned()];
        let value =
            MetadataValue::ListOneOf(Box::new(MetadataValue::Text(StringMatch::Exact("dev".to_owned()))));
        let wanted = Principal::Metadata { filter: jwt::FILTER.to_owned(), path, value };
        let allow = filter(AuthorizationAction::Allow, vec![rule(Permission::Any, wanted)]);
        assert!(allowed(&allow, MUTUAL, Some(&json!({ "groups": ["dev"] }))));
        assert!(
            !allowed(&allow, MUTUAL, Some(&json!({ "groups": "dev" }))) && !allowed(&allow, MUTUAL, None)
        );
    }

    #[test]
    fn a_header_of_a_connection_is_never_there() {
        let path = Permission::Not(Box::new(Permission::Path(StringMatch::Exact("/".to_owned()))));
        assert!(allowed(&filter(AuthorizationAction::Allow, vec![rule(path, Principal::Any)]), MUTUAL, None));
        let name = Permission::ServerName(StringMatch::Suffix(".example".to_owned()));
        let here = Permission::And(vec![name, Permission::DestinationIp("10.0.0.0".parse().unwrap(), 8)]);
        assert!(allowed(&filter(AuthorizationAction::Allow, vec![rule(here, Principal::Any)]), MUTUAL, None));
    }
}
