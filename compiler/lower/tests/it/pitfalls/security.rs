//! Authorization.

use meshc_diagnostics::codes;
use meshc_plan::{AuthorizationAction, HttpFilter};

use super::*;

fn is_rbac(filter: &NetworkFilter) -> bool {
    matches!(filter, NetworkFilter::Authorization(_))
}

fn chains_with_rbac(listener: &Listener) -> usize {
    let chains = listener.chains.iter().chain(&listener.default_chain);
    chains.filter(|chain| chain.filters.iter().any(is_rbac)).count()
}

fn deny(rules: &str) -> String {
    object("AuthorizationPolicy", "shop", "deny", &format!("{{action: DENY, rules: [{rules}]}}"))
}

fn tcp_web() -> String {
    workload("shop", "web", "") + &service("shop", "web", 1, "{name: tcp, port: 80, targetPort: 8080}")
}

#[test]
fn p_07_policies_are_asked_where_traffic_arrives_and_never_where_a_sidecar_sends_it() {
    let policy = deny("{from: [{source: {namespaces: [bad]}}]}");
    let compiled = compile(&[tcp_web(), policy]);
    for listener in &compiled.proxy("client").listeners {
        let rbac = chains_with_rbac(listener);
        assert_eq!(rbac > 0, listener.name == ListenerName::VirtualInbound, "{:?}", listener.name);
    }
}

#[test]
fn p_07_gateways_ask_policies_for_tcp_too() {
    let server = "{port: {number: 80, name: tcp, protocol: TCP}, hosts: ['*']}";
    let gateway = gateway(server);
    let routes = object(
        "VirtualService",
        "edge",
        "web",
        "{hosts: ['*'], gateways: [main], tcp: [{route: [{destination: {host: web.shop.svc.cluster.local}}]}]}",
    );
    let policy = object(
        "AuthorizationPolicy",
        "edge",
        "deny",
        "{action: DENY, rules: [{from: [{source: {ipBlocks: [192.0.2.0/24]}}]}]}",
    );
    let compiled = compile(&[tcp_web(), ingress(), gateway, routes, policy]);
    let listeners = &compiled.proxy("ingress").listeners;
    assert_eq!(listeners.iter().map(|listener| chains_with_rbac(listener)).sum::<usize>(), 1);
}

#[test]
fn p_08_a_denial_by_http_fields_denies_everything_of_a_tcp_port_and_a_permission_drops_out() {
    let rule = "{to: [{operation: {methods: [GET]}}]}";
    let filter = |action: &str| {
        let policy =
            object("AuthorizationPolicy", "shop", "p", &format!("{{action: {action}, rules: [{rule}]}}"));
        let compiled = compile(&[tcp_web(), policy]);
        assert!(compiled.says(&codes::HTTP_RULE_ON_TCP_PORT), "{action}");
        let inbound = compiled.listener("web", &ListenerName::VirtualInbound);
        let mut filters = inbound.chains.iter().flat_map(|chain| &chain.filters);
        filters
            .find_map(|filter| match filter {
                NetworkFilter::Authorization(filter) => Some((filter.action, filter.rules.clone())),
                _ => None,
            })
            .expect("a filter")
    };
    let (action, rules) = filter("DENY");
    assert_eq!((action, rules.map(|rules| rules.len())), (AuthorizationAction::Deny, Some(1)));
    // Nothing is left that allows, so everything is denied.
    let (action, rules) = filter("ALLOW");
    assert_eq!((action, rules.map(|rules| rules.len())), (AuthorizationAction::Allow, Some(0)));
}

#[test]
fn p_09_blocks_of_addresses_are_of_the_peer_and_remote_ones_of_the_client() {
    let principals = |field: &str| {
        let compiled =
            compile(&[web(), deny(&format!("{{from: [{{source: {{{field}: [192.0.2.0/24]}}}}]}}"))]);
        let inbound = compiled.listener("web", &ListenerName::VirtualInbound);
        let filters = connections(inbound)[0].filters.iter();
        let rules = filters
            .filter_map(|filter| match filter {
                HttpFilter::Authorization(filter) => filter.rules.clone(),
                _ => None,
            })
            .next();
        format!("{:?}", rules.expect("rules")[0].principals)
    };
    assert!(principals("ipBlocks").contains("DirectRemoteIp"));
    let remote = principals("remoteIpBlocks");
    assert!(remote.contains("RemoteIp") && !remote.contains("DirectRemoteIp"), "{remote}");
}
