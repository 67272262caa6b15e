//! EndpointSlices and Endpoints of the tree, which tell the endpoints of Services that select nothing in it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use meshc_api::kubernetes::{EndpointPort, EndpointSlice, Endpoints};
use meshc_api::{Resource, ResourceSet};

use super::{Facts, registered};
use crate::resolve::registered::RegisteredEndpoint;
use crate::resolve::surroundings::augmented;
use crate::{EndpointFact, EndpointPlace, Workload};

/// EndpointSlices and Endpoints by the Service that they are for.
pub(super) struct Written<'a> {
    slices: BTreeMap<(&'a str, &'a str), Vec<&'a Resource<EndpointSlice>>>,
    endpoints: BTreeMap<(&'a str, &'a str), &'a Resource<Endpoints>>,
}

impl<'a> Written<'a> {
    pub(super) fn new(resources: &'a ResourceSet) -> Self {
        let mut slices: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for slice in &resources.endpoint_slices {
            if let Some(service) = slice.meta.labels.get("kubernetes.io/service-name") {
                slices.entry((slice.namespace(), service.as_str())).or_default().push(slice);
            }
        }
        let endpoints =
            resources.endpoints.iter().map(|object| ((object.namespace(), object.name()), object)).collect();
        Self { slices, endpoints }
    }

    /// Endpoints of a Service. Kubernetes copies Endpoints into slices, so they count only without slices. Clients of a headless
    /// Service may dial addresses that are not ready, and istiod listens for them.
    pub(super) fn endpoints(
        &self,
        facts: &Facts<'_>,
        namespace: &str,
        name: &str,
        headless: bool,
    ) -> Vec<RegisteredEndpoint> {
        let mut found = Vec::new();
        let mut add = |address: &str, ports: &[EndpointPort], ready: bool| {
            if let Ok(address) = address.parse() {
                let fact = EndpointFact { ready, ..fact(facts, namespace, address) };
                found.push(registered(fact, named(ports)));
            }
        };
        if let Some(slices) = self.slices.get(&(namespace, name)) {
            for slice in slices.iter().filter(|slice| slice.spec.address_type != "FQDN") {
                for endpoint in &slice.spec.endpoints {
                    // Whoever writes "not ready" or "terminating" by hand takes the address out.
                    let conditions = &endpoint.conditions;
                    let ready = conditions.ready.unwrap_or(true);
                    if (ready || headless) && !conditions.terminating.unwrap_or(false) {
                        let ports = &slice.spec.ports;
                        endpoint.addresses.iter().for_each(|address| add(address, ports, ready));
                    }
                }
            }
        } else if let Some(object) = self.endpoints.get(&(namespace, name)) {
            for subset in &object.spec.subsets {
                subset.addresses.iter().for_each(|address| add(&address.ip, &subset.ports, true));
            }
        }
        found
    }
}

fn named(ports: &[EndpointPort]) -> BTreeMap<String, u16> {
    ports.iter().filter_map(|port| Some((port.name.clone().unwrap_or_default(), port.port?))).collect()
}

/// The endpoint at an address: that of the pod that has it, or of something outside.
fn fact(facts: &Facts<'_>, namespace: &str, address: IpAddr) -> EndpointFact {
    let has_address = |workload: &&Arc<Workload>| workload.address == Some(address);
    if let Some(workload) = facts.workloads.iter().find(has_address) {
        return EndpointFact { place: EndpointPlace::Ip(address), replicas: Some(1), ..facts.pods(workload) };
    }
    let network = facts.surroundings.network(Some(address));
    EndpointFact {
        place: EndpointPlace::Ip(address),
        ports: BTreeMap::new(),
        labels: augmented(&BTreeMap::new(), None, network, &facts.options.cluster_id),
        mtls: false,
        identity: None,
        locality: None,
        weight: None,
        ready: true,
        replicas: Some(1),
        network: network.map(str::to_owned),
        namespace: namespace.to_owned(),
        workload_name: None,
    }
}
