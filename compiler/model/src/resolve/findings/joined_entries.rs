//! ServiceEntries of one host and namespace: istiod joins their ports, addresses and endpoints, and follows the first one where they
//! differ otherwise (translation-spec §0.3).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_api::Precedence;
use meshc_contract::{ObjectRef, ServiceRef};
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};

use crate::{Registry, Service, ServicePort};

/// Reports those of which a part has no effect. `registry` has one service for each object, host and address, in istiod's order.
pub(super) fn report(registry: &[Arc<Service>], diagnostics: &mut Diagnostics) {
    let provided = registry.iter().filter(|service| service.registry == Registry::Kubernetes);
    let kubernetes: BTreeSet<&ServiceRef> = provided.map(|service| &service.reference).collect();
    let mut first: BTreeMap<&ServiceRef, &Service> = BTreeMap::new();
    let mut reported: BTreeSet<(&ServiceRef, &ObjectRef)> = BTreeSet::new();
    for service in registry.iter().filter(|service| !kubernetes.contains(&service.reference)) {
        let winner = *first.entry(&service.reference).or_insert(service);
        let lost = differences(winner, service);
        if winner.object == service.object || lost.is_empty() {
            continue;
        }
        if reported.insert((&service.reference, &service.object)) {
            diagnostics.push(finding(winner, service, &lost));
        }
    }
}

/// What an entry states otherwise than the first one, in the words of its fields.
fn differences(winner: &Service, other: &Service) -> Vec<String> {
    let fields = [
        ("`resolution`", winner.resolution != other.resolution),
        ("`location`", winner.mesh_external != other.mesh_external),
        ("`exportTo`", winner.export_to != other.export_to),
    ];
    let fields = fields.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned());
    let port = |port: &&ServicePort| {
        winner.port(port.number).is_some_and(|first| {
            (&first.name, first.protocol, &first.target) != (&port.name, port.protocol, &port.target)
        })
    };
    fields.chain(other.ports.iter().filter(port).map(|port| format!("port {}", port.number))).collect()
}

fn finding(winner: &Service, other: &Service, lost: &[String]) -> Diagnostic {
    let (first, second) = (&winner.object, &other.object);
    let precedence = Precedence::of(
        (winner.created, &first.name, &first.namespace),
        (other.created, &second.name, &second.namespace),
    );
    let lost = lost.join(", ");
    let message = format!("{first} and {second} state `{}` differently: {lost}", other.host());
    Diagnostic::new(&codes::SUPERSEDED, message)
        .at_origin(&other.origin, format!("has no effect in {lost}"))
        .related_origin(&winner.origin, format!("this one counts: {}", precedence.reason()))
        .consequence(format!(
            "ports, addresses and endpoints of both are joined; what differs is as {first} states it"
        ))
        .help(precedence.help("state the host in one of them, or the same in both"))
        .about(second.clone(), "spec")
}

#[cfg(test)]
mod tests {
    use crate::fixture::{istio, resolve, service};

    fn entry(name: &str, spec: &str) -> String {
        istio("networking", "ServiceEntry", "ns", name, &format!("{{hosts: [a.example], {spec}}}"))
    }

    fn findings(one: &str, two: &str) -> Vec<String> {
        resolve(&(entry("one", one) + &entry("two", two))).texts()
    }

    const HTTP: &str = "resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]";

    #[test]
    fn what_entries_of_one_host_state_differently_is_as_the_first_one_states_it() {
        let other = "resolution: NONE, exportTo: ['.'], ports: [{number: 80, name: http, protocol: HTTP2}, {number: 81, name: new, protocol: HTTP}]";
        assert_eq!(
            findings(HTTP, other),
            [
                "Warning superseded: ServiceEntry ns/one and ServiceEntry ns/two state `a.example` differently: `resolution`, `exportTo`, \
              port 80; state the host in one of them, or the same in both; or state `metadata.creationTimestamp` in both, so that \
              their age decides"
            ]
        );
    }

    #[test]
    fn entries_that_add_ports_addresses_or_endpoints_lose_nothing() {
        let none = Vec::<String>::new();
        let more = "resolution: DNS, endpoints: [{address: b.example}], addresses: [192.0.2.1, 192.0.2.2], ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}]";
        assert_eq!(findings(HTTP, more), none);
        assert_eq!(findings(more, HTTP), none);
    }

    #[test]
    fn entries_for_the_host_of_a_kubernetes_service_do_not_compete_with_each_other() {
        let host = |yaml: String| yaml.replace("a.example", "web.ns.svc.cluster.local");
        let tcp = HTTP.replace("HTTP", "TCP");
        let yaml = service("ns", "web", "{name: http, port: 80}")
            + &host(entry("one", HTTP))
            + &host(entry("two", &tcp));
        assert!(!resolve(&yaml).texts().iter().any(|text| text.contains("state `web")));
    }
}
