//! Which VirtualServices are bound to a gateway and seen by a proxy (translation-spec §2.2.4, §5.7).

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_api::mesh_config::MeshConfig;
use meshc_api::{Resource, istio};

use crate::by_visibility::ByVisibility;
use crate::visibility::Visibility;
use crate::{Mesh, Workload};

/// VirtualServices by gateway (`mesh` or `<namespace>/<name>`), each list oldest first.
pub(crate) type VirtualServiceIndex = BTreeMap<String, ByVisibility<Arc<Resource<istio::VirtualService>>>>;

/// Indexes VirtualServices whose gateways are fully qualified, in the order of creation. Delegates have no hosts and are
/// not used on their own.
pub(crate) fn index(
    virtual_services: &[Arc<Resource<istio::VirtualService>>],
    config: &MeshConfig,
) -> VirtualServiceIndex {
    let mut index = VirtualServiceIndex::new();
    for virtual_service in virtual_services.iter().filter(|vs| !vs.spec.hosts.is_empty()) {
        let visibility = visibility(virtual_service, config);
        for gateway in gateways(virtual_service) {
            let list = index.entry(gateway.to_owned()).or_default();
            list.add(virtual_service, virtual_service.namespace(), &visibility);
        }
    }
    index
}

/// Gateways that a VirtualService is bound to; `mesh` where it names none.
pub(crate) fn gateways(virtual_service: &Resource<istio::VirtualService>) -> impl Iterator<Item = &str> {
    let stated = &virtual_service.spec.gateways;
    let default = stated.is_empty().then_some("mesh");
    default.into_iter().chain(stated.iter().map(String::as_str))
}

pub(crate) fn visibility(
    virtual_service: &Resource<istio::VirtualService>,
    config: &MeshConfig,
) -> Visibility {
    let default = &config.default_virtual_service_export_to;
    Visibility::with_default(&virtual_service.spec.export_to, default, virtual_service.namespace())
}

/// Whether a VirtualService stands for a route of the Gateway API, whose prefixes end at path segments and whose
/// visibility follows other rules.
pub(crate) fn has_gateway_semantics(virtual_service: &Resource<istio::VirtualService>) -> bool {
    virtual_service
        .meta
        .annotations
        .get("internal.istio.io/route-semantics")
        .is_some_and(|value| value == "gateway")
}

impl Mesh {
    /// VirtualServices that are bound to a gateway (`<namespace>/<name>`) and exported to the workload's namespace, in the
    /// order in which their routes are concatenated.
    #[must_use]
    pub fn gateway_virtual_services(
        &self,
        workload: &Workload,
        gateway: &str,
    ) -> Vec<Arc<Resource<istio::VirtualService>>> {
        let Some(index) = self.index.virtual_services.get(gateway) else { return Vec::new() };
        let namespace = workload.namespace();
        let own_route =
            |vs: &Resource<istio::VirtualService>| has_gateway_semantics(vs) && vs.namespace() == namespace;
        let public = |first: bool| index.public().iter().filter(move |vs| own_route(vs) == first);
        index.special(namespace).chain(public(true)).chain(public(false)).map(Arc::clone).collect()
    }

    /// The object and the index in it that an HTTP rule of a VirtualService comes from: itself unless it is a delegate's.
    #[must_use]
    pub fn http_rule_source(
        &self,
        virtual_service: &Arc<Resource<istio::VirtualService>>,
        rule: usize,
    ) -> (Arc<Resource<istio::VirtualService>>, usize) {
        let key = (virtual_service.namespace().to_owned(), virtual_service.name().to_owned());
        let source = self.index.rule_sources.get(&key).and_then(|sources| sources.get(rule)).cloned();
        source.unwrap_or_else(|| (Arc::clone(virtual_service), rule))
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{deployment, resolve, service, virtual_service};

    #[test]
    fn a_gateway_gets_what_is_private_to_its_namespace_first() {
        let bound = |namespace: &str, name: &str, export_to: &str| {
            let spec = format!(
                "{{hosts: [{name}.example], gateways: [edge/g], {export_to} http: [{{route: [{{destination: {{host: web.shop.svc.cluster.local}}}}]}}]}}"
            );
            virtual_service(namespace, name, &spec)
        };
        let fixture = resolve(
            &[
                deployment("edge", "gate").replace("labels: {app", "labels: {istio: ingressgateway, app"),
                service("shop", "web", "{name: http, port: 80}"),
                bound("shop", "a-public", ""),
                bound("shop", "b-exported", "exportTo: [edge],"),
                bound("edge", "c-private", "exportTo: [.],"),
                bound("shop", "d-hidden", "exportTo: [.],"),
            ]
            .concat(),
        );
        let found = fixture.mesh.gateway_virtual_services(fixture.workload("edge.gate"), "edge/g");
        let names: Vec<_> = found.iter().map(|virtual_service| virtual_service.name()).collect();
        assert_eq!(names, ["c-private", "b-exported", "a-public"]);
    }

    #[test]
    fn rules_of_a_delegate_tell_where_they_are_written() {
        let root = "{hosts: [a.example], http: [{match: [{uri: {prefix: /d}}], delegate: {name: d}}, {route: [{destination: {host: web}}]}]}";
        let delegate = "{http: [{route: [{destination: {host: web}}]}]}";
        let fixture = resolve(
            &[
                service("shop", "web", "{name: http, port: 80}"),
                virtual_service("shop", "root", root),
                virtual_service("shop", "d", delegate),
            ]
            .concat(),
        );
        assert_eq!(fixture.texts(), Vec::<String>::new());
        let [virtual_service] = &fixture.mesh.virtual_services[..] else {
            panic!("delegates are not in the list")
        };
        let source = |rule| {
            let (object, index) = fixture.mesh.http_rule_source(virtual_service, rule);
            (object.name().to_owned(), index)
        };
        assert_eq!((source(0), source(1)), (("d".to_owned(), 0), ("root".to_owned(), 1)));
        let uri = virtual_service.spec.http[0].r#match[0].uri.as_ref();
        assert_eq!(uri.and_then(|uri| uri.prefix.as_deref()), Some("/d"));
    }
}
