//! Endpoints of services and subsets: addresses that the tree states, and the workloads whose pods are endpoints.

use std::collections::{BTreeMap, BTreeSet};

use meshc_model::{EndpointFact, EndpointPlace, Mesh, MtlsMode, Resolution, Workload};
use serde_json::Value;

use crate::support::scenarios;

/// Addresses that the recorder gave to pods.
const PODS: &str = "10.20.";

type Endpoints = BTreeMap<String, BTreeSet<String>>;

/// Meshes in which something decides that is not known without a cluster, or later passes do: the network that a proxy is
/// in, the place of its node, whether a pod is ready, objects that the Gateway API makes.
const LEFT_OUT: [&str; 4] =
    ["mesh-multinetwork-eastwest", "dr-locality-b", "svc-endpointslices-notready", "gwapi-backendtls"];

/// By cluster, each endpoint as text: address (none for pods), port, whether it takes mutual TLS, workload.
fn recorded(assignments: &[Value]) -> Endpoints {
    let endpoint = |endpoint: &Value| {
        let address = &endpoint["endpoint"]["address"]["socketAddress"];
        let metadata = &endpoint["metadata"]["filterMetadata"];
        let text = address["address"].as_str()?;
        let place = if text.starts_with(PODS) { "pod" } else { text };
        let mtls = metadata["envoy.transport_socket_match"]["tlsMode"] == "istio";
        let workload = metadata["istio"]["workload"].as_str().unwrap_or_default();
        Some(format!("{place} {} {mtls} {workload}", address["portValue"]))
    };
    let of_cluster = |assignment: &Value| {
        let localities = assignment["endpoints"].as_array().into_iter().flatten();
        let endpoints =
            localities.flat_map(|locality| locality["lbEndpoints"].as_array().into_iter().flatten());
        (
            assignment["clusterName"].as_str().expect("endpoint lists name their cluster").to_owned(),
            endpoints.filter_map(endpoint).collect(),
        )
    };
    assignments.iter().map(of_cluster).collect()
}

fn resolved(mesh: &Mesh, workload: &Workload) -> Endpoints {
    let mut clusters = Endpoints::new();
    for service in
        mesh.scope(workload).services.iter().filter(|service| service.resolution == Resolution::ClientSide)
    {
        let rule = mesh.destination_rule(workload, service.namespace(), service.host());
        let subsets = rule.iter().flat_map(|rule| &rule.spec.subsets);
        for port in &service.ports {
            let everything = (String::new(), BTreeMap::new());
            let named = subsets
                .clone()
                .map(|subset| (subset.name.clone().unwrap_or_default(), subset.labels.clone()));
            for (subset, labels) in std::iter::once(everything).chain(named) {
                let name = format!("outbound|{}|{subset}|{}", port.number, service.host());
                let selects = |endpoint: &&EndpointFact| mesh.subset_selects(&labels, endpoint);
                let fitting = service.endpoints.iter().filter(selects);
                let texts = fitting.filter_map(|endpoint| text(mesh, endpoint, port.number));
                clusters.insert(name, texts.collect());
            }
        }
    }
    clusters
}

fn text(mesh: &Mesh, endpoint: &EndpointFact, port: u16) -> Option<String> {
    let port = endpoint.ports.get(&port)?;
    let place = match &endpoint.place {
        EndpointPlace::Workload(_) => "pod".to_owned(),
        EndpointPlace::Ip(address) => address.to_string(),
        EndpointPlace::Name(_) | EndpointPlace::Unix(_) => return None,
    };
    let place = if place.starts_with(PODS) { "pod".to_owned() } else { place };
    let accepts = mesh.mtls_of(&endpoint.namespace, &endpoint.labels).port(*port) != MtlsMode::Disable;
    let label =
        |names: [&str; 3]| names.into_iter().find_map(|name| endpoint.labels.get(name)).map(String::as_str);
    let name = endpoint.workload_name.as_deref().unwrap_or_default();
    let canonical =
        label(["service.istio.io/canonical-name", "app.kubernetes.io/name", "app"]).unwrap_or(name);
    let revision = label(["service.istio.io/canonical-revision", "app.kubernetes.io/version", "version"]);
    let revision = revision.filter(|revision| *revision != "latest").unwrap_or_default();
    let namespace = if endpoint.workload_name.is_some() { endpoint.namespace.as_str() } else { "" };
    let cluster = &mesh.options.cluster_id;
    Some(format!(
        "{place} {port} {} {name};{namespace};{canonical};{revision};{cluster}",
        endpoint.mtls && accepts
    ))
}

#[test]
fn services_have_the_endpoints_that_istiod_sent() {
    let (mut equal, mut total) = (0, 0);
    for scenario in scenarios() {
        if LEFT_OUT.contains(&scenario.name.as_str()) {
            continue;
        }
        for proxy in &scenario.proxies {
            let Some(workload) = scenario.workload(proxy) else { continue };
            let actual = resolved(&scenario.mesh, workload);
            for (name, expected) in recorded(&scenario.resources(proxy, "endpoints")) {
                let Some(found) = actual.get(&name) else { continue };
                total += 1;
                // TLS settings of a DestinationRule decide about mutual TLS in place of the endpoint.
                let host = name.rsplit('|').next().unwrap_or_default();
                let service = scenario.mesh.scope(workload).service(host).cloned();
                let rule = service
                    .and_then(|service| scenario.mesh.destination_rule(workload, service.namespace(), host));
                let text = |text: &String| match &rule {
                    Some(_) => text.replace(" true ", " ").replace(" false ", " "),
                    None => text.clone(),
                };
                let (expected, found): (BTreeSet<_>, BTreeSet<_>) =
                    (expected.iter().map(text).collect(), found.iter().map(text).collect());
                if found == expected {
                    equal += 1;
                } else {
                    println!("{} {}: {name}: {expected:?} is {found:?}", scenario.name, workload.reference);
                }
            }
        }
    }
    println!("{equal} of {total} endpoint lists are equal");
    assert_eq!(equal, total);
}
