//! HTTP/3 of gateways: QUIC beside TCP where `PILOT_ENABLE_QUIC_LISTENERS` asks for it.

use meshc_api::IstiodFeatures;
use meshc_diagnostics::{Diagnostics, codes};
use meshc_plan::{
    HeaderOperation, Listener, ListenerName, ListenerTransport, NetworkFilter, Plan, ProxyPlan, ProxyRole,
    RouteTableName,
};

use crate::support;

const TCP: &str = "{name: https, port: 443, targetPort: 8443}";
const UDP: &str = "{name: http3, port: 443, targetPort: 8443, protocol: UDP}";
const ELSEWHERE: &str = "{name: http3, port: 443, targetPort: 9443, protocol: UDP}";

/// A gateway whose Service has these ports, with two HTTPS servers: one for everybody, one for clients with a certificate.
fn compile(ports: &[&str], enable_quic_listeners: bool) -> (Plan, Diagnostics) {
    let ports = ports.join(", ");
    let tree = format!(
        "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: ingress, namespace: edge}}
spec:
  selector: {{matchLabels: {{istio: ingress}}}}
  template:
    metadata: {{labels: {{istio: ingress}}, annotations: {{inject.istio.io/templates: gateway}}}}
    spec: {{containers: [{{name: istio-proxy, image: auto}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: ingress, namespace: edge}}
spec: {{clusterIP: 10.0.0.9, selector: {{istio: ingress}}, ports: [{ports}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: edge}}
spec: {{clusterIP: 10.0.0.1, selector: {{app: web}}, ports: [{{name: http, port: 80}}]}}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: main, namespace: edge}}
spec:
  selector: {{istio: ingress}}
  servers:
  - port: {{number: 443, name: public, protocol: HTTPS}}
    hosts: [a.example.com]
    tls: {{mode: SIMPLE, credentialName: a}}
  - port: {{number: 443, name: partners, protocol: HTTPS}}
    hosts: [b.example.com]
    tls: {{mode: MUTUAL, credentialName: b}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: web, namespace: edge}}
spec:
  gateways: [main]
  hosts: ['*.example.com']
  http:
  - {{match: [{{uri: {{prefix: /old}}}}], redirect: {{uri: /new}}}}
  - {{route: [{{destination: {{host: web}}}}], headers: {{response: {{set: {{a: b}}}}}}}}
"
    );
    let features = IstiodFeatures { enable_quic_listeners, ..IstiodFeatures::default() };
    support::lower_with_features(&[("tree.yaml", &tree)], "", features)
}

fn ingress(plan: &Plan) -> &ProxyPlan {
    plan.proxies.values().find(|proxy| proxy.role == ProxyRole::Gateway).unwrap()
}

fn listeners(plan: &Plan, transport: ListenerTransport) -> Vec<&Listener> {
    let listeners = ingress(plan).listeners.iter().map(AsRef::as_ref);
    listeners.filter(|listener| listener.transport == transport).collect()
}

/// The header on each route of an HTTPS server.
fn alternatives<'p>(plan: &'p Plan, port_name: &str) -> Vec<Option<&'p HeaderOperation>> {
    let is_wanted = |name: &RouteTableName| matches!(name, RouteTableName::GatewayHttps { port_name: name, .. } if name == port_name);
    let table = ingress(plan).route_tables.iter().find(|table| is_wanted(&table.name)).unwrap();
    let routes = table.virtual_hosts.iter().flat_map(|host| &host.routes);
    routes.map(|route| route.headers.response.iter().find(|header| header.name == "alt-svc")).collect()
}

fn said(diags: &Diagnostics) -> Vec<String> {
    let findings = diags.iter().filter(|finding| *finding.code == codes::HTTP3_NOT_OFFERED);
    findings.map(|finding| finding.message.clone()).collect()
}

#[test]
fn quic_stands_beside_tcp_for_servers_that_ask_for_no_certificate() {
    let (plan, _) = compile(&[TCP, UDP], true);
    let [quic] = listeners(&plan, ListenerTransport::Quic)[..] else { panic!("one listener for QUIC") };
    let [tcp] = listeners(&plan, ListenerTransport::Tcp)[..] else { panic!("one listener for TCP") };
    assert!(matches!(quic.name, ListenerName::Udp { port: 8443, .. }), "{:?}", quic.name);
    assert_eq!(quic.bind, tcp.bind);
    assert!(quic.filters.tls_inspector.is_none() && tcp.filters.tls_inspector.is_some());
    let [chain] = &quic.chains[..] else { panic!("{:?}", quic.chains) };
    assert_eq!(chain.matches.server_names, ["a.example.com"]);
    let tls = chain.tls.as_ref().unwrap();
    assert_eq!((tls.alpn.as_slice(), tls.client.required), (["h3".to_owned()].as_slice(), false));
    let twin = tcp.chains.iter().find(|one| one.matches == chain.matches).unwrap();
    assert_eq!(
        (&chain.filters, &twin.tls.as_ref().unwrap().certificates),
        (&twin.filters, &tls.certificates)
    );
    assert!(matches!(chain.filters.last(), Some(NetworkFilter::Http(_))));
}

#[test]
fn answers_tell_of_http3_after_the_headers_of_the_rule() {
    let (plan, _) = compile(&[TCP, UDP], true);
    let expected = HeaderOperation {
        name: "alt-svc".to_owned(),
        value: "h3=\":443\"; ma=86400".to_owned(),
        append: true,
    };
    assert_eq!(alternatives(&plan, "public"), [Some(&expected), Some(&expected)], "on redirects, too");
    assert_eq!(alternatives(&plan, "partners"), [None, None]);
}

#[test]
fn a_server_that_cannot_have_http3_is_told_once() {
    for (ports, reasons) in [
        (&[TCP, UDP][..], &["certificates of clients"][..]),
        (&[TCP], &["no Service of the gateway has a port 443 of UDP", "certificates of clients"]),
        (&[TCP, ELSEWHERE], &["443 of UDP to 9443, and that of TCP to 8443", "certificates of clients"]),
    ] {
        let (plan, diags) = compile(ports, true);
        let said = said(&diags);
        assert_eq!(said.len(), reasons.len(), "{said:?}");
        for (message, reason) in said.iter().zip(reasons) {
            assert!(message.contains(reason), "{message}");
        }
        let has_udp = ports.contains(&UDP);
        assert_eq!(listeners(&plan, ListenerTransport::Quic).len(), usize::from(has_udp));
        assert_eq!(alternatives(&plan, "public").iter().flatten().count(), 2 * usize::from(has_udp));
    }
}

#[test]
fn nothing_is_offered_where_the_flag_is_off() {
    let (plan, diags) = compile(&[TCP, UDP], false);
    assert!(listeners(&plan, ListenerTransport::Quic).is_empty());
    assert_eq!(alternatives(&plan, "public"), [None, None]);
    assert_eq!(said(&diags), [""; 0]);
}
