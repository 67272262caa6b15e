//! What the sidecar of a client listens on, and where it sends what arrives.

use std::sync::Arc;

use meshc_diagnostics::{Code, Diagnostics, codes};
use meshc_plan::{
    Listener, ListenerName, NetworkFilter, Plan, ProxyPlan, RouteAction, RouteSource, RouteTable,
    RouteTableName, UpstreamName, VirtualHost,
};

use crate::support::{self, CLIENT};

fn service(name: &str, spec: &str) -> String {
    format!("---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop}}\nspec: {spec}\n")
}

fn object(kind: &str, name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop}}\nspec: {spec}\n"
    )
}

fn compile_with(mesh: &str, parts: &[String]) -> (Plan, Diagnostics) {
    let tree = format!("{CLIENT}{}", parts.concat());
    support::lower_with_findings(&[("tree.yaml", &tree)], mesh)
}

fn compile(parts: &[String]) -> (Plan, Diagnostics) {
    compile_with("", parts)
}

fn client(plan: &Plan) -> &ProxyPlan {
    let of_client = plan.proxies.iter().find(|(workload, _)| workload.name == "client");
    of_client.expect("the client has a proxy").1
}

fn spelled(name: &ListenerName) -> String {
    match name {
        ListenerName::Address { address, port } => format!("{address}:{port}"),
        other => format!("{other:?}"),
    }
}

/// Names of all listeners but those of captured traffic, sorted.
fn listeners(plan: &Plan) -> Vec<String> {
    let mut names: Vec<String> =
        client(plan).listeners.iter().map(|listener| spelled(&listener.name)).collect();
    names.sort();
    names.retain(|name| !name.starts_with("Virtual"));
    names
}

fn listener<'a>(plan: &'a Plan, name: &str) -> &'a Arc<Listener> {
    let found = client(plan).listeners.iter().find(|listener| spelled(&listener.name) == name);
    found.unwrap_or_else(|| panic!("{name} is not among {:?}", listeners(plan)))
}

/// Where the chains of a listener send bytes, each with the names that its clients ask for.
fn destinations(listener: &Listener) -> Vec<(Vec<String>, String)> {
    let chains = listener.chains.iter().chain(&listener.default_chain);
    let ends = chains.map(|chain| {
        let end = match chain.filters.last() {
            Some(NetworkFilter::Tcp(tcp)) => {
                let to = tcp.upstreams.iter().map(|(upstream, weight)| match weight {
                    Some(weight) => format!("{}*{weight}", target(upstream)),
                    None => target(upstream),
                });
                to.collect::<Vec<_>>().join("+")
            }
            Some(NetworkFilter::Http(connection)) => match &connection.routes {
                RouteSource::Named(name) => format!("{name:?}"),
                RouteSource::Inline(_) => "inline".to_owned(),
            },
            other => panic!("{other:?}"),
        };
        (chain.matches.server_names.clone(), end)
    });
    ends.collect()
}

fn target(upstream: &UpstreamName) -> String {
    match upstream {
        UpstreamName::Outbound { port, subset, host } => {
            let name = host.split('.').next().unwrap_or_default();
            format!("{name}:{port}{}", subset.as_ref().map(|subset| format!("/{subset}")).unwrap_or_default())
        }
        other => format!("{other:?}"),
    }
}

fn table(plan: &Plan, port: u16) -> &Arc<RouteTable> {
    let tables = &client(plan).route_tables;
    tables.iter().find(|table| table.name == RouteTableName::Port(port)).expect("a table for the port")
}

fn host<'a>(table: &'a RouteTable, name: &str) -> &'a VirtualHost {
    table.virtual_hosts.iter().find(|host| host.name == name).expect("a virtual host of the name")
}

/// Where the routes of a virtual host send requests.
fn forwards(host: &VirtualHost) -> Vec<String> {
    let to = host.routes.iter().map(|route| match &route.action {
        RouteAction::Forward(forward) => {
            let to = forward.upstreams.iter().map(|weighted| match weighted.weight {
                Some(weight) => format!("{}*{weight}", target(&weighted.upstream)),
                None => target(&weighted.upstream),
            });
            to.collect::<Vec<_>>().join("+")
        }
        other => format!("{other:?}"),
    });
    to.collect()
}

fn count(diags: &Diagnostics, code: &Code) -> usize {
    diags.iter().filter(|finding| finding.code == code).count()
}

#[test]
fn http_shares_a_port_and_bytes_have_the_address_of_their_service() {
    let (plan, _) = compile(&[
        service("a", "{clusterIP: 10.0.0.1, ports: [{name: http, port: 80}, {name: tcp, port: 81}]}"),
        service("b", "{clusterIP: 10.0.0.2, ports: [{name: grpc, port: 80}, {name: tcp, port: 81}]}"),
        service("c", "{clusterIP: 10.0.0.3, ports: [{name: any, port: 82}]}"),
    ]);
    assert_eq!(listeners(&plan), ["0.0.0.0:80", "10.0.0.1:81", "10.0.0.2:81", "10.0.0.3:82"]);
    assert_eq!(destinations(listener(&plan, "10.0.0.2:81")), [(vec![], "b:81".to_owned())]);
    let hosts: Vec<&str> = table(&plan, 80).virtual_hosts.iter().map(|host| host.name.as_str()).collect();
    assert_eq!(hosts, ["a.shop.svc.cluster.local:80", "b.shop.svc.cluster.local:80", "allow_any"]);
    let name = RouteTableName::HostPort { host: "c.shop.svc.cluster.local".to_owned(), port: 82 };
    assert!(client(&plan).route_tables.iter().any(|table| table.name == name), "routes of a sniffed port");
}

#[test]
fn pods_behind_a_headless_service_are_reached_at_any_address_of_the_port() {
    let database = "---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: app, image: db}]}
";
    let headless = service("db", "{clusterIP: None, selector: {app: db}, ports: [{name: tcp, port: 5432}]}");
    let (plan, diags) = compile(&[headless, database.to_owned()]);
    let destinations = destinations(listener(&plan, "0.0.0.0:5432"));
    assert_eq!(destinations, [(vec![], "db:5432".to_owned())]);
    let told = diags.iter().find(|finding| finding.code == &codes::ADDRESS_UNKNOWN).expect("a finding");
    assert!(!told.help.as_deref().unwrap_or_default().contains("clusterIP"), "it has none to state");
}

#[test]
fn a_service_without_an_address_stands_for_all_of_the_port_until_there_is_another() {
    let spec = "{selector: {app: x}, ports: [{name: tcp, port: 5432}]}";
    let (plan, diags) = compile(&[service("one", spec)]);
    assert_eq!(destinations(listener(&plan, "0.0.0.0:5432")), [(vec![], "one:5432".to_owned())]);
    assert_eq!(count(&diags, &codes::ADDRESS_UNKNOWN), 1);

    let (plan, diags) = compile(&[service("one", spec), service("two", spec)]);
    assert_eq!(listeners(&plan), <[&str; 0]>::default());
    assert_eq!(count(&diags, &codes::ADDRESS_SHARED), 2, "each service is told");
}

#[test]
fn a_virtual_service_picks_tls_by_name_and_bytes_by_weight() {
    let (plan, _) = compile(&[
        service("a", "{clusterIP: 10.0.0.1, ports: [{name: tls, port: 443}, {name: tcp, port: 81}]}"),
        service("b", "{clusterIP: 10.0.0.2, ports: [{name: tcp, port: 81}]}"),
        object(
            "VirtualService",
            "a",
            "
  hosts: [a]
  tls: [{match: [{port: 443, sniHosts: [a]}], route: [{destination: {host: a, port: {number: 443}}}]}]
  tcp: [{match: [{port: 81}], route: [{destination: {host: a}, weight: 90}, {destination: {host: b}, weight: 10}]}]",
        ),
    ]);
    assert_eq!(
        destinations(listener(&plan, "10.0.0.1:443")),
        [(vec!["a".to_owned()], "a:443".to_owned()), (vec![], "Passthrough".to_owned())]
    );
    assert_eq!(destinations(listener(&plan, "10.0.0.1:81")), [(vec![], "a:81*90+b:81*10".to_owned())]);
}

#[test]
fn routes_stand_in_the_order_of_the_virtual_service_with_delegates_in_place() {
    let (plan, _) = compile(&[
        service("a", "{clusterIP: 10.0.0.1, ports: [{name: http, port: 80}]}"),
        service("b", "{clusterIP: 10.0.0.2, ports: [{name: http, port: 80}]}"),
        object("DestinationRule", "a", "{host: a, subsets: [{name: v1, labels: {version: v1}}]}"),
        object(
            "VirtualService",
            "root",
            "
  hosts: [a]
  http:
  - {match: [{uri: {prefix: /b}}], delegate: {name: part, namespace: shop}}
  - route: [{destination: {host: a, subset: v1}, weight: 3}, {destination: {host: b}, weight: 1}]",
        ),
        object("VirtualService", "part", "{http: [{route: [{destination: {host: b}}]}]}"),
    ]);
    let host = host(table(&plan, 80), "a.shop.svc.cluster.local:80");
    assert_eq!(forwards(host), ["b:80", "a:80/v1*3+b:80*1"]);
    let by: Vec<_> = host.routes.iter().map(|route| route.config.as_ref().unwrap().name.as_str()).collect();
    assert_eq!(by, ["root", "root"], "as Istio merges them");
}

#[test]
fn an_egress_listener_shows_its_hosts_only() {
    let (plan, _) = compile(&[
        service("a", "{clusterIP: 10.0.0.1, ports: [{name: http, port: 9999}, {name: tcp, port: 81}]}"),
        service("b", "{clusterIP: 10.0.0.2, ports: [{name: http, port: 80}, {name: tcp, port: 81}]}"),
        object(
            "Sidecar",
            "default",
            "
  egress:
  - {port: {number: 9999, protocol: HTTP, name: http}, bind: 127.0.0.1, hosts: [./a.shop.svc.cluster.local]}
  - {hosts: [./b.shop.svc.cluster.local]}",
        ),
    ]);
    assert_eq!(listeners(&plan), ["0.0.0.0:80", "10.0.0.2:81", "127.0.0.1:9999"]);
    let hosts =
        |port| table(&plan, port).virtual_hosts.iter().map(|host| host.name.clone()).collect::<Vec<_>>();
    assert_eq!(hosts(80), ["b.shop.svc.cluster.local:80", "allow_any"]);
    assert!(hosts(9999).contains(&"a.shop.svc.cluster.local:9999".to_owned()), "{:?}", hosts(9999));
}

#[test]
fn unknown_destinations_follow_the_outbound_traffic_policy() {
    let http = service("a", "{clusterIP: 10.0.0.1, ports: [{name: http, port: 80}]}");
    for (mode, end, rest) in
        [("ALLOW_ANY", "Passthrough", "Passthrough"), ("REGISTRY_ONLY", "BlackHole", "block_all")]
    {
        let mesh = format!("outboundTrafficPolicy: {{mode: {mode}}}");
        let (plan, _) = compile_with(&mesh, std::slice::from_ref(&http));
        let outbound = listener(&plan, "VirtualOutbound");
        let last = destinations(outbound).pop().expect("a chain");
        assert_eq!(last.1, end);
        let others = table(&plan, 80).virtual_hosts.last().expect("a virtual host");
        assert_eq!(others.domains, ["*"]);
        let to = if mode == "ALLOW_ANY" { forwards(others).concat() } else { others.name.clone() };
        assert_eq!(to, rest);
    }
}

#[test]
fn ports_that_the_proxy_needs_itself_are_told() {
    let (plan, diags) = compile(&[service("a", "{clusterIP: 10.0.0.1, ports: [{name: http, port: 15001}]}")]);
    assert_eq!(listeners(&plan), <[&str; 0]>::default());
    assert_eq!(count(&diags, &codes::RESERVED_PORT), 1);
}

#[test]
fn a_redirect_with_a_status_that_is_none_is_told_once() {
    let (_, diags) = compile(&[
        service("a", "{clusterIP: 10.0.0.1, ports: [{name: http, port: 80}]}"),
        object("VirtualService", "a", "{hosts: [a], http: [{redirect: {uri: /x, redirectCode: 399}}]}"),
    ]);
    assert_eq!(count(&diags, &codes::INVALID_REDIRECT_CODE), 1);
}
