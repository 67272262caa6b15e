//! Hosts that several namespaces define for everybody.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_diagnostics::{Diagnostic, Diagnostics, codes};

use super::place;
use crate::{Mesh, Registry, Service};

/// Reports those of which only a name decides who provides them; a Kubernetes Service wins over ServiceEntries.
pub(super) fn report(mesh: &Mesh, diagnostics: &mut Diagnostics) {
    let mut by_host: BTreeMap<&str, Vec<&Arc<Service>>> = BTreeMap::new();
    for service in mesh.services.iter().filter(|service| service.export_to.contains("*")) {
        by_host.entry(service.host()).or_default().push(service);
    }
    for (host, services) in by_host.iter().filter(|(_, services)| services.len() > 1) {
        let is_kubernetes = |service: &&&Arc<Service>| service.registry == Registry::Kubernetes;
        let mut kubernetes = services.iter().filter(is_kubernetes);
        let Some(winner) = kubernetes.next().or(services.first()) else { continue };
        let others = services.iter().filter(|service| service.namespace() != winner.namespace());
        for other in others.filter(|other| other.registry == winner.registry) {
            diagnostics.push(finding(host, winner, other));
        }
    }
}

fn finding(host: &str, winner: &Service, other: &Service) -> Diagnostic {
    let mut finding =
        Diagnostic::new(&codes::ORDER_BY_NAME, format!("`{host}` is defined in several namespaces"))
            .consequence(format!(
                "clients in `{}` use this one, clients of all other namespaces the one of `{}`",
                other.namespace(),
                winner.namespace()
            ))
            .help("restrict `exportTo` of one of them")
            .about(other.object.clone(), "");
    if let Some(span) = place(&other.origin) {
        finding = finding.at(span, "for clients of its own namespace only");
    }
    if let Some(span) = place(&winner.origin) {
        finding = finding
            .related(span, "this one counts elsewhere: it is older, or its name or namespace sorts first");
    }
    finding
}

#[cfg(test)]
mod tests {
    use crate::fixture::{istio, resolve};

    fn entry(namespace: &str, more: &str) -> String {
        let ports = "ports: [{number: 80, name: http, protocol: HTTP}]";
        let spec = format!("{{hosts: [a.example], resolution: DNS, {more} {ports}}}");
        istio("networking", "ServiceEntry", namespace, "a", &spec)
    }

    #[test]
    fn everybody_sees_one_definition_of_a_host() {
        let fixture = resolve(&(entry("one", "") + &entry("two", "")));
        assert_eq!(
            fixture.texts(),
            [
                "Info order-by-name: `a.example` is defined in several namespaces; restrict `exportTo` of one of them"
            ]
        );
        assert_eq!(fixture.findings[0].object.as_ref().map(|object| object.namespace.as_str()), Some("two"));
    }

    #[test]
    fn a_private_definition_disturbs_nobody() {
        assert_eq!(
            resolve(&(entry("one", "") + &entry("two", "exportTo: [.],"))).texts(),
            Vec::<String>::new()
        );
    }
}
