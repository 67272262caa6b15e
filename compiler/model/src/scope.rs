//! What one proxy sees of the mesh (translation-spec §2.2).

mod egress;
mod egress_hosts;
mod imports;
pub(crate) mod select;

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_api::mesh_config::OutboundTrafficPolicyMode as MeshMode;
use meshc_api::{Resource, istio};

use crate::{Mesh, Service, Workload, WorkloadRole};

/// What one proxy sees.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The Sidecar object that restricts it; `None` where nothing but `exportTo` does.
    pub sidecar: Option<Arc<Resource<istio::Sidecar>>>,
    /// Egress listeners in the order of the Sidecar. Without a Sidecar one that catches all.
    pub egress: Vec<EgressScope>,
    /// All services that have an upstream: those of the egress listeners and those that their VirtualServices lead to, one for
    /// each host, with the ports that are imported (translation-spec §2.2.3).
    pub services: Vec<Arc<Service>>,
    /// What happens to traffic for unknown destinations.
    pub outbound_policy: OutboundPolicy,
    /// Service that gets the traffic for unknown destinations in place of the address that was dialled.
    pub egress_proxy: Option<istio::Destination>,
    by_host: BTreeMap<String, usize>,
}

/// One egress listener and what stands behind it.
#[derive(Debug, Clone)]
pub struct EgressScope {
    /// The listener as the Sidecar states it; `None` for the default one that catches all.
    pub listener: Option<istio::IstioEgressListener>,
    /// Services in the order in which istiod processes them. As in istiod, a ServiceEntry with several addresses is
    /// here once for each address, and a host that several objects of one namespace define is here several times.
    pub services: Vec<Arc<Service>>,
    /// VirtualServices of the gateway `mesh`, in the order in which they win.
    pub virtual_services: Vec<Arc<Resource<istio::VirtualService>>>,
}

/// What happens to traffic for unknown destinations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutboundPolicy {
    /// It goes where it was sent.
    AllowAny,
    /// It is refused.
    RegistryOnly,
    /// It goes where it was sent, HTTP by the host that it names.
    AllowAnyDynamicDns,
}

impl Scope {
    /// The service of a host, if the proxy sees it.
    #[must_use]
    pub fn service(&self, host: &str) -> Option<&Arc<Service>> {
        self.by_host.get(host).and_then(|index| self.services.get(*index))
    }
}

impl Mesh {
    /// What the proxy of a workload sees. Gateways see everything that is exported to their namespace.
    #[must_use]
    pub fn scope(&self, workload: &Workload) -> Arc<Scope> {
        let key = select::key(self, workload);
        match self.index.scopes.get(&key) {
            Some(cell) => Arc::clone(cell.get_or_init(|| Arc::new(self.build_scope(&key)))),
            None => Arc::new(self.build_scope(&key)),
        }
    }

    fn build_scope(&self, key: &select::ScopeKey) -> Scope {
        let namespace = key.namespace.as_str();
        let sidecar = key.sidecar.and_then(|index| self.sidecars.get(index)).map(Arc::clone);
        let egress = egress::listeners(self, namespace, sidecar.as_deref());
        let services = imports::union(self, namespace, &egress);
        let by_host =
            services.iter().enumerate().map(|(index, service)| (service.host().to_owned(), index)).collect();
        let (outbound_policy, egress_proxy) = self.outbound_policy(sidecar.as_deref());
        Scope { sidecar, egress, services, outbound_policy, egress_proxy, by_host }
    }

    fn outbound_policy(
        &self,
        sidecar: Option<&Resource<istio::Sidecar>>,
    ) -> (OutboundPolicy, Option<istio::Destination>) {
        if let Some(stated) = sidecar.and_then(|sidecar| sidecar.spec.outbound_traffic_policy.as_ref()) {
            // The absent mode is the first one of the enumeration, as in every protobuf message.
            let policy = match stated.mode {
                None | Some(istio::OutboundTrafficPolicyMode::RegistryOnly) => OutboundPolicy::RegistryOnly,
                Some(istio::OutboundTrafficPolicyMode::AllowAny) => OutboundPolicy::AllowAny,
            };
            return (policy, stated.egress_proxy.clone());
        }
        let policy = match self.config.outbound_traffic_policy.as_ref().map(|policy| policy.mode) {
            None | Some(MeshMode::AllowAny) => OutboundPolicy::AllowAny,
            Some(MeshMode::RegistryOnly) => OutboundPolicy::RegistryOnly,
            Some(MeshMode::AllowAnyDynamicDns) => OutboundPolicy::AllowAnyDynamicDns,
        };
        (policy, None)
    }
}

/// Whether a workload's proxy is restricted by Sidecar objects.
fn takes_sidecars(workload: &Workload) -> bool {
    workload.proxy != Some(WorkloadRole::Gateway)
}
