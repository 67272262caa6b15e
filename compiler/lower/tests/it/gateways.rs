//! What gateways listen on, and where they send what arrives.

use meshc_diagnostics::{Code, Diagnostics, codes};
use meshc_plan::{
    CertificateSource, Listener, NetworkFilter, Plan, ProxyPlan, ProxyRole, RouteAction, RouteSource,
    RouteTable, RouteTableName, TlsRequirement, UpstreamName,
};

use crate::support::{self, INGRESS};

const SERVICES: &str = "---
apiVersion: v1
kind: Service
metadata: {name: ingress, namespace: edge}
spec:
  clusterIP: 10.0.0.9
  selector: {istio: ingress}
  ports: [{name: http, port: 80, targetPort: 8080}, {name: https, port: 443, targetPort: 8443}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: edge}
spec: {clusterIP: 10.0.0.1, selector: {app: web}, ports: [{name: http, port: 80}, {name: tls, port: 443}]}
";

fn gateway(servers: &str) -> String {
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: main, namespace: edge}}\nspec: {{selector: {{istio: ingress}}, servers: [{servers}]}}\n"
    )
}

fn routes(spec: &str) -> String {
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: web, namespace: edge}}\nspec: {{gateways: [main], {spec}}}\n"
    )
}

const TO_WEB: &str =
    "hosts: ['*.example.com'], http: [{route: [{destination: {host: web, port: {number: 80}}}]}]";

fn compile(parts: &[String]) -> (Plan, Diagnostics) {
    let tree = format!("{INGRESS}{SERVICES}{}", parts.concat());
    support::lower_with_findings(&[("tree.yaml", &tree)], "")
}

fn ingress(plan: &Plan) -> &ProxyPlan {
    let mut gateways = plan.proxies.values().filter(|proxy| proxy.role == ProxyRole::Gateway);
    gateways.next().expect("a gateway")
}

fn listener(plan: &Plan, port: u16) -> Option<&Listener> {
    ingress(plan).listeners.iter().map(AsRef::as_ref).find(|listener| listener.bind.port == port)
}

fn table<'a>(plan: &'a Plan, name: &RouteTableName) -> &'a RouteTable {
    ingress(plan).route_tables.iter().find(|table| table.name == *name).expect("a table of the name")
}

fn plain_table(plan: &Plan, port: u16) -> &RouteTable {
    table(plan, &RouteTableName::GatewayHttp { port, bind: None })
}

fn count(diags: &Diagnostics, code: &Code) -> usize {
    diags.iter().filter(|finding| finding.code == code).count()
}

#[test]
fn a_gateway_listens_on_the_target_port_and_routes_the_hosts_of_both() {
    let server = "{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example.com, b.example.org]}";
    let (plan, diags) = compile(&[gateway(server), routes(TO_WEB)]);
    assert!(listener(&plan, 8080).is_some() && listener(&plan, 80).is_none());
    let hosts = &plain_table(&plan, 8080).virtual_hosts;
    let names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
    assert_eq!(names, ["a.example.com:80"], "the narrower of `a.example.com` and `*.example.com`");
    assert_eq!(hosts[0].domains, ["a.example.com"]);
    assert_eq!(count(&diags, &codes::GATEWAY_SERVER_WITHOUT_ROUTE), 0);
}

#[test]
fn a_gateway_without_routes_answers_404() {
    let server = "{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}";
    let (plan, _) = compile(&[gateway(server)]);
    let hosts = &plain_table(&plan, 8080).virtual_hosts;
    assert_eq!((hosts.len(), hosts[0].name.as_str()), (1, "blackhole:80"));
    assert!(hosts[0].routes.is_empty());
}

#[test]
fn a_redirect_to_https_needs_no_routes_and_has_them_still() {
    let server = "{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*'], tls: {httpsRedirect: true}}";
    for (parts, name) in [(vec![], "redirect"), (vec![routes(TO_WEB)], "*.example.com:80")] {
        let (plan, _) = compile(&[vec![gateway(server)], parts].concat());
        let hosts = &plain_table(&plan, 8080).virtual_hosts;
        assert!(hosts.iter().all(|host| host.tls == TlsRequirement::All), "{name}");
    }
}

#[test]
fn servers_with_tls_are_told_apart_by_name_and_have_tables_of_their_own() {
    let (plan, _) = compile(&[
        gateway(
            "
    {port: {number: 443, name: https-a, protocol: HTTPS}, hosts: [a.example.com], tls: {mode: SIMPLE, credentialName: a}},
    {port: {number: 443, name: https-b, protocol: HTTPS}, hosts: [b.example.com], tls: {mode: MUTUAL, credentialName: b}}",
        ),
        routes(TO_WEB),
    ]);
    let listener = listener(&plan, 8443).expect("a listener");
    for (chain, letter) in listener.chains.iter().zip(["a", "b"]) {
        assert_eq!(chain.matches.server_names, [format!("{letter}.example.com")]);
        let tls = chain.tls.as_ref().expect("TLS");
        assert!(matches!(&tls.certificates[..], [CertificateSource::Secret { name }] if name == letter));
        assert_eq!(tls.client.required, letter == "b");
        let name = RouteTableName::GatewayHttps {
            port: 443,
            port_name: format!("https-{letter}"),
            gateway: "main".to_owned(),
            namespace: "edge".to_owned(),
            bind: None,
        };
        let Some(NetworkFilter::Http(connection)) = chain.filters.last() else { panic!("{chain:?}") };
        assert_eq!(connection.routes, RouteSource::Named(name.clone()));
        assert_eq!(table(&plan, &name).virtual_hosts[0].domains, [format!("{letter}.example.com")]);
    }
}

#[test]
fn tls_passes_through_to_the_route_of_its_name_only() {
    let server =
        "{port: {number: 443, name: tls, protocol: TLS}, hosts: ['*.example.com'], tls: {mode: PASSTHROUGH}}";
    let route = "hosts: [a.example.com], tls: [{match: [{sniHosts: [a.example.com]}], route: [{destination: {host: web, port: {number: 443}}}]}]";
    let (plan, _) = compile(&[gateway(server), routes(route)]);
    let listener = listener(&plan, 8443).expect("a listener");
    let [chain] = &listener.chains[..] else { panic!("{:?}", listener.chains) };
    assert!(chain.tls.is_none());
    assert_eq!(chain.matches.server_names, ["a.example.com"]);
    let Some(NetworkFilter::Tcp(tcp)) = chain.filters.last() else { panic!("{chain:?}") };
    assert!(matches!(&tcp.upstreams[..], [(UpstreamName::Outbound { port: 443, .. }, None)]));

    let (plan, diags) = compile(&[gateway(server)]);
    assert!(self::listener(&plan, 8443).is_none(), "nothing to pass it to");
    assert_eq!(count(&diags, &codes::GATEWAY_SERVER_WITHOUT_ROUTE), 1);
}

#[test]
fn an_east_west_gateway_passes_names_of_services_to_their_ports() {
    let server =
        "{port: {number: 443, name: tls, protocol: TLS}, hosts: ['*.local'], tls: {mode: AUTO_PASSTHROUGH}}";
    let (plan, _) = compile(&[gateway(server)]);
    let listener = listener(&plan, 8443).expect("a listener");
    let names: Vec<&str> =
        listener.chains.iter().flat_map(|chain| &chain.matches.server_names).map(String::as_str).collect();
    assert!(names.contains(&"outbound_.80_._.web.edge.svc.cluster.local"), "{names:?}");
    for chain in &listener.chains {
        let Some(NetworkFilter::Tcp(tcp)) = chain.filters.last() else { panic!("{chain:?}") };
        let [(UpstreamName::SniDnat { .. }, None)] = &tcp.upstreams[..] else { panic!("{tcp:?}") };
        let known = |name| ingress(&plan).upstreams.iter().any(|upstream| upstream.name == name);
        assert!(known(tcp.upstreams[0].0.clone()), "{tcp:?}");
    }
}

#[test]
fn of_two_servers_that_cannot_be_told_apart_the_older_one_stays() {
    let (plan, diags) = compile(&[
        gateway(
            "
    {port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']},
    {port: {number: 80, name: tcp, protocol: TCP}, hosts: ['*']}",
        ),
        routes(TO_WEB),
    ]);
    assert_eq!(count(&diags, &codes::GATEWAY_SERVER_CONFLICT), 1);
    let chains = &listener(&plan, 8080).expect("a listener").chains;
    assert!(
        matches!(chains[..], [ref chain] if matches!(chain.filters.last(), Some(NetworkFilter::Http(_))))
    );
}

#[test]
fn a_server_name_that_two_servers_have_is_an_error_since_envoy_refuses_both() {
    let tls = "tls: {mode: SIMPLE, credentialName: cert}";
    let (plan, diags) = compile(&[
        gateway(&format!(
            "
    {{port: {{number: 443, name: one, protocol: HTTPS}}, hosts: ['edge/x.example', 'edge/a.example'], {tls}}},
    {{port: {{number: 443, name: two, protocol: HTTPS}}, hosts: ['x.example', 'b.example'], {tls}}}"
        )),
        routes(TO_WEB),
    ]);
    assert_eq!(count(&diags, &codes::GATEWAY_SERVERS_OVERLAP), 1);
    assert_eq!(listener(&plan, 8443).expect("a listener").chains.len(), 2, "as istiod sends them");
}

#[test]
fn a_host_on_two_ports_that_lead_to_one_is_a_domain_once() {
    let second =
        "ports: [{name: http, port: 80, targetPort: 8080}, {name: other, port: 81, targetPort: 8080}, ";
    let mut parts = vec![
        gateway(
            "
    {port: {number: 80, name: http, protocol: HTTP}, hosts: ['x.example.com']},
    {port: {number: 81, name: other, protocol: HTTP}, hosts: ['x.example.com']}",
        ),
        routes(TO_WEB),
    ];
    parts.insert(
        0,
        INGRESS.to_owned()
            + &SERVICES.replacen("ports: [{name: http, port: 80, targetPort: 8080}, ", second, 1),
    );
    let text = parts.concat();
    let plan = support::lower(&[("mesh.yaml", &text)], "");
    let hosts = &plain_table(&plan, 8080).virtual_hosts;
    let domains: Vec<_> = hosts.iter().flat_map(|host| &host.domains).collect();
    assert_eq!(domains, ["x.example.com"]);
}

#[test]
fn conditions_about_the_gateway_are_decided_here() {
    let server = "{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}";
    let route = "
  hosts: ['*'], http: [
    {match: [{uri: {prefix: /mesh}, gateways: [mesh]}], route: [{destination: {host: web, port: {number: 80}}}]},
    {match: [{uri: {prefix: /other}, port: 81}], route: [{destination: {host: web, port: {number: 80}}}]},
    {name: here, match: [{uri: {prefix: /here}, gateways: [main], port: 80}], directResponse: {status: 204}}]";
    let (plan, _) = compile(&[gateway(server), routes(route)]);
    let host = &plain_table(&plan, 8080).virtual_hosts[0];
    let [route] = &host.routes[..] else { panic!("{:?}", host.routes) };
    assert_eq!(route.name.as_deref(), Some("here"));
    assert!(matches!(&route.action, RouteAction::DirectResponse(response) if response.status == 204));
}
