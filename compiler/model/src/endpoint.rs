//! Endpoints as far as the tree tells.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use meshc_contract::{SpiffeId, WorkloadRef};

use crate::Mesh;
use crate::labels::{has_pod, selects, without_pod_labels};

/// One endpoint of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointFact {
    /// Where it is.
    pub place: EndpointPlace,
    /// Port by the number of the service port; a service port that is absent has no endpoint here.
    pub ports: BTreeMap<u16, u16>,
    /// Labels of the pod or WorkloadEntry, augmented as istiod does (translation-spec §0.6).
    pub labels: BTreeMap<String, String>,
    /// Whether a proxy in front of it takes Istio mTLS (label `security.istio.io/tlsMode: istio`).
    pub mtls: bool,
    /// Identity of the workload.
    pub identity: Option<SpiffeId>,
    /// Locality as `region/zone/subzone`, if stated.
    pub locality: Option<String>,
    /// Weight, if stated.
    pub weight: Option<u32>,
    /// Whether it takes traffic; false only for what an EndpointSlice of a headless Service calls not ready, which clients may
    /// dial all the same.
    pub ready: bool,
    /// Number of pods that the endpoint stands for, where the tree states it.
    pub replicas: Option<u32>,
    /// Network, if known.
    pub network: Option<String>,
    /// Namespace of the object that makes it.
    pub namespace: String,
    /// Name of the workload as istiod tells proxies: the WorkloadEntry, the owner of the pods, or for an endpoint within
    /// a ServiceEntry its name with the index of the endpoint (`ext-0`; `ext` for the host itself as implied endpoint).
    /// `None` for an address of an EndpointSlice without a pod of the tree.
    pub workload_name: Option<String>,
}

/// Where an endpoint is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndpointPlace {
    /// The pods of a workload of the tree; their addresses are known only at run time.
    Workload(WorkloadRef),
    /// An address.
    Ip(IpAddr),
    /// A DNS name. Empty for something that only the gateways of its network lead to.
    Name(String),
    /// A Unix domain socket.
    Unix(String),
}

impl EndpointFact {
    /// Whether two facts are about the same endpoint, whatever its ports.
    fn is_same(&self, other: &Self) -> bool {
        let Self {
            place,
            ports: _,
            labels,
            mtls,
            identity,
            locality,
            weight,
            ready: _,
            replicas: _,
            network,
            namespace,
            workload_name,
        } = self;
        *place == other.place
            && *labels == other.labels
            && *mtls == other.mtls
            && *identity == other.identity
            && *locality == other.locality
            && *weight == other.weight
            && *network == other.network
            && *namespace == other.namespace
            && *workload_name == other.workload_name
    }
}

impl Mesh {
    /// Whether the labels of a subset select an endpoint. A subset may pick a single pod of a StatefulSet by the labels that
    /// Kubernetes gives to each pod; then it selects the StatefulSet.
    #[must_use]
    pub fn subset_selects(&self, labels: &BTreeMap<String, String>, endpoint: &EndpointFact) -> bool {
        let Some(rest) = without_pod_labels(labels) else { return selects(labels, &endpoint.labels) };
        let EndpointPlace::Workload(reference) = &endpoint.place else { return false };
        let object = self.workloads.get(reference).map(|workload| &workload.object);
        object.is_some_and(|object| object.kind == "StatefulSet" && has_pod(&object.name, labels))
            && selects(&rest, &endpoint.labels)
    }
}

/// Adds what other endpoints have on some service ports.
pub(crate) fn add_ports(endpoints: &mut Vec<EndpointFact>, others: &[EndpointFact], numbers: &BTreeSet<u16>) {
    for other in others {
        let added = other.ports.iter().filter(|(number, _)| numbers.contains(number));
        let ports: BTreeMap<u16, u16> = added.map(|(number, target)| (*number, *target)).collect();
        if ports.is_empty() {
            continue;
        }
        match endpoints.iter_mut().find(|known| known.is_same(other)) {
            Some(known) => known.ports.extend(ports),
            None => endpoints.push(EndpointFact { ports, ..other.clone() }),
        }
    }
}
