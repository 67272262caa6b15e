//! Listeners and their ports.

use std::net::{IpAddr, Ipv4Addr};

use meshc_diagnostics::codes;
use meshc_plan::{Capture, HttpFilter, RouteSource};

use super::*;

fn at(address: [u8; 4], port: u16) -> ListenerName {
    ListenerName::Address { address: IpAddr::V4(Ipv4Addr::from(address)), port }
}

fn same_twice(parts: &[String]) {
    let names = |compiled: &Compiled| {
        let proxy = compiled.proxy("client");
        let listeners: Vec<_> = proxy.listeners.iter().map(|listener| listener.name.clone()).collect();
        let upstreams: Vec<_> = proxy.upstreams.iter().map(|upstream| upstream.name.clone()).collect();
        (listeners, upstreams)
    };
    let reversed: Vec<String> = parts.iter().rev().cloned().collect();
    assert_eq!(names(&compile(parts)), names(&compile(&reversed)));
}

#[test]
fn p_01_the_order_of_listeners_and_upstreams_is_not_that_of_files() {
    let one = |name: &str, address, port: u16| {
        service(
            "shop",
            name,
            address,
            &format!("{{name: tcp, port: {port}}}, {{name: http, port: {}}}", port + 1),
        )
    };
    same_twice(&[one("c", 3, 90), one("a", 1, 70), one("b", 2, 80)]);
}

#[test]
fn p_06_http_services_of_a_port_share_a_listener_and_a_table() {
    let two = service("shop", "two", 2, "{name: http, port: 80}");
    let compiled = compile(&[web(), two]);
    assert_eq!(compiled.listeners("client"), ["0.0.0.0:80"]);
    let listener = compiled.listener("client", &at([0, 0, 0, 0], 80));
    assert!(matches!(connections(listener)[0].routes, RouteSource::Named(RouteTableName::Port(80))));
    assert_eq!(compiled.table(80).virtual_hosts.len(), 3);
}

#[test]
fn p_06_tcp_without_an_address_shares_a_port_with_http_and_the_first_of_two_gets_it() {
    let entry = |name: &str| {
        let ports = "ports: [{number: 80, name: tcp, protocol: TCP}]";
        object(
            "ServiceEntry",
            "shop",
            name,
            &format!("{{hosts: [{name}.example], resolution: NONE, {ports}}}"),
        )
    };
    let compiled = compile(&[web(), entry("db")]);
    let listener = compiled.listener("client", &at([0, 0, 0, 0], 80));
    assert_eq!(connections(listener).len(), 1);
    let chains = listener.chains.iter().chain(&listener.default_chain);
    let sends = |filter: &NetworkFilter| {
        let db = UpstreamName::Outbound { port: 80, subset: None, host: "db.example".to_owned() };
        matches!(filter, NetworkFilter::Tcp(tcp) if tcp.upstreams[0].0 == db)
    };
    assert_eq!(chains.filter(|chain| chain.filters.iter().any(sends)).count(), 1);
    let compiled = compile(&[entry("a"), entry("b")]);
    assert!(compiled.says(&codes::LISTENER_CONFLICT) || compiled.says(&codes::ADDRESS_SHARED));
}

#[test]
fn p_23_sidecars_leave_the_addresses_of_clients_alone_and_gateways_add_theirs() {
    let server = "{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}";
    let gateway = gateway(server);
    let routes = object(
        "VirtualService",
        "edge",
        "web",
        "{hosts: ['*'], gateways: [main], http: [{route: [{destination: {host: web.shop.svc.cluster.local}}]}]}",
    );
    let compiled = compile(&[web(), ingress(), gateway, routes]);
    let remote =
        |proxy: &str, name: &ListenerName| connections(compiled.listener(proxy, name))[0].use_remote_address;
    assert!(!remote("client", &at([0, 0, 0, 0], 80)));
    assert!(!remote("web", &ListenerName::VirtualInbound));
    assert!(remote("ingress", &at([0, 0, 0, 0], 8080)));
}

#[test]
fn p_27_tproxy_keeps_the_source_and_no_interception_binds_ports() {
    let transparent = |mode: &str| {
        let meta = format!("annotations: {{sidecar.istio.io/interceptionMode: {mode}}}");
        let compiled = compile(&[web(), workload("shop", "special", &meta)]);
        let mut listeners = compiled.proxy("special").listeners.iter();
        let found = listeners.find(|listener| listener.name == ListenerName::VirtualOutbound);
        found.map(|listener| listener.capture)
    };
    assert_eq!(transparent("REDIRECT"), Some(Capture::Redirecting { transparent: false }));
    assert_eq!(transparent("TPROXY"), Some(Capture::Redirecting { transparent: true }));
    assert_eq!(transparent("NONE"), None);
}

#[test]
fn p_27_tproxy_marks_connections_to_the_application_with_their_source() {
    let meta = "annotations: {sidecar.istio.io/interceptionMode: TPROXY}";
    let compiled = compile(&[workload("shop", "special", meta)]);
    let inbound = compiled.listener("special", &ListenerName::VirtualInbound);
    assert_eq!(inbound.filters.original_source_mark, Some(1337));
}

#[test]
fn p_29_the_protocol_is_that_of_app_protocol_then_of_the_name_then_of_the_port() {
    let filters = |port: &str| {
        let compiled = compile(&[service("shop", "db", 5, port)]);
        let listener = compiled
            .proxy("client")
            .listeners
            .iter()
            .find(|listener| {
                listener.name != ListenerName::VirtualOutbound
                    && listener.name != ListenerName::VirtualInbound
            })
            .cloned();
        let listener = listener.expect("a listener");
        (connections(&listener).len(), listener.filters.http_inspector.is_some())
    };
    // HTTP, sniffed, TCP.
    assert_eq!(filters("{name: http-x, port: 81}").0, 1);
    assert_eq!(filters("{name: tcp-x, port: 81, appProtocol: http}").0, 1);
    assert_eq!(filters("{name: http-x, port: 81, appProtocol: tcp}"), (0, false));
    assert_eq!(filters("{name: whatever, port: 81}"), (1, true));
    assert_eq!(filters("{name: whatever, port: 3306}"), (0, false));
}

#[test]
fn p_29_ports_of_udp_are_passed_over() {
    let compiled = compile(&[service("shop", "dns", 5, "{name: udp, port: 5353, protocol: UDP}")]);
    assert_eq!(compiled.listeners("client"), Vec::<String>::new());
    assert!(compiled.find_upstream("client", 5353, None, "dns.shop.svc.cluster.local").is_none());
}

#[test]
fn p_29_grpc_web_is_translated_where_the_port_says_so() {
    let translated = |name: &str| {
        let compiled = compile(&[service("shop", "web", 5, &format!("{{name: {name}, port: 81}}"))]);
        let listener = compiled.listener("client", &at([0, 0, 0, 0], 81));
        connections(listener)[0].filters.contains(&HttpFilter::GrpcWeb)
    };
    assert!(translated("grpc-web"));
    assert!(!translated("grpc"));
}
