//! Findings about an order that names decide, since the tree does not state which object is older.

use meshc_diagnostics::{Code, Diagnostic, codes};

use crate::support::{self, INGRESS};

const WEB: &str = "---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: edge}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: app}]}
";

fn service(name: &str, time: &str, selector: &str, port: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: edge{time}}}\nspec: {{selector: {{{selector}}}, ports: [{port}]}}\n"
    )
}

fn networking(kind: &str, name: &str, time: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: edge{time}}}\nspec: {spec}\n"
    )
}

fn year(year: u32) -> String {
    format!(", creationTimestamp: '{year}-01-01T00:00:00Z'")
}

/// Findings of a code, each once.
fn findings(parts: &[String], code: &'static Code) -> Vec<Diagnostic> {
    let (_, diags) = support::lower_with_findings(&[("tree.yaml", &parts.concat())], "");
    diags.into_sorted().into_iter().filter(|finding| finding.code == code).collect()
}

/// What a person reads: the finding, the place of the winner, the consequence and the way out.
fn read(finding: &Diagnostic) -> [&str; 4] {
    [
        &finding.message,
        finding.related.first().map_or("", |label| &label.message),
        finding.consequence.as_deref().unwrap_or_default(),
        finding.help.as_deref().unwrap_or_default(),
    ]
}

fn about(finding: &Diagnostic) -> &str {
    finding.object.as_ref().map_or("", |object| &object.name)
}

fn pool(service: &str, connections: u32) -> String {
    let spec = format!(
        "{{host: {service}, trafficPolicy: {{connectionPool: {{tcp: {{maxConnections: {connections}}}}}}}}}"
    );
    networking("DestinationRule", service, "", &spec)
}

fn of_one_port(times: [&str; 2], ports: [u16; 2], rules: &[String]) -> Vec<Diagnostic> {
    let port = |number: u16| format!("{{name: http, port: {number}, targetPort: 8080}}");
    let mut parts = vec![
        WEB.to_owned(),
        service("a", times[0], "app: web", &port(ports[0])),
        service("b", times[1], "app: web", &port(ports[1])),
    ];
    parts.extend(rules.iter().cloned());
    findings(&parts, &codes::ORDER_BY_NAME)
}

#[test]
fn of_two_services_of_a_port_with_other_limits_the_first_host_counts_and_that_is_told() {
    let [finding] = &of_one_port(["", ""], [80, 80], &[pool("b", 7)])[..] else { panic!("one finding") };
    assert_eq!(about(finding), "b");
    assert_eq!(
        read(finding),
        [
            "Service edge/a and Service edge/b lead to port 8080 of Deployment edge/web, and the tree does not say which one is older",
            "counts: its host sorts first",
            "limits and timeouts of what the port takes are those that DestinationRules state for `a.edge.svc.cluster.local`, not those for `b.edge.svc.cluster.local`",
            "state the same settings for both, or let them lead to ports of their own; or state `metadata.creationTimestamp` in both, so that their age decides",
        ]
    );
    // One that states a time beside one that states none is as good as younger.
    let [finding] = &of_one_port([&year(2020), ""], [80, 80], &[pool("b", 7)])[..] else {
        panic!("one finding")
    };
    assert_eq!(
        (about(finding), read(finding)[1]),
        ("a", "counts: it states no `creationTimestamp`, which counts as older")
    );
}

#[test]
fn of_two_services_of_a_port_with_other_numbers_metrics_name_one() {
    let [finding] = &of_one_port(["", ""], [80, 81], &[])[..] else { panic!("one finding") };
    assert_eq!(read(finding)[2], "metrics and traces of it name port 80 of `a.edge.svc.cluster.local` only");
}

#[test]
fn services_of_a_port_that_agree_or_whose_age_is_stated_are_no_news() {
    assert_eq!(of_one_port(["", ""], [80, 80], &[]), []);
    assert_eq!(of_one_port(["", ""], [80, 80], &[pool("a", 7), pool("b", 7)]), []);
    assert_eq!(of_one_port([&year(2024), &year(2023)], [80, 80], &[pool("b", 7)]), []);
}

#[test]
fn of_two_services_that_lead_a_gateway_elsewhere_the_first_host_counts_and_that_is_told() {
    let told = |times: [&str; 2], second: u16| {
        let port = |target: u16| format!("{{name: http, port: 80, targetPort: {target}}}");
        let servers = "{selector: {istio: ingress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}";
        let parts = [
            INGRESS.to_owned(),
            service("a", times[0], "istio: ingress", &port(8080)),
            service("b", times[1], "istio: ingress", &port(second)),
            networking("Gateway", "main", "", servers),
        ];
        findings(&parts, &codes::ORDER_BY_NAME)
    };
    let [finding] = &told(["", ""], 9090)[..] else { panic!("one finding") };
    assert_eq!(about(finding), "b");
    assert_eq!(
        read(finding),
        [
            "Service edge/a and Service edge/b lead from port 80 to different ports of Deployment edge/ingress (8080 and 9090), and the tree does not say which one is older",
            "this one counts: its host sorts first",
            "servers of Gateways for port 80 listen on 8080; connections to port 80 of Service edge/b arrive at 9090, where none of them listens",
            "let both lead to one port, or give one of them another port number; or state `metadata.creationTimestamp` in both, so that their age decides",
        ]
    );
    assert_eq!(told(["", ""], 8080), [], "both lead to the same port");
    assert_eq!(told([&year(2024), &year(2023)], 9090), [], "the tree says which one is older");
}

#[test]
fn of_two_gateways_of_one_host_the_finding_tells_what_decided() {
    let told = |times: [&str; 2]| {
        let server = "{selector: {istio: ingress}, servers: [{port: {number: 443, name: https, protocol: HTTPS}, \
                      hosts: [x.example], tls: {mode: SIMPLE, credentialName: cert}}]}";
        let parts = [
            INGRESS.to_owned(),
            networking("Gateway", "one", times[0], server),
            networking("Gateway", "two", times[1], server),
        ];
        findings(&parts, &codes::GATEWAY_SERVER_CONFLICT)
    };
    let [finding] = &told(["", ""])[..] else { panic!("one finding") };
    assert_eq!(about(finding), "two");
    assert_eq!(
        read(finding),
        [
            "the server is left out: Gateway edge/one has `x.example` at another TLS server of the port",
            "this one counts: its name sorts first",
            "requests to its hosts get what that server of Gateway edge/one does with them",
            "let every host stand at one server of a port; or state `metadata.creationTimestamp` in both, so that their age decides",
        ]
    );
    let [finding] = &told([&year(2024), &year(2023)])[..] else { panic!("one finding") };
    assert_eq!((about(finding), read(finding)[1]), ("one", "this one counts: it is older"));
    assert_eq!(read(finding)[3], "let every host stand at one server of a port");
}
