//! Everything that answers a question about a mesh without searching it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use meshc_api::istio::{AuthorizationPolicy, RequestAuthentication};

use crate::by_visibility::ByVisibility;
use crate::destination_rule::DestinationRuleIndex;
use crate::host_index::HostIndex;
use crate::mutual_tls::MutualTlsIndex;
use crate::policies::PolicyIndex;
use crate::resolve::Sources;
use crate::scope::select::{ScopeKey, Scopes, SidecarIndex};
use crate::virtual_services::VirtualServiceIndex;
use crate::{Mesh, Service, Workload};

/// Indexes of a mesh.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    /// Services as istiod lists them, by who sees them.
    pub(crate) services: ByVisibility<Arc<Service>>,
    /// Services by host.
    pub(crate) by_host: HostIndex,
    /// VirtualServices by gateway.
    pub(crate) virtual_services: VirtualServiceIndex,
    /// DestinationRules by host.
    pub(crate) destination_rules: DestinationRuleIndex,
    /// Sidecars by namespace.
    pub(crate) sidecars: SidecarIndex,
    /// PeerAuthentications by namespace.
    pub(crate) mutual_tls: MutualTlsIndex,
    /// AuthorizationPolicies by namespace.
    pub(crate) authorization_policies: PolicyIndex<AuthorizationPolicy>,
    /// RequestAuthentications by namespace.
    pub(crate) request_authentications: PolicyIndex<RequestAuthentication>,
    /// Where HTTP rules come from, by namespace and name of the VirtualServices that delegate some.
    pub(crate) rule_sources: BTreeMap<(String, String), Sources>,
    /// Scopes of the workloads, each built when it is first asked for.
    pub(crate) scopes: Scopes,
}

impl Index {
    /// Indexes a mesh whose lists are complete; `registry` are its services as istiod lists them.
    pub(crate) fn new(
        mesh: &Mesh,
        registry: &[Arc<Service>],
        rule_sources: BTreeMap<(String, String), Sources>,
    ) -> Self {
        let mut services = ByVisibility::default();
        for service in registry {
            let export_to = service.export_to.iter().map(String::as_str);
            let visibility = crate::visibility::Visibility::of(export_to, service.namespace());
            services.add(service, service.namespace(), &visibility);
        }
        let by_host = HostIndex::new(registry);
        let virtual_services = crate::virtual_services::index(&mesh.virtual_services, &mesh.config);
        let mut special = special_namespaces(&services, &by_host, &virtual_services);
        // Routes of a namespace reach its own services, even those that nobody sees.
        let hidden = registry.iter().filter(|service| service.export_to.contains("~"));
        special.extend(hidden.map(|service| service.namespace().to_owned()));
        Self {
            services,
            by_host,
            virtual_services,
            destination_rules: DestinationRuleIndex::new(&mesh.destination_rules, &mesh.config),
            sidecars: SidecarIndex::new(&mesh.sidecars, special),
            mutual_tls: MutualTlsIndex::new(&mesh.peer_authentications),
            authorization_policies: PolicyIndex::new(&mesh.authorization_policies),
            request_authentications: PolicyIndex::new(&mesh.request_authentications),
            rule_sources,
            scopes: BTreeMap::new(),
        }
    }
}

/// Namespaces that see something that not every namespace sees, or see it in another order.
fn special_namespaces(
    services: &ByVisibility<Arc<Service>>,
    by_host: &HostIndex,
    virtual_services: &VirtualServiceIndex,
) -> BTreeSet<String> {
    let mut special: BTreeSet<String> = services.special_namespaces().map(str::to_owned).collect();
    special.extend(by_host.contested().map(|service| service.namespace().to_owned()));
    if let Some(mesh) = virtual_services.get("mesh") {
        special.extend(mesh.special_namespaces().map(str::to_owned));
        let routes = mesh.public().iter().filter(|vs| crate::virtual_services::has_gateway_semantics(vs));
        special.extend(routes.map(|vs| vs.namespace().to_owned()));
    }
    special
}

/// Empty places for the scopes of all workloads.
pub(crate) fn scopes<'a>(mesh: &Mesh, workloads: impl Iterator<Item = &'a Arc<Workload>>) -> Scopes {
    let keys: BTreeSet<ScopeKey> =
        workloads.map(|workload| crate::scope::select::key(mesh, workload)).collect();
    keys.into_iter().map(|key| (key, OnceLock::new())).collect()
}
