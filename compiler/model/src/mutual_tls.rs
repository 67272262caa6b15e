//! Mutual TLS: what a workload accepts, and what its clients may expect (translation-spec §4.5, §7.7, §3.9).

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_api::{Resource, istio};

use crate::labels::{Labels, selects};
use crate::{Mesh, Resolution, Service, Workload};

/// Which connections a port accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MtlsMode {
    /// Plaintext only; TLS is the application's business.
    Disable,
    /// Mutual TLS of the mesh and everything else.
    Permissive,
    /// Mutual TLS of the mesh only.
    Strict,
}

/// Which connections a workload accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundMtls {
    /// On ports without a statement of their own.
    pub default: MtlsMode,
    /// By port of the workload (not of the Service).
    pub ports: BTreeMap<u16, MtlsMode>,
}

impl InboundMtls {
    /// The mode of a port of the workload.
    #[must_use]
    pub fn port(&self, port: u16) -> MtlsMode {
        self.ports.get(&port).copied().unwrap_or(self.default)
    }
}

/// PeerAuthentications by where they count.
#[derive(Debug, Clone, Default)]
pub(crate) struct MutualTlsIndex {
    /// What the oldest policy without a selector says, by namespace; absent where it says nothing.
    namespaces: BTreeMap<String, Option<MtlsMode>>,
    /// Policies with a selector, by namespace, oldest first.
    selecting: BTreeMap<String, Vec<Arc<Resource<istio::PeerAuthentication>>>>,
}

impl MutualTlsIndex {
    /// Indexes policies in the order of creation.
    pub(crate) fn new(policies: &[Arc<Resource<istio::PeerAuthentication>>]) -> Self {
        let mut index = Self::default();
        for policy in policies {
            let namespace = policy.namespace().to_owned();
            if selector(&policy.spec).is_some() {
                index.selecting.entry(namespace).or_default().push(Arc::clone(policy));
            } else {
                index.namespaces.entry(namespace).or_insert_with(|| stated(policy.spec.mtls.as_ref()));
            }
        }
        index
    }

    fn stated(&self, namespace: &str) -> Option<MtlsMode> {
        self.namespaces.get(namespace).copied().flatten()
    }

    /// The policy with a selector that counts for labels in a namespace. Those of the root namespace count nowhere.
    fn selected(
        &self,
        root: &str,
        namespace: &str,
        labels: &Labels,
    ) -> Option<&Arc<Resource<istio::PeerAuthentication>>> {
        let policies = self.selecting.get(namespace).filter(|_| namespace != root)?;
        policies.iter().find(|policy| selector(&policy.spec).is_some_and(|wanted| selects(wanted, labels)))
    }
}

fn selector(policy: &istio::PeerAuthentication) -> Option<&Labels> {
    policy.selector.as_ref().map(|selector| &selector.match_labels).filter(|labels| !labels.is_empty())
}

/// The mode that a message states; unset inherits.
fn stated(tls: Option<&istio::MutualTls>) -> Option<MtlsMode> {
    match tls?.mode? {
        istio::MutualTlsMode::Unset => None,
        istio::MutualTlsMode::Disable => Some(MtlsMode::Disable),
        istio::MutualTlsMode::Permissive => Some(MtlsMode::Permissive),
        istio::MutualTlsMode::Strict => Some(MtlsMode::Strict),
    }
}

impl Mesh {
    /// Which connections a workload accepts: the policy that selects it, else that of its namespace, else that of the mesh,
    /// else permissive.
    #[must_use]
    pub fn inbound_mtls(&self, workload: &Workload) -> InboundMtls {
        self.mtls_of(workload.namespace(), &workload.labels)
    }

    /// As [`Mesh::inbound_mtls`] for an endpoint that is known by its labels only.
    #[must_use]
    pub fn mtls_of(&self, namespace: &str, labels: &BTreeMap<String, String>) -> InboundMtls {
        let inherited = self.namespace_mtls(namespace).unwrap_or(MtlsMode::Permissive);
        let policies = &self.index.mutual_tls;
        let Some(policy) = policies.selected(&self.config.root_namespace, namespace, labels) else {
            return InboundMtls { default: inherited, ports: BTreeMap::new() };
        };
        let default = stated(policy.spec.mtls.as_ref()).unwrap_or(inherited);
        let by_port = policy.spec.port_level_mtls.iter();
        let ports = by_port
            .filter_map(|(port, tls)| Some((port.parse().ok()?, stated(Some(tls)).unwrap_or(default))));
        InboundMtls { default, ports: ports.collect() }
    }

    /// What a namespace or the mesh as a whole states.
    fn namespace_mtls(&self, namespace: &str) -> Option<MtlsMode> {
        let policies = &self.index.mutual_tls;
        policies.stated(namespace).or_else(|| policies.stated(&self.config.root_namespace))
    }

    /// What clients of a service expect where no DestinationRule tells them, which decides about automatic mutual TLS.
    /// `None` is unknown: the service is outside of the mesh.
    #[must_use]
    pub fn service_mtls(&self, service: &Service) -> Option<MtlsMode> {
        if service.mesh_external {
            return None;
        }
        // A connection that goes where it was sent has no endpoint to ask, so one without mutual TLS spoils all.
        if service.resolution == Resolution::Passthrough
            && (service.endpoints.is_empty() || service.endpoints.iter().any(|endpoint| !endpoint.mtls))
        {
            return Some(MtlsMode::Disable);
        }
        Some(self.namespace_mtls(service.namespace()).unwrap_or(MtlsMode::Permissive))
    }
}
