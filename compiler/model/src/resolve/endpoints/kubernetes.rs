//! Endpoints of Kubernetes Services that select.

use std::collections::BTreeMap;

use meshc_api::istio;
use meshc_api::kubernetes::{IntOrString, Protocol, Service, ServiceType};

use super::{Facts, registered, slices, target_port};
use crate::resolve::kubernetes_services::reference;
use crate::resolve::registered::{RegisteredEndpoint, RegisteredEndpoints};
use crate::{TargetPort, Workload};

/// Adds the endpoints of all Services.
pub(super) fn add(facts: &Facts<'_>, endpoints: &mut RegisteredEndpoints) {
    let written = slices::Written::new(facts.resources);
    for object in &facts.resources.services {
        if object.spec.service_type == ServiceType::ExternalName {
            continue;
        }
        let mut of_service = selected(facts, object.namespace(), &object.spec);
        if of_service.is_empty() {
            // What the tree does not select, slices of it may still tell.
            of_service =
                written.endpoints(facts, object.namespace(), object.name(), object.spec.is_headless());
        }
        endpoints.add(&reference(object, facts.options), of_service);
    }
}

fn selected(facts: &Facts<'_>, namespace: &str, spec: &Service) -> Vec<RegisteredEndpoint> {
    let mut endpoints = Vec::new();
    if spec.selector.is_empty() {
        return endpoints;
    }
    for workload in facts.selected_by_service(namespace, &spec.selector) {
        let ports = pod_ports(spec, workload);
        if !ports.is_empty() {
            endpoints.push(registered(facts.pods(workload), ports));
        }
    }
    if facts.features.enable_k8s_select_workload_entries {
        let make = facts.entry_endpoints();
        let entries = facts.entries_by_labels.select(namespace, &spec.selector);
        for entry in entries.filter_map(|position| facts.entries.get(position)) {
            let ports = entry_ports(spec, entry.spec);
            if !ports.is_empty() {
                endpoints.push(registered(make.of_entry(entry), ports));
            }
        }
    }
    endpoints
}

fn pod_ports(spec: &Service, workload: &Workload) -> BTreeMap<String, u16> {
    let port = |port: &meshc_api::kubernetes::ServicePort| {
        let target = target(port.target_port.as_ref());
        let number = target_port(workload, &target, port.port, port.protocol == Protocol::Udp)?;
        Some((port.name.clone().unwrap_or_default(), number))
    };
    spec.ports.iter().filter_map(port).collect()
}

fn target(port: Option<&IntOrString>) -> TargetPort {
    match port {
        Some(IntOrString::String(name)) if !name.is_empty() => TargetPort::Name(name.clone()),
        Some(number) => number.port().map_or(TargetPort::Same, TargetPort::Number),
        None => TargetPort::Same,
    }
}

/// Ports of a WorkloadEntry behind a Service: the entry names ports as the Service names its target, or itself.
fn entry_ports(spec: &Service, entry: &istio::WorkloadEntry) -> BTreeMap<String, u16> {
    let port = |port: &meshc_api::kubernetes::ServicePort| {
        let name = port.name.clone().unwrap_or_default();
        let stated = |name: &str| entry.ports.get(name).and_then(|number| u16::try_from(*number).ok());
        let number = match target(port.target_port.as_ref()) {
            TargetPort::Name(target) => stated(&target)?,
            TargetPort::Number(number) => stated(&name).unwrap_or(number),
            TargetPort::Same => stated(&name).unwrap_or(port.port),
        };
        Some((name, number))
    };
    spec.ports.iter().filter_map(port).collect()
}
