//! Service ports that lead to each workload (translation-spec §0.7).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use meshc_api::{Resource, ResourceSet, istio};

use super::by_labels::ByLabels;
use super::endpoints::{pod_ports, service_selection, target_port};
use super::registry::Services;
use super::service_entries::reference;
use crate::{EndpointPlace, Protocol, Registry, Service, ServiceTarget, Workload};

/// Targets by position of the workload.
pub(super) struct Targets {
    found: Vec<Vec<ServiceTarget>>,
}

/// The targets of all workloads, for each one sorted by creation and host of the service.
pub(super) fn find(
    resources: &ResourceSet,
    services: &Services,
    workloads: &[Arc<Workload>],
    by_labels: &ByLabels<'_>,
) -> Vec<Vec<ServiceTarget>> {
    let mut targets = Targets { found: workloads.iter().map(|_| Vec::new()).collect() };
    for service in services.merged.iter().filter(|service| service.registry == Registry::Kubernetes) {
        if service.selector.is_empty() {
            continue;
        }
        for position in service_selection(workloads, by_labels, service.namespace(), &service.selector) {
            if let Some(workload) = workloads.get(position) {
                targets.add(position, of_service(service, workload));
            }
        }
    }
    let of_object: BTreeMap<(&str, &str, &str), &Arc<Service>> = services
        .registry
        .iter()
        .filter(|service| service.has_workload_selector)
        .map(|service| ((service.namespace(), service.object.name.as_str(), service.host()), service))
        .collect();
    for object in &resources.service_entries {
        targets.add_selected(object, &of_object, workloads, by_labels);
    }
    targets.add_addressed(services, workloads);
    targets.sorted()
}

impl Targets {
    fn add(&mut self, position: usize, targets: Vec<ServiceTarget>) {
        if let Some(list) = self.found.get_mut(position) {
            list.extend(targets);
        }
    }

    fn add_selected(
        &mut self,
        object: &Resource<istio::ServiceEntry>,
        services: &BTreeMap<(&str, &str, &str), &Arc<Service>>,
        workloads: &[Arc<Workload>],
        by_labels: &ByLabels<'_>,
    ) {
        let Some(selector) = &object.spec.workload_selector else { return };
        for host in &object.spec.hosts {
            let reference = reference(object, host);
            let key = (object.namespace(), object.name(), reference.host.as_str());
            let Some(service) = services.get(&key).copied() else { continue };
            for position in by_labels.select(object.namespace(), &selector.labels) {
                if let Some(workload) = workloads.get(position) {
                    let ports = pod_ports(&object.spec, workload);
                    let target = |port: &crate::ServicePort| {
                        let target_port = *ports.get(&port.name)?;
                        Some(ServiceTarget { service: Arc::clone(service), port: port.clone(), target_port })
                    };
                    let targets = service.ports.iter().filter_map(target).collect();
                    self.add(position, targets);
                }
            }
        }
    }

    /// A pod whose address the tree states serves what endpoints with that address stand for, within its namespace.
    fn add_addressed(&mut self, services: &Services, workloads: &[Arc<Workload>]) {
        let by_address: BTreeMap<(&str, IpAddr), usize> = workloads
            .iter()
            .enumerate()
            .filter_map(|(position, workload)| Some(((workload.namespace(), workload.address?), position)))
            .collect();
        let stated = |service: &&Arc<Service>| match service.registry {
            Registry::Kubernetes => service.selector.is_empty(),
            Registry::External => !service.has_workload_selector,
        };
        for service in services.merged.iter().filter(stated) {
            for endpoint in &service.endpoints {
                let EndpointPlace::Ip(address) = endpoint.place else { continue };
                let Some(position) = by_address.get(&(service.namespace(), address)) else { continue };
                let target = |port: &crate::ServicePort| {
                    let target_port = *endpoint.ports.get(&port.number)?;
                    Some(ServiceTarget { service: Arc::clone(service), port: port.clone(), target_port })
                };
                self.add(*position, service.ports.iter().filter_map(target).collect());
            }
        }
    }

    fn sorted(self) -> Vec<Vec<ServiceTarget>> {
        let mut found = self.found;
        for list in &mut found {
            list.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        }
        found
    }
}

/// Ports of a Service that lead to a workload; of two with the same port and protocol of the workload, the first.
fn of_service(service: &Arc<Service>, workload: &Workload) -> Vec<ServiceTarget> {
    let mut seen: BTreeSet<(u16, Protocol)> = BTreeSet::new();
    let mut targets = Vec::new();
    for port in &service.ports {
        let udp = port.protocol == Protocol::Udp;
        let Some(target_port) = target_port(workload, &port.target, port.number, udp) else { continue };
        if seen.insert((target_port, port.protocol)) {
            targets.push(ServiceTarget { service: Arc::clone(service), port: port.clone(), target_port });
        }
    }
    targets
}

#[cfg(test)]
mod tests {
    use crate::fixture::{deployment, istio, resolve, service};

    #[test]
    fn a_pod_with_a_known_address_serves_the_endpoints_that_have_it() {
        let pod = |namespace: &str| {
            format!(
                "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: vm, namespace: {namespace}}}\n\
                 spec: {{containers: [{{name: app}}]}}\nstatus: {{podIP: 192.0.2.1}}\n"
            )
        };
        let entry = "{hosts: [vm.example], location: MESH_INTERNAL, resolution: STATIC, \
                      endpoints: [{address: 192.0.2.1}, {address: 192.0.2.2}], \
                      ports: [{number: 90, name: http, protocol: HTTP, targetPort: 9090}]}";
        let entry = istio("networking", "ServiceEntry", "ns", "vm", entry);
        let fixture = resolve(&[pod("ns"), pod("other"), entry].concat());
        let targets = &fixture.workload("ns.vm").targets;
        let ports: Vec<_> = targets.iter().map(|target| (target.port.number, target.target_port)).collect();
        assert_eq!(ports, [(90, 9090)]);
        assert!(fixture.workload("other.vm").targets.is_empty());
    }

    #[test]
    fn targets_are_sorted_by_host_and_have_each_port_of_the_workload_once() {
        let entry = "{hosts: [aaa.example], location: MESH_INTERNAL, resolution: STATIC, workloadSelector: {labels: {app: web}}, \
                      ports: [{number: 90, name: http, protocol: HTTP}]}";
        let second = service(
            "ns",
            "abc",
            "{name: http, port: 82, targetPort: absent}, {name: tcp, port: 83, targetPort: 8080}",
        );
        let fixture = resolve(
            &[
                deployment("ns", "web"),
                service("ns", "web", "{name: http, port: 80, targetPort: http}, {name: http-again, port: 81, targetPort: 8080}"),
                second.replace("app: abc", "app: web"),
                istio("networking", "ServiceEntry", "ns", "aaa", entry),
            ]
            .concat(),
        );
        let targets = &fixture.workload("ns.web").targets;
        let text = |target: &crate::ServiceTarget| {
            format!("{}:{}→{}", target.service.host(), target.port.number, target.target_port)
        };
        assert_eq!(
            targets.iter().map(text).collect::<Vec<_>>(),
            ["aaa.example:90→8080", "abc.ns.svc.cluster.local:83→8080", "web.ns.svc.cluster.local:80→8080"]
        );
    }
}
