//! Endpoints of ServiceEntries.

use std::collections::BTreeMap;

use meshc_api::{Resource, istio};

use super::{Facts, registered};
use crate::labels::Labels;
use crate::resolve::registered::{RegisteredEndpoint, RegisteredEndpoints};
use crate::resolve::service_entries::{number, reference, resolution};
use crate::resolve::workload_entries::place;
use crate::{EndpointFact, EndpointPlace, Resolution, Workload};

/// Adds the endpoints of all ServiceEntries.
pub(super) fn add(facts: &Facts<'_>, endpoints: &mut RegisteredEndpoints) {
    for object in &facts.resources.service_entries {
        for host in &object.spec.hosts {
            let service = reference(object, host);
            let of_host = of_host(facts, object, &service.host);
            let of_host: Vec<_> = of_host.into_iter().map(|endpoint| numbered(object, endpoint)).collect();
            // istiod makes a service of each address and lists the endpoints of all of them.
            let times = object.spec.addresses.len().max(1);
            endpoints.add(&service, std::iter::repeat_n(of_host, times).flatten().collect());
        }
    }
}

/// An endpoint with its ports by the numbers of the entry's own ports.
fn numbered(object: &Resource<istio::ServiceEntry>, endpoint: RegisteredEndpoint) -> RegisteredEndpoint {
    let port = |port: &istio::ServicePort| {
        Some((number(port.number)?, *endpoint.ports.get(port.name.as_deref().unwrap_or_default())?))
    };
    let ports_by_number = object.spec.ports.iter().filter_map(port).collect();
    RegisteredEndpoint { ports_by_number, ..endpoint }
}

fn of_host(facts: &Facts<'_>, object: &Resource<istio::ServiceEntry>, host: &str) -> Vec<RegisteredEndpoint> {
    let spec = &object.spec;
    if let Some(selector) = &spec.workload_selector {
        return selected(facts, object, &selector.labels);
    }
    if spec.endpoints.is_empty() {
        let by_name = matches!(resolution(spec), Resolution::Dns | Resolution::DnsRoundRobin);
        return if by_name { vec![the_host_itself(facts, object, host)] } else { Vec::new() };
    }
    let make = facts.entry_endpoints();
    let one = |(index, entry): (usize, &istio::WorkloadEntry)| {
        let name = format!("{}-{index}", object.name());
        let fact = make.fact(object.namespace(), name, &entry.labels, entry);
        let ports = entry_ports(spec, entry, &fact.place);
        registered(fact, ports)
    };
    spec.endpoints.iter().enumerate().map(one).collect()
}

/// A host that is resolved by DNS and lists no endpoints is its own endpoint.
fn the_host_itself(
    facts: &Facts<'_>,
    object: &Resource<istio::ServiceEntry>,
    host: &str,
) -> RegisteredEndpoint {
    let entry = istio::WorkloadEntry::default();
    let name = object.name().to_owned();
    let fact = facts.entry_endpoints().fact(object.namespace(), name, &entry.labels, &entry);
    let ports = entry_ports(&object.spec, &entry, &fact.place);
    registered(EndpointFact { place: EndpointPlace::Name(host.to_owned()), mtls: false, ..fact }, ports)
}

fn entry_ports(
    spec: &istio::ServiceEntry,
    entry: &istio::WorkloadEntry,
    place: &EndpointPlace,
) -> BTreeMap<String, u16> {
    let socket = matches!(place, EndpointPlace::Unix(_));
    let port = |port: &istio::ServicePort| {
        let name = port.name.clone().unwrap_or_default();
        let own = entry.ports.get(&name).copied();
        let target = number(own).or_else(|| number(port.target_port)).or_else(|| number(port.number))?;
        Some((name, if socket { 0 } else { target }))
    };
    spec.ports.iter().filter_map(port).collect()
}

/// Pods, then WorkloadEntries, that a ServiceEntry selects, each by namespace and name.
fn selected(
    facts: &Facts<'_>,
    object: &Resource<istio::ServiceEntry>,
    selector: &Labels,
) -> Vec<RegisteredEndpoint> {
    let spec = &object.spec;
    let namespace = object.namespace();
    let by_name = matches!(resolution(spec), Resolution::Dns | Resolution::DnsRoundRobin);
    let make = facts.entry_endpoints();
    let mut endpoints = Vec::new();
    if facts.features.enable_service_entry_select_pods {
        let pods = facts.workloads_by_labels.select(namespace, selector);
        let pods = pods.filter_map(|position| facts.workloads.get(position));
        endpoints.extend(pods.map(|workload| registered(facts.pods(workload), pod_ports(spec, workload))));
    }
    let entries = facts.entries_by_labels.select(namespace, selector);
    for entry in entries.filter_map(|position| facts.entries.get(position)) {
        let address = place(entry.spec.address.as_deref().unwrap_or_default());
        // Names and sockets cannot stand beside addresses in a list that clients balance over.
        let fits = match &address {
            EndpointPlace::Ip(_) => true,
            EndpointPlace::Name(name) => by_name || name.is_empty(),
            EndpointPlace::Unix(_) | EndpointPlace::Workload(_) => by_name,
        };
        if fits {
            let fact = make.of_entry(entry);
            let ports = entry_ports(spec, entry.spec, &fact.place);
            endpoints.push(registered(fact, ports));
        }
    }
    endpoints
}

/// Ports of pods behind a ServiceEntry: a container port of the same name, else the target port.
pub(in crate::resolve) fn pod_ports(
    spec: &istio::ServiceEntry,
    workload: &Workload,
) -> BTreeMap<String, u16> {
    let port = |port: &istio::ServicePort| {
        let name = port.name.clone().unwrap_or_default();
        let container = workload.container_ports.iter().find(|own| !own.name.is_empty() && own.name == name);
        let target = container.map(|own| own.number);
        Some((name, target.or_else(|| number(port.target_port)).or_else(|| number(port.number))?))
    };
    spec.ports.iter().filter_map(port).collect()
}
