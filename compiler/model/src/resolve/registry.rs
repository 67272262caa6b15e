//! Puts services and endpoints together: order, aliases, services of one host (translation-spec §0.3, §0.4, §2.10).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_contract::ServiceRef;

use super::registered::{RegisteredEndpoint, RegisteredEndpoints};
use crate::endpoint::add_ports;
use crate::{EndpointFact, Registry, Resolution, Service, ServicePort};

/// The services of a mesh.
#[derive(Debug, Default)]
pub(super) struct Services {
    /// As istiod lists them: one for each object, host and address, oldest first, then by name and namespace.
    pub(super) registry: Vec<Arc<Service>>,
    /// One for each host and namespace, in the same order.
    pub(super) merged: Vec<Arc<Service>>,
}

/// Puts services and endpoints together.
pub(super) fn assemble(mut services: Vec<Service>, endpoints: &RegisteredEndpoints) -> Services {
    services.sort_by(|a, b| a.creation_key().cmp(&b.creation_key()));
    let aliases = aliases(&services);
    let mut assembled = Services::default();
    for mut service in services {
        if let Some(aliases) = aliases.get(service.host()) {
            service.aliases = aliases.iter().cloned().collect();
        }
        service.endpoints = of_service(&service, endpoints.of(&service.reference));
        assembled.registry.push(Arc::new(service));
    }
    assembled.merged = merge(&assembled.registry);
    assembled
}

/// Endpoints that have a port of the service. They are matched by the name of the port; where a cluster holds DNS names, istiod
/// matches them by its number, so that of two entries that call different ports alike, each keeps its own names.
fn of_service(service: &Service, endpoints: &[RegisteredEndpoint]) -> Vec<EndpointFact> {
    // An Envoy cluster that resolves one name at a time holds a single endpoint: the first object of the host wins a port.
    let single = service.resolution == Resolution::DnsRoundRobin;
    let by_number = matches!(service.resolution, Resolution::Dns | Resolution::DnsRoundRobin)
        && service.registry == Registry::External;
    let mut owners: BTreeMap<u16, usize> = BTreeMap::new();
    let mut facts = Vec::new();
    for endpoint in endpoints {
        let target = |port: &ServicePort| match by_number {
            true => endpoint.ports_by_number.get(&port.number),
            false => endpoint.ports.get(&port.name),
        };
        let port = |port: &ServicePort| Some((port.number, *target(port)?));
        let mut ports: BTreeMap<u16, u16> = service.ports.iter().filter_map(port).collect();
        if single {
            ports.retain(|number, _| *owners.entry(*number).or_insert(endpoint.source) == endpoint.source);
        }
        if !ports.is_empty() {
            facts.push(EndpointFact { ports, ..endpoint.fact.clone() });
        }
    }
    facts
}

/// All other names of each concrete host, through every hop.
fn aliases(services: &[Service]) -> BTreeMap<String, BTreeSet<ServiceRef>> {
    let stated: Vec<(&ServiceRef, &str)> = services
        .iter()
        .filter_map(|service| Some((&service.reference, service.external_name.as_deref()?)))
        .collect();
    let by_host: BTreeMap<&str, &str> =
        stated.iter().map(|(alias, target)| (alias.host.as_str(), *target)).collect();
    let mut found: BTreeMap<String, BTreeSet<ServiceRef>> = BTreeMap::new();
    for (alias, target) in &stated {
        if let Some(concrete) = follow(&by_host, &alias.host, target) {
            found.entry(concrete.to_owned()).or_default().insert((*alias).clone());
        }
    }
    found
}

/// The host at the end of a chain of aliases; `None` for one that leads back to itself, which no DNS server answers.
fn follow<'a>(by_host: &BTreeMap<&'a str, &'a str>, alias: &'a str, target: &'a str) -> Option<&'a str> {
    let mut seen = BTreeSet::from([alias]);
    let mut host = target;
    while let Some(next) = by_host.get(host) {
        if !seen.insert(host) {
            return None;
        }
        host = next;
    }
    Some(host)
}

/// One service for each host and namespace: a Kubernetes Service if there is one, else all ServiceEntries in one.
fn merge(registry: &[Arc<Service>]) -> Vec<Arc<Service>> {
    let mut merged: Vec<Arc<Service>> = Vec::new();
    let mut positions: BTreeMap<&ServiceRef, usize> = BTreeMap::new();
    for service in registry {
        let Some(existing) = positions.get(&service.reference).and_then(|at| merged.get_mut(*at)) else {
            positions.insert(&service.reference, merged.len());
            merged.push(Arc::clone(service));
            continue;
        };
        match (existing.registry, service.registry) {
            (Registry::External, Registry::Kubernetes) => *existing = Arc::clone(service),
            (Registry::Kubernetes, _) => {}
            (Registry::External, Registry::External) => join(Arc::make_mut(existing), service),
        }
    }
    merged
}

fn join(service: &mut Service, other: &Service) {
    for address in &other.addresses {
        if !service.addresses.contains(address) {
            service.addresses.push(address.clone());
        }
    }
    let new: Vec<ServicePort> =
        other.ports.iter().filter(|port| service.port(port.number).is_none()).cloned().collect();
    let numbers = new.iter().map(|port| port.number).collect();
    service.ports.extend(new);
    add_ports(&mut service.endpoints, &other.endpoints, &numbers);
    for name in &other.subject_alt_names {
        if !service.subject_alt_names.contains(name) {
            service.subject_alt_names.push(name.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{istio, resolve, service};

    fn external_name(name: &str, target: &str) -> String {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: ns}}\nspec: {{type: ExternalName, externalName: {target}}}\n"
        )
    }

    #[test]
    fn aliases_are_followed_to_the_end_and_circles_are_none() {
        let fixture = resolve(
            &[
                service("ns", "real", "{name: http, port: 80}"),
                external_name("one", "real.ns.svc.cluster.local"),
                external_name("two", "one.ns.svc.cluster.local"),
                external_name("left", "right.ns.svc.cluster.local"),
                external_name("right", "left.ns.svc.cluster.local"),
            ]
            .concat(),
        );
        let real = fixture.mesh.services.iter().find(|service| service.name == "real").unwrap();
        let hosts: Vec<_> = real.aliases.iter().map(|alias| alias.host.as_str()).collect();
        assert_eq!(hosts, ["one.ns.svc.cluster.local", "two.ns.svc.cluster.local"]);
        let circle = fixture.mesh.services.iter().filter(|service| service.name == "left");
        assert!(circle.clone().count() == 1 && circle.into_iter().all(|service| service.aliases.is_empty()));
    }

    fn entry(name: &str, spec: &str) -> String {
        istio("networking", "ServiceEntry", "ns", name, &format!("{{hosts: [a.example], {spec}}}"))
    }

    #[test]
    fn entries_of_one_host_pool_ports_addresses_and_endpoints() {
        let fixture = resolve(
            &[
                entry("one", "resolution: DNS, addresses: [192.0.2.1], ports: [{number: 80, name: http, protocol: HTTP}]"),
                entry("two", "resolution: DNS, addresses: [192.0.2.2], endpoints: [{address: b.example}], ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}]"),
            ]
            .concat(),
        );
        let [service] = &fixture.mesh.services[..] else { panic!("one host is one service") };
        assert_eq!(service.addresses, ["192.0.2.1", "192.0.2.2"]);
        let ports: Vec<Vec<u16>> =
            service.endpoints.iter().map(|endpoint| endpoint.ports.keys().copied().collect()).collect();
        assert_eq!(ports, [vec![80], vec![80, 443]]);
    }

    #[test]
    fn entries_that_call_different_ports_alike_keep_their_names_apart() {
        let fixture = resolve(
            &[
                entry("one", "resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]"),
                entry("two", "resolution: DNS, ports: [{number: 8080, name: http, protocol: HTTP}]"),
            ]
            .concat(),
        );
        let endpoints = &fixture.mesh.services[0].endpoints;
        let ports: Vec<Vec<u16>> =
            endpoints.iter().map(|endpoint| endpoint.ports.keys().copied().collect()).collect();
        assert_eq!(ports, [vec![80], vec![8080]]);
    }

    #[test]
    fn of_entries_that_resolve_one_name_at_a_time_the_first_keeps_its_ports() {
        let ports = "ports: [{number: 80, name: http, protocol: HTTP}]";
        let fixture = resolve(
            &[
                entry(
                    "one",
                    &format!("resolution: DNS_ROUND_ROBIN, endpoints: [{{address: one.example}}], {ports}"),
                ),
                entry(
                    "two",
                    &format!("resolution: DNS_ROUND_ROBIN, endpoints: [{{address: two.example}}], {ports}"),
                ),
            ]
            .concat(),
        );
        assert_eq!(fixture.mesh.services[0].endpoints.len(), 1);
    }

    #[test]
    fn a_kubernetes_service_wins_its_host_and_gets_the_endpoints_of_both() {
        let host = "resolution: STATIC, location: MESH_INTERNAL, endpoints: [{address: 192.0.2.9}], ports: [{number: 80, name: http, protocol: HTTP}]";
        let spec = format!("{{hosts: [web.ns.svc.cluster.local], {host}}}");
        let fixture = resolve(
            &[
                service("ns", "web", "{name: http, port: 80}"),
                istio("networking", "ServiceEntry", "ns", "vm", &spec),
            ]
            .concat(),
        );
        let [service] = &fixture.mesh.services[..] else { panic!("one host is one service") };
        assert_eq!((service.registry, service.endpoints.len()), (crate::Registry::Kubernetes, 1));
    }
}
