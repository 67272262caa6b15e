//! How proxies find the endpoints of services without a control plane.

use meshc_diagnostics::{Diagnostics, codes};
use meshc_plan::{Discovery, DnsEndpoint, EndpointAddress, Plan, Upstream, UpstreamName, UpstreamTlsChoice};

use crate::support::{self, CLIENT};

/// A workload `web-<version>` whose container names its port `http`.
fn workload(version: &str, port: u16, labels: &str) -> String {
    format!(
        "---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web-{version}, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: web, version: {version}}}}}
  template:
    metadata: {{labels: {{app: web, version: {version}{labels}}}}}
    spec: {{containers: [{{name: app, image: web, ports: [{{name: http, containerPort: {port}}}]}}]}}
"
    )
}

fn service(spec: &str) -> String {
    format!("---\napiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop}}\nspec: {spec}\n")
}

fn rule(spec: &str) -> String {
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: web, namespace: shop}}\nspec: {spec}\n"
    )
}

fn compile(parts: &[&str]) -> (Plan, Diagnostics) {
    let tree = std::iter::once(CLIENT).chain(parts.iter().copied()).collect::<String>();
    support::lower_with_findings(&[("tree.yaml", &tree)], "")
}

fn upstream<'a>(plan: &'a Plan, port: u16, subset: Option<&str>) -> &'a Upstream {
    let (_, client) = plan.proxies.iter().find(|(workload, _)| workload.name == "client").unwrap();
    let wanted = |upstream: &&std::sync::Arc<Upstream>| {
        matches!(&upstream.name, UpstreamName::Outbound { port: p, subset: s, host }
            if *p == port && s.as_deref() == subset && host.starts_with("web."))
    };
    client.upstreams.iter().find(wanted).expect("an upstream")
}

fn names(upstream: &Upstream) -> &[DnsEndpoint] {
    match &upstream.discovery {
        Discovery::Pods { names, .. } => names,
        other => panic!("{other:?}"),
    }
}

fn has(diags: &Diagnostics, code: &meshc_diagnostics::Code) -> bool {
    diags.iter().any(|finding| finding.code == code)
}

const PLAIN: &str = "{selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}";

#[test]
fn pods_are_found_by_a_generated_service_on_the_port_of_the_container() {
    let (plan, diags) = compile(&[&service(PLAIN), &workload("v1", 8080, "")]);
    let [name] = names(upstream(&plan, 80, None)) else { panic!("one name") };
    let [generated] = plan.headless_services.as_slice() else { panic!("one Service") };
    assert_eq!(name.name, format!("{}.shop.svc.cluster.local", generated.name));
    assert_eq!((name.port, name.mtls, name.cluster_ip), (8080, true, false));
    assert_eq!(generated.selector.get("app").map(String::as_str), Some("web"));
    assert_eq!(diags.iter().count(), 0, "{diags:?}");
}

#[test]
fn a_subset_has_a_service_of_its_own_with_the_labels_of_both() {
    let subsets = rule("{host: web, subsets: [{name: v2, labels: {version: v2}}]}");
    let (plan, _) =
        compile(&[&service(PLAIN), &workload("v1", 8080, ""), &workload("v2", 8080, ""), &subsets]);
    let whole = names(upstream(&plan, 80, None))[0].name.clone();
    let subset = names(upstream(&plan, 80, Some("v2")))[0].name.clone();
    assert_ne!(whole, subset);
    let generated = plan.headless_services.iter().find(|service| service.subset.is_some()).unwrap();
    let labels: Vec<_> = generated.selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(labels, ["app=web", "version=v2"]);
}

#[test]
fn labels_of_a_subset_that_contradict_the_selector_select_nothing() {
    let subsets = rule("{host: web, subsets: [{name: other, labels: {app: other}}]}");
    let (plan, diags) = compile(&[&service(PLAIN), &workload("v1", 8080, ""), &subsets]);
    assert!(names(upstream(&plan, 80, Some("other"))).is_empty());
    assert!(has(&diags, &codes::CONTRADICTORY_SUBSET));
}

#[test]
fn a_headless_service_is_asked_itself() {
    let headless =
        "{clusterIP: None, selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}";
    let gateway = "---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop, labels: {istio: ingressgateway, inject.istio.io/templates: gateway}}
spec: {containers: [{name: istio-proxy, image: auto}]}
";
    let tree = format!("{gateway}{}{}", service(headless), workload("v1", 8080, ""));
    let (plan, _) = support::lower_with_findings(&[("tree.yaml", &tree)], "");
    let [name] = names(upstream(&plan, 80, None)) else { panic!("one name") };
    assert_eq!((name.name.as_str(), name.port), ("web.shop.svc.cluster.local", 8080));
    assert!(plan.headless_services.is_empty());
}

#[test]
fn sidecars_send_to_the_address_that_was_dialled_for_a_headless_service() {
    let headless =
        "{clusterIP: None, selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}";
    let (plan, _) = compile(&[&service(headless), &workload("v1", 8080, "")]);
    let upstream = upstream(&plan, 80, None);
    assert_eq!(upstream.discovery, Discovery::OriginalDestination { port_override: None });
    assert!(matches!(upstream.tls, UpstreamTlsChoice::Always(_)));
}

#[test]
fn a_named_port_is_the_number_that_the_containers_agree_on() {
    let named = "{selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}";
    let (plan, _) = compile(&[&service(named), &workload("v1", 8081, ""), &workload("v2", 8081, "")]);
    assert_eq!(names(upstream(&plan, 80, None))[0].port, 8081);
    let (plan, diags) = compile(&[&service(named), &workload("v1", 8081, ""), &workload("v2", 8082, "")]);
    let name = &names(upstream(&plan, 80, None))[0];
    assert_eq!((name.name.as_str(), name.port, name.cluster_ip), ("web.shop.svc.cluster.local", 80, true));
    assert!(has(&diags, &codes::AMBIGUOUS_TARGET_PORT));
}

#[test]
fn a_named_port_that_no_container_declares_leads_nowhere() {
    let named = "{selector: {app: web}, ports: [{name: http, port: 80, targetPort: admin}]}";
    let (plan, diags) = compile(&[&service(named), &workload("v1", 8081, "")]);
    assert!(names(upstream(&plan, 80, None)).is_empty());
    assert!(has(&diags, &codes::UNKNOWN_TARGET_PORT));
}

#[test]
fn pods_with_and_without_a_proxy_get_plain_text_unless_some_insist_on_mtls() {
    let without = workload("v2", 8080, ", sidecar.istio.io/inject: \"false\"");
    let tree = [service(PLAIN), workload("v1", 8080, ""), without];
    let tree: Vec<&str> = tree.iter().map(String::as_str).collect();
    let (plan, diags) = compile(&tree);
    assert!(!names(upstream(&plan, 80, None))[0].mtls);
    assert!(has(&diags, &codes::MIXED_MTLS));
    let strict = "---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: strict, namespace: shop}
spec: {mtls: {mode: STRICT}}
";
    let (plan, _) = compile(&[tree[0], tree[1], tree[2], strict]);
    assert!(names(upstream(&plan, 80, None))[0].mtls);
}

#[test]
fn a_service_without_a_selector_is_reached_by_its_cluster_ip_or_its_stated_addresses() {
    let manual = "{clusterIP: 10.96.0.9, ports: [{name: http, port: 80, targetPort: 8080}]}";
    let (plan, diags) = compile(&[&service(manual)]);
    let [name] = names(upstream(&plan, 80, None)) else { panic!("one name") };
    assert_eq!((name.port, name.cluster_ip, name.mtls), (80, true, false));
    assert!(has(&diags, &codes::DISCOVERY_LEVEL));
    let slice = "---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints: [{addresses: [192.0.2.7]}]
ports: [{name: http, port: 8080}]
";
    let (plan, _) = compile(&[&service(manual), slice]);
    let Discovery::Static(stated) = &upstream(&plan, 80, None).discovery else { panic!("not stated") };
    assert_eq!(stated[0].endpoints[0].address, EndpointAddress::Ip("192.0.2.7".parse().unwrap(), 8080));
}

#[test]
fn a_service_entry_that_selects_pods_and_virtual_machines_finds_both() {
    let entry = "---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: web, namespace: shop}
spec:
  hosts: [web.example.com]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 8080}]
  workloadSelector: {labels: {app: web}}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: vm, namespace: shop}
spec: {address: 192.0.2.9, labels: {app: web}, serviceAccount: web}
";
    let (plan, _) = compile(&[entry, &workload("v1", 8080, "")]);
    let Discovery::Pods { names, stated } = &upstream(&plan, 80, None).discovery else { panic!("no pods") };
    assert_eq!((names.len(), names[0].port, names[0].mtls), (1, 8080, true));
    assert_eq!(stated[0].endpoints[0].address, EndpointAddress::Ip("192.0.2.9".parse().unwrap(), 8080));
    assert_eq!(plan.headless_services[0].selector.len(), 1);
}

#[test]
fn a_service_that_is_one_name_at_a_time_has_one_endpoint() {
    let entry = "---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: web, namespace: shop, annotations: {istio.io/connect-strategy: RACE_FIRST_TCP_CONNECT}}
spec:
  hosts: [web.example.com]
  resolution: DNS
  ports: [{number: 80, name: http, protocol: HTTP}]
  endpoints: [{address: a.example.com}, {address: b.example.com}]
";
    let (plan, diags) = compile(&[entry]);
    let Discovery::LogicalDns(groups) = &upstream(&plan, 80, None).discovery else { panic!("not one name") };
    let addresses: Vec<_> = groups.iter().flat_map(|group| &group.endpoints).map(|e| &e.address).collect();
    assert_eq!(addresses, [&EndpointAddress::Name("a.example.com".to_owned(), 80)]);
    assert!(has(&diags, &codes::SEVERAL_LOGICAL_NAMES));
}
