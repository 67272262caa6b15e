//! The mesh.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_api::Resource;
use meshc_api::mesh_config::MeshConfig;
use meshc_api::{IstiodFeatures, istio};
use meshc_contract::WorkloadRef;

use crate::index::Index;
use crate::{Networks, Options, Service, ServiceGraph, Workload};

/// Everything that the input says, resolved. Lists of configuration objects are in the order of istiod: creation time,
/// then name, then namespace. Host names in VirtualServices and DestinationRules are fully qualified, gateway names
/// are `<namespace>/<name>` or `mesh`, delegates are merged.
#[derive(Debug, Clone)]
pub struct Mesh {
    /// MeshConfig in effect.
    pub config: MeshConfig,
    /// Feature flags of istiod.
    pub features: IstiodFeatures,
    /// Options.
    pub options: Options,
    /// Gateways between networks.
    pub networks: Networks,
    /// Services in the order of istiod, one for each host and namespace.
    pub services: Vec<Arc<Service>>,
    /// Workloads, with or without a proxy.
    pub workloads: BTreeMap<WorkloadRef, Arc<Workload>>,
    /// VirtualServices.
    pub virtual_services: Vec<Arc<Resource<istio::VirtualService>>>,
    /// DestinationRules as written; the choice for a proxy and a host is a method of its own.
    pub destination_rules: Vec<Arc<Resource<istio::DestinationRule>>>,
    /// Gateways.
    pub gateways: Vec<Arc<Resource<istio::Gateway>>>,
    /// Sidecars.
    pub sidecars: Vec<Arc<Resource<istio::Sidecar>>>,
    /// PeerAuthentications.
    pub peer_authentications: Vec<Arc<Resource<istio::PeerAuthentication>>>,
    /// AuthorizationPolicies.
    pub authorization_policies: Vec<Arc<Resource<istio::AuthorizationPolicy>>>,
    /// RequestAuthentications.
    pub request_authentications: Vec<Arc<Resource<istio::RequestAuthentication>>>,
    /// Who sends to whom, as configured.
    pub graph: ServiceGraph,
    pub(crate) index: Index,
}
