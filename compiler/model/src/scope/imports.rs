//! The services that a proxy has upstreams for: what its listeners import and what their VirtualServices lead to
//! (translation-spec §2.2.3).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_api::{Resource, istio};

use super::EgressScope;
use super::egress::{required_port, with_port};
use crate::endpoint::add_ports;
use crate::{Mesh, Registry, Service, ServicePort};

/// One service for each host: first those that a listener imports, then those that its VirtualServices lead to.
pub(super) fn union(mesh: &Mesh, namespace: &str, egress: &[EgressScope]) -> Vec<Arc<Service>> {
    let mut union = Union::default();
    for listener in egress {
        for service in &listener.services {
            union.add(service);
        }
        for service in inferred(mesh, namespace, listener) {
            union.add(&service);
        }
    }
    union.services
}

#[derive(Default)]
struct Union {
    services: Vec<Arc<Service>>,
    by_host: BTreeMap<String, usize>,
}

impl Union {
    fn add(&mut self, service: &Arc<Service>) {
        let Some(index) = self.by_host.get(service.host()).copied() else {
            self.by_host.insert(service.host().to_owned(), self.services.len());
            self.services.push(Arc::clone(service));
            return;
        };
        let Some(existing) = self.services.get_mut(index) else { return };
        if existing.registry != Registry::Kubernetes && service.registry == Registry::Kubernetes {
            *existing = Arc::clone(service);
        } else if mergeable(existing, service) {
            merge_ports(existing, service);
        }
    }
}

/// Whether two services of one host are parts of the same one, so that their ports add up.
fn mergeable(a: &Service, b: &Service) -> bool {
    a.namespace() == b.namespace()
        && a.resolution == b.resolution
        && a.registry == b.registry
        && a.labels == b.labels
        && a.selector == b.selector
        && a.export_to == b.export_to
}

fn merge_ports(existing: &mut Arc<Service>, service: &Service) {
    let new: Vec<ServicePort> =
        service.ports.iter().filter(|port| existing.port(port.number).is_none()).cloned().collect();
    if !new.is_empty() {
        let numbers = new.iter().map(|port| port.number).collect();
        let existing = Arc::make_mut(existing);
        existing.ports.extend(new);
        add_ports(&mut existing.endpoints, &service.endpoints, &numbers);
    }
}

/// Services that the VirtualServices of a listener lead to.
fn inferred(mesh: &Mesh, namespace: &str, listener: &EgressScope) -> Vec<Arc<Service>> {
    let required = required_port(listener.listener.as_ref());
    let mut services = Vec::new();
    for virtual_service in &listener.virtual_services {
        for (host, ports) in destinations(virtual_service, namespace) {
            let Some(service) = mesh.index.by_host.best_for(&host, namespace) else { continue };
            let trimmed = match required {
                Some(port) => with_port(service, port),
                None => with_ports(service, &ports),
            };
            services.extend(trimmed);
        }
    }
    services
}

/// The service with the ports that destinations name; all of them if one destination names none.
fn with_ports(service: &Arc<Service>, ports: &BTreeSet<Option<u16>>) -> Option<Arc<Service>> {
    if ports.contains(&None) {
        return Some(Arc::clone(service));
    }
    let kept: Vec<ServicePort> =
        service.ports.iter().filter(|port| ports.contains(&Some(port.number))).cloned().collect();
    match kept.len() {
        0 => None,
        all if all == service.ports.len() => Some(Arc::clone(service)),
        _ => Some(Arc::new(Service { ports: kept, ..Service::clone(service) })),
    }
}

/// Hosts and ports that a VirtualService leads the clients of a namespace to, in the order of hosts.
fn destinations(
    virtual_service: &Resource<istio::VirtualService>,
    namespace: &str,
) -> BTreeMap<String, BTreeSet<Option<u16>>> {
    let mut found: BTreeMap<String, BTreeSet<Option<u16>>> = BTreeMap::new();
    let mut add = |destination: Option<&istio::Destination>| {
        let Some(destination) = destination else { return };
        let Some(host) = destination.host.as_ref().filter(|host| !host.is_empty()) else { return };
        let port = destination.port.as_ref().and_then(|port| port.number);
        found.entry(host.clone()).or_default().insert(port.and_then(|port| u16::try_from(port).ok()));
    };
    let from_here = |sources: &mut dyn Iterator<Item = Option<&str>>| {
        let mut any = false;
        for source in sources {
            if source.is_none_or(|source| source.is_empty() || source == namespace) {
                return true;
            }
            any = true;
        }
        !any
    };
    let spec = &virtual_service.spec;
    for route in &spec.http {
        if !from_here(&mut route.r#match.iter().map(|m| m.source_namespace.as_deref())) {
            continue;
        }
        route.route.iter().for_each(|to| add(to.destination.as_ref()));
        add(route.mirror.as_ref());
        route.mirrors.iter().for_each(|to| add(to.destination.as_ref()));
    }
    for route in &spec.tcp {
        if from_here(&mut route.r#match.iter().map(|m| m.source_namespace.as_deref())) {
            route.route.iter().for_each(|to| add(to.destination.as_ref()));
        }
    }
    for route in &spec.tls {
        if from_here(&mut route.r#match.iter().map(|m| m.source_namespace.as_deref())) {
            route.route.iter().for_each(|to| add(to.destination.as_ref()));
        }
    }
    found
}
