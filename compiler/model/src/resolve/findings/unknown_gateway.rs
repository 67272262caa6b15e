//! VirtualServices bound to Gateways that do not exist, and Gateways that no workload runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_api::{Resource, closest, istio};
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};

use super::Checked;
use crate::labels::selects;
use crate::{Mesh, WorkloadRole};

/// Reports both.
pub(super) fn report(checked: &Checked<'_>, diagnostics: &mut Diagnostics) {
    let known: BTreeMap<String, &Arc<Resource<istio::Gateway>>> = checked
        .mesh
        .gateways
        .iter()
        .map(|gateway| (format!("{}/{}", gateway.namespace(), gateway.name()), gateway))
        .collect();
    for virtual_service in checked.written {
        for (index, name) in virtual_service.spec.gateways.iter().enumerate() {
            if name != "mesh" && !known.contains_key(name) {
                diagnostics.push(unknown(virtual_service, index, name, &known));
            }
        }
    }
    for gateway in &checked.mesh.gateways {
        diagnostics_for(checked.mesh, gateway, diagnostics);
    }
}

fn unknown(
    virtual_service: &Resource<istio::VirtualService>,
    index: usize,
    name: &str,
    known: &BTreeMap<String, &Arc<Resource<istio::Gateway>>>,
) -> Diagnostic {
    let path = format!("spec.gateways[{index}]");
    let finding = Diagnostic::new(&codes::UNKNOWN_GATEWAY, format!("there is no Gateway `{name}`"))
        .at(virtual_service.span(&path), "")
        .consequence("no gateway serves the routes of this VirtualService under this name")
        .about(virtual_service.object_ref(), path)
        .contained();
    let (namespace, short) = name.split_once('/').unwrap_or(("", name));
    let elsewhere: Vec<_> = known.iter().filter(|(_, gateway)| gateway.name() == short).collect();
    if let [(full, gateway)] = elsewhere[..] {
        return finding
            .related(gateway.span(""), format!("this one is in namespace `{}`", gateway.namespace()))
            .help(format!("a name without a namespace is one of `{namespace}`: write `{full}`"));
    }
    match closest(name, known.keys().map(String::as_str)) {
        Some(near) => {
            let place = known.get(near).map(|gateway| gateway.span(""));
            let finding = match place {
                Some(span) => finding.related(span, format!("this one is `{near}`")),
                None => finding,
            };
            finding.help(format!("did you mean `{near}`?"))
        }
        None => finding.help("create the Gateway, or name `mesh` for the sidecars"),
    }
}

fn diagnostics_for(mesh: &Mesh, gateway: &Resource<istio::Gateway>, diagnostics: &mut Diagnostics) {
    let scoped = mesh.features.scope_gateway_to_namespace;
    let near = |namespace: &str| !scoped || namespace == gateway.namespace();
    let selector = &gateway.spec.selector;
    let mut selected = mesh
        .workloads
        .values()
        .filter(|workload| near(workload.namespace()) && selects(selector, &workload.labels));
    let Some(first) = selected.next() else {
        let path = if selector.is_empty() { "" } else { "spec.selector" };
        diagnostics.push(
            Diagnostic::new(&codes::GATEWAY_WITHOUT_WORKLOAD, "no workload of the tree runs this Gateway")
                .at(gateway.span(path), "selects nothing")
                .consequence(
                    "nothing listens on its ports, and the routes that are bound to it are served nowhere",
                )
                .help(
                    "put the labels of the gateway's pods here, or the workload of the gateway into the tree",
                )
                .about(gateway.object_ref(), path),
        );
        return;
    };
    let is_gateway = |role: Option<WorkloadRole>| role == Some(WorkloadRole::Gateway);
    if is_gateway(first.proxy) || selected.any(|workload| is_gateway(workload.proxy)) {
        return;
    }
    let finding =
        Diagnostic::new(&codes::GATEWAY_WITHOUT_WORKLOAD, "what this Gateway selects is no gateway")
            .at(gateway.span("spec.selector"), "")
            .consequence("nothing listens on its ports: a sidecar does not run Gateways")
            .help("label the pods of the gateway with `inject.istio.io/templates: gateway`")
            .about(gateway.object_ref(), "spec.selector");
    diagnostics.push(match super::place(&first.origin) {
        Some(span) => finding.related(span, "selected, and not a gateway"),
        None => finding,
    });
}

#[cfg(test)]
mod tests {
    use crate::fixture::{deployment, istio, resolve, service, virtual_service};

    fn gateway(namespace: &str, name: &str, selector: &str) -> String {
        let servers = "servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]";
        istio("networking", "Gateway", namespace, name, &format!("{{selector: {selector}, {servers}}}"))
    }

    fn texts(bound: &str, more: &str) -> Vec<String> {
        let route = "http: [{route: [{destination: {host: web}}]}]";
        let yaml = [
            service("shop", "web", "{name: http, port: 80}"),
            virtual_service("shop", "v", &format!("{{hosts: [shop.example], gateways: [{bound}], {route}}}")),
            deployment("edge", "gate").replace("labels: {app", "labels: {istio: ingressgateway, app"),
            more.to_owned(),
        ];
        resolve(&yaml.concat()).texts()
    }

    #[test]
    fn a_gateway_of_another_namespace_needs_its_namespace() {
        let found = texts("public", &gateway("edge", "public", "{istio: ingressgateway}"));
        assert_eq!(
            found,
            [
                "Error unknown-gateway: there is no Gateway `shop/public`; a name without a namespace is one of `shop`: write `edge/public`"
            ]
        );
    }

    #[test]
    fn a_known_gateway_and_the_mesh_are_fine() {
        let found = texts("edge/public, mesh", &gateway("edge", "public", "{istio: ingressgateway}"));
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn a_gateway_that_selects_nothing_is_served_nowhere() {
        let found = texts("edge/public", &gateway("edge", "public", "{istio: egressgateway}"));
        assert!(found[0].starts_with("Warning gateway-without-workload: no workload"), "{found:?}");
    }

    #[test]
    fn a_sidecar_runs_no_gateway() {
        let found =
            texts("edge/public", &(gateway("edge", "public", "{app: web}") + &deployment("shop", "web")));
        assert!(
            found[0].starts_with("Warning gateway-without-workload: what this Gateway selects"),
            "{found:?}"
        );
    }
}
