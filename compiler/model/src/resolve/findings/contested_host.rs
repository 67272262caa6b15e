//! Hosts that several namespaces define for everybody.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_api::Precedence;
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};

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
            let precedence = Precedence::of(winner.creation_key(), other.creation_key());
            if !precedence.is_stated() {
                diagnostics.push(finding(host, winner, other, precedence));
            }
        }
    }
}

fn finding(host: &str, winner: &Service, other: &Service, precedence: Precedence) -> Diagnostic {
    Diagnostic::new(&codes::ORDER_BY_NAME, format!("`{host}` is defined in several namespaces"))
        .consequence(format!(
            "clients in `{}` use this one, clients of all other namespaces the one of `{}`",
            other.namespace(),
            winner.namespace()
        ))
        .help(precedence.help("restrict `exportTo` of one of them"))
        .at_origin(&other.origin, "for clients of its own namespace only")
        .related_origin(&winner.origin, format!("this one counts elsewhere: {}", precedence.reason()))
        .about(other.object.clone(), "")
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
                "Info order-by-name: `a.example` is defined in several namespaces; restrict `exportTo` of one of them; or state \
                 `metadata.creationTimestamp` in both, so that their age decides"
            ]
        );
        assert_eq!(fixture.findings[0].object.as_ref().map(|object| object.namespace.as_str()), Some("two"));
    }

    #[test]
    fn the_age_that_objects_state_is_no_news() {
        let aged = |namespace: &str, time: &str| {
            entry(namespace, "").replace("metadata: {", &format!("metadata: {{creationTimestamp: '{time}', "))
        };
        let dated = aged("one", "2024-02-01T00:00:00Z") + &aged("two", "2024-01-01T00:00:00Z");
        assert_eq!(resolve(&dated).texts(), Vec::<String>::new());
        let half = aged("one", "2024-02-01T00:00:00Z") + &entry("two", "");
        let [finding] = &resolve(&half).findings[..] else { panic!("one finding") };
        assert_eq!(
            finding.related[0].message,
            "this one counts elsewhere: it states no `creationTimestamp`, which counts as older"
        );
    }

    #[test]
    fn a_private_definition_disturbs_nobody() {
        assert_eq!(
            resolve(&(entry("one", "") + &entry("two", "exportTo: [.],"))).texts(),
            Vec::<String>::new()
        );
    }
}
