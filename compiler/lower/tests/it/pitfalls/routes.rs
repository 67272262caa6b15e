//! Virtual hosts and routes.

use std::time::Duration;

use meshc_diagnostics::codes;
use meshc_plan::{RouteAction, RouteTableName, UpstreamName};

use super::*;

const WEB: &str = "web.shop.svc.cluster.local";

fn route_to(hosts: &str, to: &str) -> String {
    format!("{{hosts: [{hosts}], http: [{{route: [{{destination: {{host: {to}}}}}]}}]}}")
}

fn http_gateway() -> String {
    gateway("{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}")
}

fn gateway_table() -> RouteTableName {
    RouteTableName::GatewayHttp { port: 8080, bind: None }
}

#[test]
fn p_02_a_name_without_dots_is_of_the_namespace_and_one_with_dots_is_taken_as_it_is() {
    let other = service("shop", "reviews", 2, "{name: http, port: 80}");
    let dotted = object("VirtualService", "shop", "dotted", &route_to("web", "reviews.shop"));
    let compiled = compile(&[web(), other.clone(), dotted]);
    assert_eq!(targets(host(compiled.table(80), "web.shop.svc.cluster.local:80")), ["reviews.shop"]);
    assert!(compiled.says(&codes::UNKNOWN_HOST));
    let short = object("VirtualService", "shop", "short", &route_to("web", "reviews"));
    let compiled = compile(&[web(), other, short]);
    let routes = host(compiled.table(80), "web.shop.svc.cluster.local:80");
    assert_eq!(targets(routes), ["reviews.shop.svc.cluster.local"]);
}

#[test]
fn p_03_sidecars_take_the_first_rule_of_a_host_and_gateways_all_of_them() {
    let path = |name: &str, gateways: &str, path: &str| {
        let spec = format!(
            "{{hosts: [{WEB}], gateways: [{gateways}], http: [{{match: [{{uri: {{prefix: {path}}}}}], route: [{{destination: {{host: {WEB}}}}}]}}]}}"
        );
        object("VirtualService", "edge", name, &spec)
    };
    let mesh = compile(&[web(), path("a", "mesh", "/a"), path("b", "mesh", "/b")]);
    assert_eq!(host(mesh.table(80), "web.shop.svc.cluster.local:80").routes.len(), 1);
    assert!(mesh.says(&codes::DUPLICATE_HOST));
    let gateways =
        compile(&[web(), ingress(), http_gateway(), path("a", "main", "/a"), path("b", "main", "/b")]);
    let table = gateways.table_of("ingress", &gateway_table());
    assert_eq!(host(table, "web.shop.svc.cluster.local:80").routes.len(), 2);
}

#[test]
fn p_04_a_rule_for_every_host_is_refused_for_sidecars_and_no_domain_is_there_twice() {
    let everything = object("VirtualService", "shop", "all", &route_to("'*'", "web"));
    let compiled = compile(&[web(), everything]);
    assert!(compiled.says(&codes::REFUSED_BY_RULE));
    let table = compiled.table(80);
    assert_eq!(table.virtual_hosts.last().unwrap().domains, ["*"]);
    let domains: Vec<&String> = table.virtual_hosts.iter().flat_map(|host| &host.domains).collect();
    let unique: std::collections::BTreeSet<_> = domains.iter().collect();
    assert_eq!(domains.len(), unique.len());
}

#[test]
fn p_05_domains_of_sidecars_have_no_ports_but_a_trailing_dot() {
    let compiled = compile(&[web()]);
    let table = compiled.table(80);
    assert!(table.ignore_port);
    let domains = &host(table, "web.shop.svc.cluster.local:80").domains;
    for domain in [WEB, "web.shop.svc.cluster.local.", "web", "web.shop", "web.shop.svc", "10.0.0.1"] {
        assert!(domains.iter().any(|other| other == domain), "{domain} is not among {domains:?}");
    }
    assert!(!domains.iter().any(|domain| domain.contains(':')));
}

#[test]
fn p_05_ipv6_addresses_stand_in_brackets() {
    let six = service("shop", "six", 1, "{name: http, port: 80}").replace("10.0.0.1", "'fd00::7'");
    let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: modern, namespace: shop}\nspec: {containers: [{name: app, image: app}]}\nstatus: {podIP: 'fd00::1', podIPs: [{ip: 'fd00::1'}]}\n";
    let compiled = compile(&[six, pod.to_owned()]);
    let table = compiled.table_of("modern", &RouteTableName::Port(80));
    let domains = &host(table, "six.shop.svc.cluster.local:80").domains;
    assert!(domains.iter().any(|domain| domain == "[fd00::7]"), "{domains:?}");
}

#[test]
fn p_10_every_forward_is_retried_twice_unless_it_says_otherwise() {
    let compiled = compile(&[web()]);
    let retry =
        forward(&host(compiled.table(80), "web.shop.svc.cluster.local:80").routes[0]).retry.clone().unwrap();
    assert_eq!(retry.attempts, 2);
    assert!(!retry.retry_on.contains("503"), "{}", retry.retry_on);
    assert!(retry.avoid_previous_hosts);
    let none = "{hosts: [web], http: [{retries: {attempts: 0}, route: [{destination: {host: web}}]}]}";
    let compiled = compile(&[web(), object("VirtualService", "shop", "web", none)]);
    let routes = &host(compiled.table(80), "web.shop.svc.cluster.local:80").routes;
    assert_eq!(forward(&routes[0]).retry, None);
}

#[test]
fn p_10_a_consistent_hash_may_pick_the_host_that_failed_again() {
    let hash = "{host: web, trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x-user}}}}";
    let rule = object("DestinationRule", "shop", "web", hash);
    let compiled = compile(&[web(), rule, object("VirtualService", "shop", "web", &route_to("web", "web"))]);
    let routes = &host(compiled.table(80), "web.shop.svc.cluster.local:80").routes;
    assert!(!forward(&routes[0]).retry.as_ref().unwrap().avoid_previous_hosts);
}

#[test]
fn p_10_redirects_are_not_retried() {
    let spec = "{hosts: [web], http: [{redirect: {uri: /x}}]}";
    let compiled = compile(&[web(), object("VirtualService", "shop", "web", spec)]);
    let routes = &host(compiled.table(80), "web.shop.svc.cluster.local:80").routes;
    assert!(matches!(routes[0].action, RouteAction::Redirect(_)));
}

#[test]
fn p_11_routes_have_no_time_limit_unless_they_state_one() {
    let timeout = |compiled: &Compiled| {
        forward(&host(compiled.table(80), "web.shop.svc.cluster.local:80").routes[0]).timeout
    };
    assert_eq!(timeout(&compile(&[web()])).unwrap_or(Duration::ZERO), Duration::ZERO);
    let spec = "{hosts: [web], http: [{timeout: 3s, route: [{destination: {host: web}}]}]}";
    let compiled = compile(&[web(), object("VirtualService", "shop", "web", spec)]);
    assert_eq!(timeout(&compiled), Some(Duration::from_secs(3)));
}

#[test]
fn p_19_delegation_is_one_level_deep_and_a_delegate_must_be_exported() {
    let root = "{hosts: [web], http: [{match: [{uri: {prefix: /a}}], delegate: {name: inner, namespace: other}}, {route: [{destination: {host: web}}]}]}";
    let inner = |more: &str, spec: &str| {
        object("VirtualService", "other", "inner", &format!("{{{more} http: [{spec}]}}"))
    };
    let to_web = format!("{{match: [{{uri: {{prefix: /a/b}}}}], route: [{{destination: {{host: {WEB}}}}}]}}");
    let count = |parts: &[String]| {
        let compiled = compile(parts);
        host(compiled.table(80), "web.shop.svc.cluster.local:80").routes.len()
    };
    let root = object("VirtualService", "shop", "root", root);
    assert_eq!(count(&[web(), root.clone(), inner("", &to_web)]), 2);
    // Not exported to the namespace of the root.
    assert_eq!(count(&[web(), root.clone(), inner("exportTo: [.],", &to_web)]), 1);
    // A match outside of that of the root.
    let outside = to_web.replace("/a/b", "/c");
    assert_eq!(count(&[web(), root.clone(), inner("", &outside)]), 1);
    // A delegate of a delegate.
    let deeper = "{delegate: {name: deepest, namespace: other}}";
    let compiled = compile(&[web(), root, inner("", deeper)]);
    let routes = &host(compiled.table(80), "web.shop.svc.cluster.local:80").routes;
    assert_eq!(routes.len(), 1);
}

#[test]
fn p_24_attempts_are_counted_and_operations_named() {
    let compiled = compile(&[web()]);
    let host = host(compiled.table(80), "web.shop.svc.cluster.local:80");
    assert!(host.attempt_count);
    assert_eq!(host.routes[0].operation.as_deref(), Some("web.shop.svc.cluster.local:80/*"));
}

#[test]
fn p_30_an_external_name_is_another_name_of_what_it_names() {
    let alias = "---\napiVersion: v1\nkind: Service\nmetadata: {name: alias, namespace: shop}\nspec: {type: ExternalName, externalName: web.shop.svc.cluster.local, ports: [{name: http, port: 80}]}\n".to_owned();
    let compiled = compile(&[web(), alias]);
    assert!(compiled.find_upstream("client", 80, None, "alias.shop.svc.cluster.local").is_none());
    let hosts = &compiled.table(80).virtual_hosts;
    let named =
        hosts.iter().find(|host| host.domains.iter().any(|domain| domain == "alias.shop.svc.cluster.local"));
    assert_eq!(targets(named.expect("a host of the alias")), [WEB]);
}

#[test]
fn p_02_routes_name_upstreams_by_full_names() {
    let compiled = compile(&[web()]);
    let upstream =
        &forward(&host(compiled.table(80), "web.shop.svc.cluster.local:80").routes[0]).upstreams[0].upstream;
    assert_eq!(*upstream, UpstreamName::Outbound { port: 80, subset: None, host: WEB.to_owned() });
}
