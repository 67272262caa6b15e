//! Makes the graph of a mesh.

use crate::graph::{Encryption, Node, Relation, ServiceGraph, calls, routes};
use crate::{EndpointPlace, Mesh, MtlsMode, Resolution, Service, WorkloadRole};

impl ServiceGraph {
    /// The graph of a mesh whose lists and indexes are complete.
    pub(crate) fn new(mesh: &Mesh) -> Self {
        let mut graph = Self::default();
        for workload in mesh.workloads.values() {
            let reference = workload.reference.clone();
            graph.position(match workload.proxy {
                Some(WorkloadRole::Gateway) => Node::Gateway(reference),
                _ => Node::Workload(reference),
            });
        }
        for service in mesh.services.iter().filter(|service| service.resolution != Resolution::Alias) {
            graph.add_service(mesh, service);
        }
        routes::add(mesh, &mut graph);
        calls::add(mesh, &mut graph);
        graph
    }

    fn add_service(&mut self, mesh: &Mesh, service: &Service) {
        let node = Node::Service(service.reference.clone());
        self.position(node.clone());
        self.external.insert(service.reference.clone(), service.mesh_external);
        if let Some(encryption) = encryption(mesh, service) {
            self.encryption.insert(service.reference.clone(), encryption);
        }
        for endpoint in &service.endpoints {
            let EndpointPlace::Workload(reference) = &endpoint.place else { continue };
            let role = mesh.workloads.get(reference).and_then(|workload| workload.proxy);
            let workload = match role {
                Some(WorkloadRole::Gateway) => Node::Gateway(reference.clone()),
                _ => Node::Workload(reference.clone()),
            };
            self.connect(node.clone(), workload, Relation::Serves { ports: endpoint.ports.clone() });
        }
    }
}

/// How clients reach a service; `None` for one without known endpoints.
fn encryption(mesh: &Mesh, service: &Service) -> Option<Encryption> {
    if service.endpoints.is_empty() {
        return None;
    }
    let automatic = mesh.config.enable_auto_mtls.unwrap_or(true)
        && mesh.service_mtls(service).is_some_and(|mode| mode != MtlsMode::Disable);
    let count = service.endpoints.iter().filter(|endpoint| endpoint.mtls).count();
    Some(match count {
        0 => Encryption::Plain,
        _ if !automatic => Encryption::Plain,
        all if all == service.endpoints.len() => Encryption::MutualTls,
        _ => Encryption::Mixed,
    })
}
