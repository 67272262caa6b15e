//! What proxies see: services, ports and subsets by their outbound clusters, the DestinationRule of each, and the names that
//! clients expect in certificates.

use std::collections::{BTreeMap, BTreeSet};

use meshc_model::{Mesh, MtlsMode, Protocol, Resolution, ResolvedDestinationRule, Service, Workload};
use serde_json::Value;

use crate::support::scenarios;

/// What is compared of one cluster.
#[derive(Debug, PartialEq)]
struct Facts {
    /// Path of the DestinationRule in the metadata.
    rule: String,
    /// Expected names; `None` without mutual TLS, or where a rule decides about it.
    names: Option<BTreeSet<String>>,
}

fn recorded(clusters: &[Value]) -> BTreeMap<String, Facts> {
    let facts = |cluster: &Value| {
        let name = cluster["name"].as_str().expect("clusters have names").to_owned();
        let rule =
            cluster["metadata"]["filterMetadata"]["istio"]["config"].as_str().unwrap_or_default().to_owned();
        let socket = match &cluster["transportSocketMatches"] {
            Value::Array(matches) => &matches[0]["transportSocket"],
            _ => &cluster["transportSocket"],
        };
        let context = &socket["typedConfig"]["commonTlsContext"]["combinedValidationContext"];
        let names = &context["defaultValidationContext"]["matchSubjectAltNames"];
        let exact = |name: &Value| name["exact"].as_str().unwrap_or_default().to_owned();
        let names = (!context.is_null()).then(|| names.as_array().into_iter().flatten().map(exact).collect());
        (name, Facts { names: names.filter(|_| rule.is_empty()), rule })
    };
    let outbound = clusters
        .iter()
        .filter(|cluster| cluster["name"].as_str().expect("clusters have names").starts_with("outbound|"));
    outbound.map(facts).collect()
}

fn resolved(mesh: &Mesh, workload: &Workload) -> BTreeMap<String, Facts> {
    let mut clusters = BTreeMap::new();
    for service in &mesh.scope(workload).services {
        if service.resolution == Resolution::Alias {
            continue;
        }
        let rule = mesh.destination_rule(workload, service.namespace(), service.host());
        let by_name = matches!(service.resolution, Resolution::Dns | Resolution::DnsRoundRobin);
        let path = rule.as_ref().map_or_else(String::new, |rule| {
            let object = &rule.object;
            format!(
                "/apis/networking.istio.io/v1/namespaces/{}/destination-rule/{}",
                object.namespace, object.name
            )
        });
        let automatic = rule.is_none()
            && mesh.config.enable_auto_mtls == Some(true)
            && mesh.service_mtls(service).is_some_and(|mode| mode != MtlsMode::Disable);
        let names = automatic.then(|| service.service_accounts(mesh).into_iter().collect::<BTreeSet<_>>());
        let subsets =
            rule.iter().flat_map(|rule| rule.spec.subsets.iter().filter_map(|subset| subset.name.as_deref()));
        for port in service.ports.iter().filter(|port| port.protocol != Protocol::Udp) {
            for subset in std::iter::once("").chain(subsets.clone()) {
                if by_name && !has_endpoint(service, port.number, rule.as_deref(), subset) {
                    continue;
                }
                let name = format!("outbound|{}|{subset}|{}", port.number, service.host());
                clusters.insert(name, Facts { rule: path.clone(), names: names.clone() });
            }
        }
    }
    clusters
}

/// Whether a cluster that resolves names has one; istiod leaves it out otherwise.
fn has_endpoint(service: &Service, port: u16, rule: Option<&ResolvedDestinationRule>, subset: &str) -> bool {
    let subsets = rule.map_or(&[][..], |rule| &rule.spec.subsets);
    let labels =
        subsets.iter().find(|known| known.name.as_deref() == Some(subset)).map(|subset| &subset.labels);
    service.endpoints.iter().any(|endpoint| {
        let has_label = |(key, value): (&String, &String)| endpoint.labels.get(key) == Some(value);
        endpoint.ports.contains_key(&port) && labels.is_none_or(|labels| labels.iter().all(has_label))
    })
}

#[test]
fn proxies_see_the_services_subsets_and_rules_that_istiod_sent_them() {
    let (mut equal, mut total) = (0, 0);
    for scenario in scenarios() {
        // EnvoyFilters change clusters after the fact; Gateways of the Gateway API make Services.
        if scenario.name.starts_with("ef-") || scenario.has_gateway_api {
            continue;
        }
        for proxy in &scenario.proxies {
            let Some(workload) = scenario.workload(proxy) else { continue };
            let expected = recorded(&scenario.resources(proxy, "clusters"));
            let mut actual = resolved(&scenario.mesh, workload);
            for (name, facts) in expected {
                total += 1;
                match actual.remove(&name) {
                    Some(found) if found == facts => equal += 1,
                    found => {
                        println!("{} {}: {name}: {facts:?} is {found:?}", scenario.name, workload.reference)
                    }
                }
            }
            total += actual.len();
            for name in actual.keys() {
                println!("{} {}: {name} is too much", scenario.name, workload.reference);
            }
        }
    }
    println!("{equal} of {total} clusters are equal");
    assert_eq!(equal, total);
}
