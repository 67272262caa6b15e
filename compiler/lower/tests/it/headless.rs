//! TCP ports of headless Services, whose pods are known only at run time.

use std::sync::Arc;

use meshc_api::IstiodFeatures;
use meshc_diagnostics::{Diagnostics, codes};
use meshc_plan::{
    Discovery, Listener, ListenerName, NetworkFilter, Plan, ProxyPlan, UpstreamName, UpstreamTlsChoice,
};

use crate::support::{self, CLIENT};

/// A headless Service with a pod that has an account of its own.
fn headless(name: &str, port: &str) -> String {
    format!(
        "---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: shop}}
spec: {{clusterIP: None, selector: {{app: {name}}}, ports: [{port}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: {name}-0, namespace: shop, labels: {{app: {name}}}}}
spec: {{serviceAccountName: {name}, containers: [{{name: app, image: x}}]}}
"
    )
}

/// A DestinationRule that turns mTLS off for a service.
fn plain_text(service: &str) -> String {
    format!(
        "---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: {service}, namespace: shop}}
spec: {{host: {service}, trafficPolicy: {{tls: {{mode: DISABLE}}}}}}
"
    )
}

fn compile(parts: &[String]) -> (Plan, Diagnostics) {
    let tree = format!("{CLIENT}{}", parts.concat());
    support::lower_with_findings(&[("tree.yaml", &tree)], "")
}

fn client(plan: &Plan) -> &ProxyPlan {
    let of_client = plan.proxies.iter().find(|(workload, _)| workload.name == "client");
    of_client.expect("the client has a proxy").1
}

fn listener(plan: &Plan, port: u16) -> Option<&Arc<Listener>> {
    let name = ListenerName::Address { address: "0.0.0.0".parse().unwrap(), port };
    client(plan).listeners.iter().find(|listener| listener.name == name)
}

/// Where the chains of a listener lead, with the server names of each.
fn chains(listener: &Listener) -> Vec<(Vec<&str>, String)> {
    let chains = listener.chains.iter().chain(&listener.default_chain);
    let chain = chains.map(|chain| {
        let to = match chain.filters.last() {
            Some(NetworkFilter::Tcp(tcp)) => match &tcp.upstreams[0].0 {
                UpstreamName::Outbound { host, .. } => host.split('.').next().unwrap_or_default().to_owned(),
                other => format!("{other:?}"),
            },
            Some(NetworkFilter::Http(_)) => "http".to_owned(),
            other => panic!("{other:?}"),
        };
        (chain.matches.server_names.iter().map(String::as_str).collect(), to)
    });
    chain.collect()
}

/// Names of which a certificate of a service must hold one; `None` without TLS.
fn accepted(plan: &Plan, service: &str) -> Option<Vec<String>> {
    let host = format!("{service}.shop.svc.cluster.local");
    let named = |name: &UpstreamName| matches!(name, UpstreamName::Outbound { host: of, .. } if *of == host);
    let upstream = client(plan).upstreams.iter().find(|upstream| named(&upstream.name)).expect("an upstream");
    assert!(matches!(upstream.discovery, Discovery::OriginalDestination { .. }));
    match &upstream.tls {
        UpstreamTlsChoice::Always(tls) => Some(tls.names.clone()),
        _ => None,
    }
}

fn consequence(diags: &Diagnostics) -> String {
    let finding = diags.iter().find(|finding| finding.code == &codes::ADDRESS_SHARED).expect("a finding");
    finding.consequence.clone().unwrap_or_default()
}

const REDIS: &str = "{name: tcp-redis, port: 6379}";

#[test]
fn services_that_are_spoken_to_alike_share_the_upstream_of_the_first() {
    let (plan, diags) = compile(&[headless("a", REDIS), headless("b", REDIS)]);
    assert_eq!(chains(listener(&plan, 6379).unwrap()), [(vec![], "a".to_owned())]);
    let account = |name: &str| format!("spiffe://cluster.local/ns/shop/sa/{name}");
    assert_eq!(accepted(&plan, "a"), Some(vec![account("a"), account("b")]), "whichever was dialled");
    assert_eq!(accepted(&plan, "b"), Some(vec![account("b")]), "only routes lead there");
    assert!(consequence(&diags).contains("to the pod that was dialled"));
}

#[test]
fn plain_text_is_shared_too_so_that_a_registry_only_proxy_lets_it_pass() {
    let (plan, _) = compile(&[headless("a", REDIS), headless("b", REDIS), plain_text("a"), plain_text("b")]);
    assert_eq!(chains(listener(&plan, 6379).unwrap()), [(vec![], "a".to_owned())]);
    assert_eq!(accepted(&plan, "a"), None);
}

#[test]
fn services_that_are_spoken_to_differently_have_no_listener() {
    let (plan, diags) = compile(&[headless("a", REDIS), headless("b", REDIS), plain_text("b")]);
    assert!(listener(&plan, 6379).is_none());
    assert_eq!(accepted(&plan, "a"), Some(vec!["spiffe://cluster.local/ns/shop/sa/a".to_owned()]));
    assert!(consequence(&diags).contains("outbound traffic policy"));
}

#[test]
fn bytes_stand_beside_http_of_the_port() {
    let http = "---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.0.0.1, ports: [{name: http, port: 8080}]}
";
    let (plan, diags) = compile(&[http.to_owned(), headless("a", "{name: tcp, port: 8080}")]);
    assert_eq!(
        chains(listener(&plan, 8080).unwrap()),
        [(vec![], "http".to_owned()), (vec![], "a".to_owned())]
    );
    assert!(diags.iter().any(|finding| finding.code == &codes::ADDRESS_UNKNOWN));
}

#[test]
fn tls_is_told_apart_by_the_names_of_services_and_pods() {
    let tls = "{name: tls, port: 443}";
    let (plan, diags) = compile(&[headless("a", tls), headless("b", tls)]);
    let found = chains(listener(&plan, 443).unwrap());
    let ends: Vec<&str> = found.iter().map(|(_, to)| to.as_str()).collect();
    assert_eq!(ends, ["a", "b", "Passthrough"], "others go where they are dialled");
    for name in ["a", "a.shop", "*.a.shop.svc", "a.shop.svc.cluster.local", "*.a.shop.svc.cluster.local"] {
        assert!(found[0].0.contains(&name), "{name} is not among {:?}", found[0].0);
    }
    assert!(diags.iter().all(|finding| finding.code != &codes::ADDRESS_SHARED));
}

#[test]
fn istiod_may_be_told_to_keep_known_addresses_in_one_listener() {
    let slice = "---
apiVersion: v1
kind: Service
metadata: {name: vm, namespace: shop}
spec: {clusterIP: None, ports: [{name: tcp, port: 5432}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: vm, namespace: shop, labels: {kubernetes.io/service-name: vm}}
addressType: IPv4
ports: [{name: tcp, port: 5432}]
endpoints: [{addresses: [192.0.2.1]}, {addresses: [192.0.2.2], conditions: {ready: false}}]
";
    let tree = format!("{CLIENT}{slice}");
    let compile_with = |enable_headless_filter_chain_listener| {
        let features = IstiodFeatures { enable_headless_filter_chain_listener, ..IstiodFeatures::default() };
        support::lower_with_features(&[("tree.yaml", &tree)], "", features).0
    };
    let plan = compile_with(true);
    let networks: Vec<_> = listener(&plan, 5432)
        .unwrap()
        .chains
        .iter()
        .map(|chain| &chain.matches.destination_networks)
        .collect();
    assert_eq!(networks, [&[("192.0.2.1".parse().unwrap(), 32)], &[("192.0.2.2".parse().unwrap(), 32)]]);
    assert!(listener(&compile_with(false), 5432).is_none(), "one listener for each address");
}
