//! What stands behind each egress listener (translation-spec §2.2.2).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_api::{Resource, istio};
use meshc_contract::ServiceRef;

use super::EgressScope;
use super::egress_hosts::{EgressHosts, HostSet};
use crate::virtual_services::has_gateway_semantics;
use crate::{Mesh, Protocol, Registry, Service};

/// The listeners of a proxy, in the order of its Sidecar.
pub(super) fn listeners(
    mesh: &Mesh,
    namespace: &str,
    sidecar: Option<&Resource<istio::Sidecar>>,
) -> Vec<EgressScope> {
    let stated = sidecar.map_or(&[][..], |sidecar| &sidecar.spec.egress);
    if stated.is_empty() {
        return vec![listener(mesh, namespace, None, &EgressHosts::everything())];
    }
    let one = |stated| listener(mesh, namespace, Some(stated), &EgressHosts::new(stated, namespace));
    stated.iter().map(one).collect()
}

/// The port that services must have to stand behind a listener; HTTP proxies serve all ports.
pub(super) fn required_port(listener: Option<&istio::IstioEgressListener>) -> Option<u16> {
    let port = listener?.port.as_ref()?;
    let protocol = port.protocol.as_deref().map_or(Protocol::Unsupported, Protocol::parse);
    let number = port.number.and_then(|number| u16::try_from(number).ok()).filter(|number| *number != 0);
    number.filter(|_| protocol != Protocol::HttpProxy)
}

/// The service with only this port, if it has it.
pub(super) fn with_port(service: &Arc<Service>, port: u16) -> Option<Arc<Service>> {
    let found = service.port(port)?;
    if service.ports.len() == 1 {
        return Some(Arc::clone(service));
    }
    let ports = vec![found.clone()];
    Some(Arc::new(Service { ports, ..Service::clone(service) }))
}

fn listener(
    mesh: &Mesh,
    namespace: &str,
    listener: Option<&istio::IstioEgressListener>,
    hosts: &EgressHosts,
) -> EgressScope {
    let port = required_port(listener);
    let mut services = Vec::new();
    for service in mesh.index.services.seen_from(namespace) {
        let Some(set) = hosts.importing(service.namespace(), service.host()) else { continue };
        let service = match port {
            Some(port) => with_port(service, port),
            None => Some(Arc::clone(service)),
        };
        services.extend(service.map(|service| with_aliases(service, set)));
    }
    keep_one_namespace(&mut services, namespace);
    EgressScope {
        listener: listener.cloned(),
        services,
        virtual_services: virtual_services(mesh, namespace, hosts),
    }
}

/// Only aliases that are imported themselves count.
fn with_aliases(service: Arc<Service>, set: &HostSet) -> Arc<Service> {
    if service.aliases.iter().all(|alias| set.holds(&alias.host)) {
        return service;
    }
    let aliases: Vec<ServiceRef> =
        service.aliases.iter().filter(|alias| set.holds(&alias.host)).cloned().collect();
    Arc::new(Service { aliases, ..Service::clone(&service) })
}

/// A host that several namespaces define counts from one of them: the first one, unless the proxy's own namespace
/// has it, or a Kubernetes Service has it and the first one is none.
fn keep_one_namespace(services: &mut Vec<Arc<Service>>, namespace: &str) {
    let mut chosen: BTreeMap<String, (String, Registry)> = BTreeMap::new();
    let mut contested = false;
    for service in services.iter() {
        let mine = (service.namespace().to_owned(), service.registry);
        match chosen.get_mut(service.host()) {
            None => {
                chosen.insert(service.host().to_owned(), mine);
            }
            Some(current) if current.0 != mine.0 => {
                contested = true;
                let outranks = mine.1 == Registry::Kubernetes && current.1 != Registry::Kubernetes;
                if mine.0 == namespace || (outranks && current.0 != namespace) {
                    *current = mine;
                }
            }
            Some(_) => {}
        }
    }
    if contested {
        services.retain(|service| {
            chosen.get(service.host()).is_some_and(|(namespace, _)| namespace == service.namespace())
        });
    }
}

fn virtual_services(
    mesh: &Mesh,
    namespace: &str,
    hosts: &EgressHosts,
) -> Vec<Arc<Resource<istio::VirtualService>>> {
    let Some(index) = mesh.index.virtual_services.get("mesh") else { return Vec::new() };
    let lists: [Vec<_>; 2] = [index.special(namespace).collect(), index.public().iter().collect()];
    let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut chosen = Vec::new();
    for list in &lists {
        // Routes of the Gateway API in the proxy's own namespace override those of others.
        let own_route =
            |vs: &Resource<istio::VirtualService>| has_gateway_semantics(vs) && vs.namespace() == namespace;
        for first in [true, false] {
            for virtual_service in list.iter().filter(|vs| own_route(vs) == first) {
                let covered = has_gateway_semantics(virtual_service);
                let hosts_of = &virtual_service.spec.hosts;
                if hosts.imports_virtual_service(virtual_service.namespace(), hosts_of, covered)
                    && seen.insert((virtual_service.namespace(), virtual_service.name()))
                {
                    chosen.push(Arc::clone(virtual_service));
                }
            }
        }
    }
    chosen
}
