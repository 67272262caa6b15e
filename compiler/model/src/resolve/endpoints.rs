//! Endpoints of services, as far as the tree tells (translation-spec §0.3, §9.1).

mod external;
mod kubernetes;
mod slices;

pub(super) use external::pod_ports;

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_api::mesh_config::MeshConfig;
use meshc_api::{IstiodFeatures, ResourceSet};

use super::by_labels::ByLabels;
use super::registered::{RegisteredEndpoint, RegisteredEndpoints};
use super::surroundings::{NETWORK, Surroundings, augmented};
use super::workload_entries::{Endpoints as EntryEndpoints, Entry};
use crate::labels::{Labels, has_pod, without_pod_labels};
use crate::{EndpointFact, EndpointPlace, Options, TargetPort, Workload};

/// What endpoints are made of.
pub(super) struct Facts<'a> {
    pub(super) resources: &'a ResourceSet,
    pub(super) config: &'a MeshConfig,
    pub(super) features: &'a IstiodFeatures,
    pub(super) options: &'a Options,
    pub(super) surroundings: &'a Surroundings<'a>,
    pub(super) workloads: &'a [Arc<Workload>],
    pub(super) workloads_by_labels: &'a ByLabels<'a>,
    pub(super) entries: &'a [Entry<'a>],
    pub(super) entries_by_labels: &'a ByLabels<'a>,
}

impl Facts<'_> {
    /// All endpoints. Those of ServiceEntries come before those of Services, as istiod orders its registries.
    pub(super) fn endpoints(&self) -> RegisteredEndpoints {
        let mut endpoints = RegisteredEndpoints::default();
        external::add(self, &mut endpoints);
        kubernetes::add(self, &mut endpoints);
        endpoints
    }

    /// Workloads of a namespace that a Service selects.
    fn selected_by_service(&self, namespace: &str, selector: &Labels) -> Vec<&Arc<Workload>> {
        let positions = service_selection(self.workloads, self.workloads_by_labels, namespace, selector);
        positions.into_iter().filter_map(|position| self.workloads.get(position)).collect()
    }

    fn entry_endpoints(&self) -> EntryEndpoints<'_> {
        EntryEndpoints { config: self.config, options: self.options }
    }

    /// The endpoint that stands for the pods of a workload, without ports.
    fn pods(&self, workload: &Workload) -> EndpointFact {
        let stated = workload.labels.get(NETWORK).map(String::as_str).filter(|network| !network.is_empty());
        let network = stated.or_else(|| self.surroundings.network(workload.address));
        let cluster = self.options.cluster_id.as_str();
        EndpointFact {
            place: EndpointPlace::Workload(workload.reference.clone()),
            ports: BTreeMap::new(),
            labels: augmented(&workload.labels, workload.locality.as_deref(), network, cluster),
            mtls: workload.labels.get("security.istio.io/tlsMode").is_some_and(|mode| mode == "istio"),
            identity: Some(workload.identity.clone()),
            locality: workload.locality.clone(),
            weight: None,
            ready: true,
            replicas: workload.replicas,
            network: network.map(str::to_owned),
            namespace: workload.namespace().to_owned(),
            workload_name: Some(workload.workload_name().to_owned()),
        }
    }
}

/// Positions of the workloads that a Service of a namespace selects.
pub(super) fn service_selection(
    workloads: &[Arc<Workload>],
    by_labels: &ByLabels<'_>,
    namespace: &str,
    selector: &Labels,
) -> Vec<usize> {
    let Some(rest) = without_pod_labels(selector) else {
        return by_labels.select(namespace, selector).collect();
    };
    let of_stateful_set = |position: &usize| {
        let workload = workloads.get(*position);
        workload.is_some_and(|workload| {
            workload.object.kind == "StatefulSet" && has_pod(&workload.object.name, selector)
        })
    };
    by_labels.select(namespace, &rest).filter(of_stateful_set).collect()
}

/// The port of a workload that a service port leads to; `None` where no container has a port of the name.
pub(super) fn target_port(workload: &Workload, target: &TargetPort, number: u16, udp: bool) -> Option<u16> {
    match target {
        TargetPort::Same => Some(number),
        TargetPort::Number(target) => Some(*target),
        TargetPort::Name(name) => {
            let protocol = if udp { "UDP" } else { "TCP" };
            let mut ports = workload.container_ports.iter();
            ports.find(|port| port.name == *name && port.protocol == protocol).map(|port| port.number)
        }
    }
}

fn registered(fact: EndpointFact, ports: BTreeMap<String, u16>) -> RegisteredEndpoint {
    RegisteredEndpoint { fact, ports, ports_by_number: BTreeMap::new(), source: 0 }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{deployment, resolve, service};
    use crate::{EndpointPlace, Service};

    fn only(yaml: &str) -> Service {
        Service::clone(&resolve(yaml).mesh.services[0])
    }

    #[test]
    fn a_named_target_port_is_that_of_each_workload() {
        let other =
            deployment("ns", "v2").replace("labels: {app: v2", "labels: {app: web").replace("8080", "9090");
        let unnamed = deployment("ns", "v3")
            .replace("labels: {app: v3", "labels: {app: web")
            .replace("name: http, ", "");
        let found = only(
            &[
                service("ns", "web", "{name: http, port: 80, targetPort: http}"),
                deployment("ns", "web"),
                other,
                unnamed,
            ]
            .concat(),
        );
        let ports: Vec<_> = found.endpoints.iter().map(|endpoint| endpoint.ports.get(&80).copied()).collect();
        assert_eq!(ports, [Some(9090), Some(8080)]);
    }

    #[test]
    fn endpoints_written_by_hand_are_for_services_that_select_nothing() {
        let bare =
            service("ns", "web", "{name: http, port: 80}").replace("selector: {app: web}", "selector: {}");
        let slice = "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n\
                     metadata: {name: s, namespace: ns, labels: {kubernetes.io/service-name: web}}\naddressType: IPv4\n\
                     ports: [{name: http, port: 8080}]\n\
                     endpoints: [{addresses: [192.0.2.1]}, {addresses: [192.0.2.2], conditions: {ready: false}}]\n";
        let places =
            |yaml: &str| only(yaml).endpoints.into_iter().map(|endpoint| endpoint.place).collect::<Vec<_>>();
        assert_eq!(places(&format!("{bare}{slice}")), [EndpointPlace::Ip([192, 0, 2, 1].into())]);
        let selecting = service("ns", "web", "{name: http, port: 80}");
        assert_eq!(places(&format!("{selecting}{slice}")), [EndpointPlace::Ip([192, 0, 2, 1].into())]);
        let pods = places(&format!("{selecting}{slice}{}", deployment("ns", "web")));
        assert!(matches!(pods[..], [EndpointPlace::Workload(_)]));
        let headless = bare.replace("selector: {}", "clusterIP: None\n  selector: {}");
        let ready: Vec<bool> =
            only(&format!("{headless}{slice}")).endpoints.iter().map(|endpoint| endpoint.ready).collect();
        assert_eq!(ready, [true, false]);
        let endpoints = "---\napiVersion: v1\nkind: Endpoints\nmetadata: {name: web, namespace: ns}\n\
                         subsets: [{addresses: [{ip: 192.0.2.3}], ports: [{name: http, port: 8080}]}]\n";
        assert_eq!(places(&format!("{bare}{endpoints}")), [EndpointPlace::Ip([192, 0, 2, 3].into())]);
    }

    #[test]
    fn services_select_workload_entries_by_the_names_of_their_ports() {
        let entry = crate::fixture::istio(
            "networking",
            "WorkloadEntry",
            "ns",
            "vm",
            "{address: 192.0.2.4, labels: {app: web}, ports: {web: 7, http: 8}}",
        );
        let found = |target: &str| {
            let service = service("ns", "web", &format!("{{name: http, port: 80, targetPort: {target}}}"));
            only(&(service + &entry)).endpoints.first().and_then(|endpoint| endpoint.ports.get(&80).copied())
        };
        assert_eq!((found("web"), found("9999"), found("absent")), (Some(7), Some(8), None));
    }
}
