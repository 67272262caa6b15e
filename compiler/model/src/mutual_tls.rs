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

/// The labels that a policy selects by; `None` where it is for all workloads, as an empty selector is.
pub(crate) fn selector(policy: &istio::PeerAuthentication) -> Option<&Labels> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{deployment, istio, resolve, service};

    fn policy(namespace: &str, name: &str, spec: &str) -> String {
        istio("security", "PeerAuthentication", namespace, name, spec)
    }

    fn inbound(policies: &[(&str, &str, &str)]) -> InboundMtls {
        let policies = policies.iter().map(|(namespace, name, spec)| policy(namespace, name, spec));
        let fixture = resolve(&policies.fold(deployment("shop", "web"), |text, policy| text + &policy));
        fixture.mesh.inbound_mtls(fixture.workload("shop.web"))
    }

    #[test]
    fn workload_beats_namespace_beats_mesh() {
        let mesh = ("istio-system", "mesh", "{mtls: {mode: STRICT}}");
        let namespace = ("shop", "namespace", "{mtls: {mode: DISABLE}}");
        let workload =
            ("shop", "workload", "{selector: {matchLabels: {app: web}}, mtls: {mode: PERMISSIVE}}");
        assert_eq!(inbound(&[]).default, MtlsMode::Permissive);
        assert_eq!(inbound(&[mesh]).default, MtlsMode::Strict);
        assert_eq!(inbound(&[mesh, namespace]).default, MtlsMode::Disable);
        assert_eq!(inbound(&[mesh, namespace, workload]).default, MtlsMode::Permissive);
    }

    #[test]
    fn what_is_unset_is_inherited() {
        let namespace = ("shop", "namespace", "{mtls: {mode: STRICT}}");
        let unset = "{selector: {matchLabels: {app: web}}, mtls: {mode: UNSET}, portLevelMtls: {8080: {mode: DISABLE}, 9090: {}}}";
        let found = inbound(&[namespace, ("shop", "workload", unset)]);
        assert_eq!(
            (found.default, found.port(8080), found.port(9090)),
            (MtlsMode::Strict, MtlsMode::Disable, MtlsMode::Strict)
        );
    }

    #[test]
    fn policies_of_the_root_namespace_do_not_select() {
        let found = inbound(&[(
            "istio-system",
            "some",
            "{selector: {matchLabels: {app: web}}, mtls: {mode: STRICT}}",
        )]);
        assert_eq!(found.default, MtlsMode::Permissive);
    }

    #[test]
    fn a_headless_service_with_a_pod_that_has_no_proxy_is_not_encrypted() {
        let optout = deployment("shop", "bare")
            .replace("labels: {app: bare", "labels: {app: web, sidecar.istio.io/inject: 'false'");
        let headless = service("shop", "web", "{name: tcp, port: 9000}")
            .replace("spec:\n", "spec:\n  clusterIP: None\n");
        let mode = |yaml: &str| {
            let fixture = resolve(yaml);
            fixture.mesh.service_mtls(&fixture.mesh.services[0])
        };
        let injected = deployment("shop", "web") + &headless;
        assert_eq!(mode(&injected), Some(MtlsMode::Permissive));
        assert_eq!(mode(&(injected + &optout)), Some(MtlsMode::Disable));
        assert_eq!(mode(&headless), Some(MtlsMode::Disable));
    }

    #[test]
    fn nothing_is_known_of_services_outside_of_the_mesh() {
        let spec = "{hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}";
        let fixture = resolve(&istio("networking", "ServiceEntry", "shop", "a", spec));
        assert_eq!(fixture.mesh.service_mtls(&fixture.mesh.services[0]), None);
    }
}
