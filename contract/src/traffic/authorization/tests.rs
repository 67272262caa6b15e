use serde_json::json;

use super::*;
use crate::traffic::ValueMatch;
use crate::traffic::request::fixture::Headers;

fn rule(permission: Permission, principal: Principal) -> PolicyRule {
    PolicyRule {
        id: RuleId { namespace: "ns".to_owned(), policy: "p".to_owned(), rule: 0 },
        permissions: vec![permission],
        principals: vec![principal],
    }
}

const PEER: &str = "spiffe://td/ns/a/sa/b";

fn facts<'f>(peer: Option<&'f str>, request: Option<&'f Headers<'f>>) -> Facts<'f, Headers<'f>> {
    Facts {
        request,
        peer,
        direct_remote: Some("10.0.0.9".parse().unwrap()),
        remote: None,
        destination: Some("10.0.0.1".parse().unwrap()),
        destination_port: 80,
        server_name: "s.example",
        claims: None,
    }
}

fn allowed(action: AuthorizationAction, rules: &[PolicyRule], facts: &Facts<'_, Headers<'_>>) -> bool {
    decide(action, Some(rules), facts).allowed
}

#[test]
fn an_identity_counts_only_where_mutual_tls_ends() {
    let wanted = Principal::Authenticated(StringMatch::Exact(PEER.to_owned()));
    let rules = [rule(Permission::Any, wanted)];
    let with = |peer| allowed(AuthorizationAction::Allow, &rules, &facts(peer, None));
    assert!(with(Some(PEER)) && !with(Some("")) && !with(None));
}

#[test]
fn an_allow_without_rules_denies_and_a_deny_without_a_match_allows() {
    let facts = facts(Some(PEER), None);
    let port = |port| [rule(Permission::DestinationPort(port), Principal::Any)];
    assert!(!allowed(AuthorizationAction::Allow, &[], &facts));
    assert!(!allowed(AuthorizationAction::Deny, &port(80), &facts));
    assert!(allowed(AuthorizationAction::Deny, &port(81), &facts));
    assert!(allowed(AuthorizationAction::Audit, &port(80), &facts));
    assert!(decide::<Headers<'_>>(AuthorizationAction::Allow, None, &facts).allowed, "only dry runs");
}

#[test]
fn claims_are_looked_up_below_the_payload() {
    let path = vec!["payload".to_owned(), "groups".to_owned()];
    let value = MetadataValue::ListOneOf(Box::new(MetadataValue::Text(StringMatch::Exact("dev".to_owned()))));
    let wanted = Principal::Metadata { filter: JWT_FILTER.to_owned(), path, value };
    let rules = [rule(Permission::Any, wanted)];
    let with = |claims: Option<&Value>| {
        allowed(AuthorizationAction::Allow, &rules, &Facts { claims, ..facts(None, None) })
    };
    assert!(with(Some(&json!({ "groups": ["dev"] }))));
    assert!(!with(Some(&json!({ "groups": "dev" }))) && !with(None));
}

#[test]
fn a_header_of_a_connection_is_never_there() {
    let path = Permission::Not(Box::new(Permission::Path(StringMatch::Exact("/".to_owned()))));
    assert!(allowed(AuthorizationAction::Allow, &[rule(path, Principal::Any)], &facts(None, None)));
    let name = Permission::ServerName(StringMatch::Suffix(".example".to_owned()));
    let here = Permission::And(vec![name, Permission::DestinationIp("10.0.0.0".parse().unwrap(), 8)]);
    assert!(allowed(AuthorizationAction::Allow, &[rule(here, Principal::Any)], &facts(None, None)));
}

#[test]
fn a_second_value_of_a_header_opens_nothing() {
    let header = |invert| {
        Permission::Header(HeaderMatch {
            name: "role".to_owned(),
            value: ValueMatch::Text(StringMatch::Exact("admin".to_owned())),
            invert,
            missing_is_empty: false,
        })
    };
    let two = Headers(&[("role", "admin"), ("role", "x")]);
    let facts = facts(None, Some(&two));
    let decide = |action, permission| allowed(action, &[rule(permission, Principal::Any)], &facts);
    assert!(!decide(AuthorizationAction::Deny, header(false)), "what denies finds it among the values");
    assert!(!decide(AuthorizationAction::Allow, header(false)), "what allows wants nothing beside it");
    let not = || Permission::Not(Box::new(header(false)));
    assert!(!decide(AuthorizationAction::Allow, not()), "a negation that allows finds it too");
    assert!(!decide(AuthorizationAction::Deny, not()), "a negation that denies wants nothing beside it");
}

#[test]
fn networks_hold_addresses_of_their_family() {
    let within = |address: &str, network: &str, length| {
        in_network(address.parse().ok(), network.parse().unwrap(), length)
    };
    assert!(within("10.1.2.3", "10.0.0.0", 8) && !within("11.0.0.0", "10.0.0.0", 8));
    assert!(within("11.0.0.0", "10.0.0.0", 0) && within("::ffff:10.0.0.1", "10.0.0.1", 32));
    assert!(within("2001:db8::1", "2001:db8::", 32) && !within("10.0.0.1", "::", 0));
}
