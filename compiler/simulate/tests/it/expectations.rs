//! What a case of Istio's traffic simulation expects besides calls: virtual hosts, inbound upstreams, listeners of a port.

use std::collections::{BTreeMap, BTreeSet};

use meshc_emit::envoy::names;
use meshc_plan::{
    Discovery, EndpointAddress, ProxyPlan, RouteAction, RouteTable, Upstream, UpstreamName, VirtualHost,
};
use serde_json::{Value, json};

use crate::case::Case;

/// What is not as expected.
pub(crate) fn problems(case: &Case) -> Vec<String> {
    let expected = &case.recorded["other_expectations"];
    let proxy = case.proxy();
    let mut problems = virtual_hosts(proxy, &expected["virtual_hosts"]);
    if expected.get("inbound_clusters").is_some() {
        let address = case.recorded["proxy"]["ip_addresses"][0].as_str().unwrap();
        let found = inbound(proxy, |upstream| endpoints(upstream, address));
        problems.extend(differences("inbound clusters", &expected["inbound_clusters"], &found));
    }
    if expected["inbound_cluster_services"].is_object() {
        let found = inbound(proxy, |upstream| {
            let hosts: BTreeSet<&str> =
                upstream.services.iter().map(|service| service.host.as_str()).collect();
            json!(hosts)
        });
        problems.extend(differences(
            "services of inbound clusters",
            &expected["inbound_cluster_services"],
            &found,
        ));
    }
    for (name, least) in expected["listener_shape"].as_object().into_iter().flatten() {
        let port = name.strip_prefix("min_listeners_on_port_").map(|port| port.parse::<u16>().unwrap());
        let found = proxy.listeners.iter().filter(|listener| Some(listener.bind.port) == port).count();
        if port.is_none() || (found as u64) < least.as_u64().unwrap() {
            problems.push(format!("{name} is {found}, expected {least}"));
        }
    }
    problems.into_iter().map(|problem| format!("{}: {problem}", case.name)).collect()
}

fn virtual_hosts(proxy: &ProxyPlan, expected: &Value) -> Vec<String> {
    let Some(name) = expected["route_config"].as_str() else { return Vec::new() };
    let table = proxy.route_tables.iter().find(|table| names::route_table(&table.name) == name);
    let Some(table) = table else {
        let missing = expected["route_config_must_exist"] == true;
        return missing.then(|| format!("there is no route table {name}")).into_iter().collect();
    };
    let mut problems = Vec::new();
    for (host, expected) in expected["hosts"].as_object().into_iter().flatten() {
        let found = find(table, host).map_or(Value::Null, clusters);
        if found != *expected {
            problems.push(format!("{host} in {name} leads to {found}, expected {expected}"));
        }
    }
    problems
}

/// The virtual host that has a host in its name.
fn find<'p>(table: &'p RouteTable, host: &str) -> Option<&'p VirtualHost> {
    table.virtual_hosts.iter().find(|found| found.name.rsplit_once(':').is_some_and(|(name, _)| name == host))
}

fn clusters(host: &VirtualHost) -> Value {
    let forwards = host.routes.iter().filter_map(|route| match &route.action {
        RouteAction::Forward(forward) => Some(forward),
        _ => None,
    });
    let names =
        forwards.flat_map(|forward| &forward.upstreams).map(|weighted| names::upstream(&weighted.upstream));
    json!(names.collect::<Vec<_>>())
}

/// The inbound upstreams that ports have, each with something about it.
fn inbound(proxy: &ProxyPlan, about: impl Fn(&Upstream) -> Value) -> Value {
    let of_port = |upstream: &&Upstream| matches!(upstream.name, UpstreamName::Inbound { .. });
    let found: BTreeMap<String, Value> = proxy
        .upstreams
        .iter()
        .map(AsRef::as_ref)
        .filter(of_port)
        .map(|upstream| (names::upstream(&upstream.name), about(upstream)))
        .collect();
    json!(found)
}

/// Endpoints as texts; null where the dialled address and port are the endpoint. The dialled address is that of the pod, so a
/// port of it that is dialled instead is what istiod writes as an endpoint.
fn endpoints(upstream: &Upstream, address: &str) -> Value {
    let text = |address: &EndpointAddress| match address {
        EndpointAddress::Ip(ip, port) => format!("{ip}:{port}"),
        EndpointAddress::Name(name, port) => format!("{name}:{port}"),
        EndpointAddress::Unix(path) => path.clone(),
    };
    match &upstream.discovery {
        Discovery::Static(groups) => {
            let endpoints = groups.iter().flat_map(|group| &group.endpoints);
            json!(endpoints.map(|endpoint| text(&endpoint.address)).collect::<Vec<_>>())
        }
        Discovery::OriginalDestination { port_override: Some(port) } => json!([format!("{address}:{port}")]),
        _ => Value::Null,
    }
}

fn differences(what: &str, expected: &Value, found: &Value) -> Option<String> {
    let nothing = json!({});
    let expected = if expected.is_null() { &nothing } else { expected };
    (expected != found).then(|| format!("{what} are {found}, expected {expected}"))
}
