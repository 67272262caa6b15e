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
use super::surroundings::{Surroundings, augmented};
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
        let network = workload.network.as_deref().or(self.surroundings.default_network);
        let cluster = self.options.cluster_id.as_str();
        EndpointFact {
            place: EndpointPlace::Workload(workload.reference.clone()),
            ports: BTreeMap::new(),
            labels: augmented(&workload.labels, workload.locality.as_deref(), network, cluster),
            mtls: workload.labels.get("security.istio.io/tlsMode").is_some_and(|mode| mode == "istio"),
            identity: Some(workload.identity.clone()),
            locality: workload.locality.clone(),
            weight: None,
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
    RegisteredEndpoint { fact, ports, source: 0 }
}
