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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, deployment, istio, resolve, service, virtual_service};

    fn entry(namespace: &str, host: &str, more: &str) -> String {
        let spec = format!(
            "{{hosts: [{host}], resolution: STATIC, {more} ports: [{{number: 80, name: http, protocol: HTTP}}]}}"
        );
        istio("networking", "ServiceEntry", namespace, host.replace(['*', '.'], "-").trim_matches('-'), &spec)
    }

    fn hosts(services: &[Arc<Service>]) -> Vec<String> {
        services.iter().map(|service| format!("{}/{}", service.namespace(), service.host())).collect()
    }

    fn scope(yaml: &str) -> (Fixture, Arc<Scope>) {
        let fixture = resolve(&(deployment("own", "client") + yaml));
        let scope = fixture.mesh.scope(fixture.workload("own.client"));
        (fixture, scope)
    }

    #[test]
    fn the_own_namespace_wins_a_host_and_kubernetes_the_others() {
        let (_, scope) = scope(
            &[
                entry("a", "x.example", ""),
                entry("own", "x.example", ""),
                entry("a", "web.b.svc.cluster.local", ""),
                service("b", "web", "{name: http, port: 80}"),
            ]
            .concat(),
        );
        assert_eq!(hosts(&scope.egress[0].services), ["b/web.b.svc.cluster.local", "own/x.example"]);
        assert!(scope.service("x.example").is_some_and(|service| service.namespace() == "own"));
    }

    #[test]
    fn what_is_private_comes_before_what_is_public() {
        let (_, scope) = scope(
            &[
                entry("a", "a.example", ""),
                entry("b", "b.example", "exportTo: [own],"),
                entry("own", "c.example", "exportTo: [.],"),
                entry("c", "d.example", "exportTo: ['~'],"),
            ]
            .concat(),
        );
        assert_eq!(hosts(&scope.services), ["own/c.example", "b/b.example", "a/a.example"]);
    }

    #[test]
    fn several_addresses_are_several_services_for_listeners_and_one_for_upstreams() {
        let (_, scope) = scope(&entry("a", "a.example", "addresses: [192.0.2.1, 198.51.100.0/24],"));
        let addresses: Vec<_> =
            scope.egress[0].services.iter().map(|service| service.addresses.join(" ")).collect();
        assert_eq!(addresses, ["192.0.2.1", "198.51.100.0/24"]);
        assert_eq!(scope.services.len(), 1);
    }

    #[test]
    fn a_sidecar_imports_what_it_lists_and_what_routes_lead_to() {
        let sidecar = "{egress: [{port: {number: 80, protocol: HTTP, name: http}, hosts: ['./*']}, {hosts: ['a/a.example']}]}";
        let (fixture, scope) = scope(
            &[
                istio("networking", "Sidecar", "own", "default", sidecar),
                service("own", "web", "{name: http, port: 80}, {name: admin, port: 81}"),
                entry("a", "a.example", ""),
                entry("b", "b.example", ""),
                entry("b", "c.example", ""),
                virtual_service("a", "v", "{hosts: [a.example], http: [{route: [{destination: {host: b.example, port: {number: 80}}}]}]}"),
            ]
            .concat(),
        );
        assert!(scope.sidecar.is_some());
        assert_eq!(hosts(&scope.egress[0].services), ["own/web.own.svc.cluster.local"]);
        assert_eq!(scope.egress[0].services[0].ports.len(), 1);
        assert_eq!(hosts(&scope.egress[1].services), ["a/a.example"]);
        assert_eq!(scope.egress[1].virtual_services.len(), 1);
        assert_eq!(hosts(&scope.services), ["own/web.own.svc.cluster.local", "a/a.example", "b/b.example"]);
        assert_eq!(fixture.texts(), Vec::<String>::new());
    }

    #[test]
    fn the_sidecar_of_a_workload_beats_that_of_its_namespace_and_that_of_the_mesh() {
        let named = |namespace: &str, name: &str, selector: &str| {
            istio(
                "networking",
                "Sidecar",
                namespace,
                name,
                &format!("{{{selector} egress: [{{hosts: ['~/*']}}]}}"),
            )
        };
        let selecting = "workloadSelector: {labels: {app: client}},";
        let all =
            [named("istio-system", "mesh", ""), named("own", "space", ""), named("own", "work", selecting)];
        for (count, expected) in [(1, "mesh"), (2, "space"), (3, "work")] {
            let (_, scope) = scope(&all[..count].concat());
            assert_eq!(scope.sidecar.as_ref().map(|sidecar| sidecar.name()), Some(expected));
            assert!(scope.services.is_empty());
        }
    }

    #[test]
    fn the_mode_of_a_stated_policy_is_to_refuse_unless_it_says_otherwise() {
        let policy = |text: &str| {
            let (_, scope) = scope(&istio(
                "networking",
                "Sidecar",
                "own",
                "s",
                &format!("{{outboundTrafficPolicy: {text}}}"),
            ));
            scope.outbound_policy
        };
        assert_eq!(policy("{mode: ALLOW_ANY}"), OutboundPolicy::AllowAny);
        assert_eq!(policy("{mode: REGISTRY_ONLY}"), OutboundPolicy::RegistryOnly);
        assert_eq!(policy("{}"), OutboundPolicy::RegistryOnly);
        assert_eq!(scope("").1.outbound_policy, OutboundPolicy::AllowAny);
    }

    #[test]
    fn namespaces_that_see_the_same_share_a_scope() {
        let fixture = resolve(&(deployment("a", "w") + &deployment("b", "w") + &entry("c", "c.example", "")));
        let (a, b) =
            (fixture.mesh.scope(fixture.workload("a.w")), fixture.mesh.scope(fixture.workload("b.w")));
        assert!(Arc::ptr_eq(&a, &b));
    }
}
