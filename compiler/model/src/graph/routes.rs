//! Where VirtualServices send traffic.

use std::sync::Arc;

use meshc_api::{Resource, istio};

use super::condition;
use crate::graph::{Node, Relation, Route, ServiceGraph};
use crate::hosts::host_matches;
use crate::virtual_services::gateways;
use crate::{Mesh, Service, WorkloadRole};

type VirtualService = Arc<Resource<istio::VirtualService>>;

/// Adds them.
pub(super) fn add(mesh: &Mesh, graph: &mut ServiceGraph) {
    for virtual_service in &mesh.virtual_services {
        if gateways(virtual_service).any(|gateway| gateway == "mesh") {
            for host in &virtual_service.spec.hosts {
                let from = node(service(mesh, virtual_service.namespace(), host), host);
                add_routes(mesh, graph, &from, virtual_service, host, "mesh");
            }
        }
    }
    for workload in mesh.workloads.values().filter(|workload| workload.proxy == Some(WorkloadRole::Gateway)) {
        let from = Node::Gateway(workload.reference.clone());
        for gateway in mesh.gateways_for(workload) {
            let name = format!("{}/{}", gateway.namespace(), gateway.name());
            for virtual_service in mesh.gateway_virtual_services(workload, &name) {
                for host in &virtual_service.spec.hosts {
                    if is_served(&gateway.spec, host) {
                        add_routes(mesh, graph, &from, &virtual_service, host, &name);
                    }
                }
            }
        }
    }
}

/// Whether a server of a Gateway has the host.
fn is_served(gateway: &istio::Gateway, host: &str) -> bool {
    let mut hosts = gateway.servers.iter().flat_map(|server| &server.hosts);
    hosts.any(|served| {
        let name = served.split_once('/').map_or(served.as_str(), |(_, name)| name);
        host_matches(name, host)
    })
}

/// The service that a namespace means by a host.
fn service<'a>(mesh: &'a Mesh, namespace: &str, host: &str) -> Option<&'a Arc<Service>> {
    mesh.index.by_host.best_for(&host.to_lowercase(), namespace)
}

/// The node of a host.
fn node(service: Option<&Arc<Service>>, host: &str) -> Node {
    service.map_or_else(|| Node::Host(host.to_owned()), |service| Node::Service(service.reference.clone()))
}

/// Where requests of one rule go.
struct Target<'a> {
    destination: Option<&'a istio::Destination>,
    share: Option<u32>,
    mirror: bool,
}

fn add_routes(
    mesh: &Mesh,
    graph: &mut ServiceGraph,
    from: &Node,
    virtual_service: &VirtualService,
    host: &str,
    gateway: &str,
) {
    let spec = &virtual_service.spec;
    let mut add = |rule: usize, condition: String, targets: Vec<Target<'_>>| {
        for target in targets {
            let Some(destination) = target.destination else { continue };
            let Some(to) = destination.host.as_deref().filter(|host| !host.is_empty()) else { continue };
            let service = service(mesh, virtual_service.namespace(), to);
            let several_ports = service.is_none_or(|service| service.ports.len() > 1);
            let port = destination.port.as_ref().and_then(|port| u16::try_from(port.number?).ok());
            let route = Route {
                object: virtual_service.object_ref(),
                rule,
                host: host.to_owned(),
                condition: condition.clone(),
                subset: destination.subset.clone().filter(|subset| !subset.is_empty()),
                port: port.filter(|_| several_ports),
                share: target.share,
                mirror: target.mirror,
            };
            graph.connect(from.clone(), node(service, to), Relation::Routes(route));
        }
    };
    for (rule, route) in spec.http.iter().enumerate() {
        if let Some(condition) = condition::http(&route.r#match, gateway) {
            add(rule, condition, http_targets(route));
        }
    }
    let tcp = spec.tcp.iter().map(|route| (condition::tcp(&route.r#match, gateway), &route.route));
    let tls = spec.tls.iter().map(|route| (condition::tls(&route.r#match, gateway), &route.route));
    for (rule, (condition, routes)) in tcp.chain(tls).enumerate() {
        if let Some(condition) = condition {
            add(rule, condition, weighted(routes));
        }
    }
}

fn http_targets(route: &istio::HttpRoute) -> Vec<Target<'_>> {
    let weights: Vec<i32> = route.route.iter().map(|to| to.weight.unwrap_or(0)).collect();
    let targets = route.route.iter().enumerate().map(|(index, to)| Target {
        destination: to.destination.as_ref(),
        share: share(&weights, index),
        mirror: false,
    });
    let mirrors =
        route.mirror.iter().chain(route.mirrors.iter().filter_map(|mirror| mirror.destination.as_ref()));
    let mirrors = mirrors.map(|to| Target { destination: Some(to), share: None, mirror: true });
    targets.chain(mirrors).collect()
}

fn weighted(routes: &[istio::RouteDestination]) -> Vec<Target<'_>> {
    let weights: Vec<i32> = routes.iter().map(|to| to.weight.unwrap_or(0)).collect();
    routes
        .iter()
        .enumerate()
        .map(|(index, to)| Target {
            destination: to.destination.as_ref(),
            share: share(&weights, index),
            mirror: false,
        })
        .collect()
}

/// Share of one destination in whole per cent; `None` where it is the only one.
fn share(weights: &[i32], index: usize) -> Option<u32> {
    if weights.len() < 2 {
        return None;
    }
    let of = |weight: &i32| u64::from(u32::try_from(*weight).unwrap_or(0));
    let sum: u64 = weights.iter().map(of).sum();
    (weights.get(index).map_or(0, of) * 100).checked_div(sum).and_then(|share| u32::try_from(share).ok())
}
