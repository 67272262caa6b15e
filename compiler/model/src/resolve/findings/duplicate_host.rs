//! Hosts that several VirtualServices claim.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_api::{Precedence, Resource, istio};
use meshc_contract::ObjectRef;
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};

use crate::Mesh;
use crate::virtual_services::{gateways, has_gateway_semantics, visibility};
use crate::visibility::Visibility;

/// A host of a VirtualService.
struct Claim<'a> {
    virtual_service: &'a Arc<Resource<istio::VirtualService>>,
    index: usize,
    visibility: Visibility,
}

/// Gateways at which a second VirtualService adds rules to a host, by host and both VirtualServices.
type AtGateways<'a, 'c> =
    BTreeMap<(&'a str, ObjectRef, ObjectRef), (Vec<&'a str>, &'c Claim<'a>, &'c Claim<'a>)>;

/// Reports them: sidecars use one VirtualService for a host, gateways the rules of all.
pub(super) fn report(mesh: &Mesh, diagnostics: &mut Diagnostics) {
    let mut claims: BTreeMap<(&str, &str), Vec<Claim<'_>>> = BTreeMap::new();
    for virtual_service in mesh.virtual_services.iter().filter(|vs| !has_gateway_semantics(vs)) {
        for gateway in gateways(virtual_service) {
            for (index, host) in virtual_service.spec.hosts.iter().enumerate() {
                let visibility = visibility(virtual_service, &mesh.config);
                let claim = Claim { virtual_service, index, visibility };
                claims.entry((gateway, host)).or_default().push(claim);
            }
        }
    }
    let mut at_gateways: AtGateways<'_, '_> = BTreeMap::new();
    for ((gateway, host), claims) in claims.iter().filter(|(_, claims)| claims.len() > 1) {
        for (position, claim) in claims.iter().enumerate().skip(1) {
            let earlier = claims.iter().take(position).find(|earlier| competes(earlier, claim));
            let Some(earlier) = earlier else { continue };
            if *gateway == "mesh" {
                diagnostics.push(superseded(host, earlier, claim));
            } else if !precedence(earlier, claim).is_stated() {
                let key = (*host, earlier.virtual_service.object_ref(), claim.virtual_service.object_ref());
                at_gateways.entry(key).or_insert_with(|| (Vec::new(), earlier, claim)).0.push(gateway);
            }
        }
    }
    for ((host, ..), (gateways, earlier, claim)) in at_gateways {
        diagnostics.push(concatenated(host, &gateways, earlier, claim));
    }
}

/// Why the first of two claims comes first.
fn precedence(first: &Claim<'_>, second: &Claim<'_>) -> Precedence {
    Precedence::of(first.virtual_service.creation_key(), second.virtual_service.creation_key())
}

/// Whether the same clients see both. A private one overrides a public one on purpose.
fn competes(a: &Claim<'_>, b: &Claim<'_>) -> bool {
    if a.virtual_service.object_ref() == b.virtual_service.object_ref() {
        return false;
    }
    match (&a.visibility, &b.visibility) {
        (Visibility::Public, Visibility::Public) => true,
        (Visibility::Namespaces(a), Visibility::Namespaces(b)) => !a.is_disjoint(b),
        _ => false,
    }
}

fn superseded(host: &str, earlier: &Claim<'_>, claim: &Claim<'_>) -> Diagnostic {
    let winner = earlier.virtual_service;
    let precedence = precedence(earlier, claim);
    Diagnostic::new(&codes::DUPLICATE_HOST, format!("`{host}` has two VirtualServices for sidecars"))
        .at(claim.virtual_service.span(&claim.path()), "has no effect on sidecars")
        .related(winner.span(&earlier.path()), format!("this one counts: {}", precedence.reason()))
        .consequence(format!("sidecars follow only the rules of {}", winner.object_ref()))
        .help(precedence.help("put the rules into one VirtualService, or let one delegate to the other"))
        .about(claim.virtual_service.object_ref(), claim.path())
}

fn concatenated(host: &str, gateways: &[&str], earlier: &Claim<'_>, claim: &Claim<'_>) -> Diagnostic {
    let gateways = gateways.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let first = earlier.virtual_service;
    let precedence = precedence(earlier, claim);
    Diagnostic::new(
        &codes::ORDER_BY_NAME,
        format!("`{host}` has rules of several VirtualServices at {gateways}"),
    )
    .at(claim.virtual_service.span(&claim.path()), "these rules come later")
    .related(first.span(&earlier.path()), format!("these come first: {}", precedence.reason()))
    .consequence("a request that rules of both match goes where the first one says; rules that match everything go last")
    .help(precedence.help("put rules that overlap into one VirtualService"))
    .about(claim.virtual_service.object_ref(), claim.path())
}

impl Claim<'_> {
    fn path(&self) -> String {
        format!("spec.hosts[{}]", self.index)
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{deployment, resolve, service, virtual_service};

    fn mesh(a: &str, b: &str) -> String {
        let rule = "http: [{route: [{destination: {host: web}}]}]";
        [
            service("shop", "web", "{name: http, port: 80}"),
            deployment("shop", "web"),
            virtual_service("shop", "a", &format!("{{hosts: [web], {a} {rule}}}")),
            virtual_service("shop", "b", &format!("{{hosts: [web.shop.svc.cluster.local], {b} {rule}}}")),
        ]
        .concat()
    }

    #[test]
    fn of_two_virtual_services_for_sidecars_the_second_has_no_effect() {
        let fixture = resolve(&mesh("", ""));
        assert_eq!(fixture.findings.len(), 1);
        let [finding] = &fixture.findings[..] else { return };
        assert_eq!(finding.code.name, "duplicate-host");
        assert_eq!(finding.object.as_ref().map(|object| object.name.as_str()), Some("b"));
        assert_eq!(fixture.ends(0), ["web.shop.svc.cluster.local", "web"]);
        assert!(finding.consequence.as_ref().is_some_and(|text| text.contains("VirtualService shop/a")));
    }

    #[test]
    fn a_private_virtual_service_overrides_a_public_one_on_purpose() {
        assert_eq!(resolve(&mesh("exportTo: [.],", "")).texts(), Vec::<String>::new());
    }

    #[test]
    fn at_a_gateway_the_order_of_names_is_worth_knowing() {
        let gateway = "gateways: [edge/gate],";
        let yaml = mesh(gateway, gateway)
            + &crate::fixture::istio(
                "networking",
                "Gateway",
                "edge",
                "gate",
                "{selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}",
            )
            + &deployment("edge", "gate").replace("labels: {app", "labels: {istio: ingressgateway, app");
        let fixture = resolve(&yaml);
        assert_eq!(fixture.texts().len(), 1, "{:?}", fixture.texts());
        assert!(fixture.texts()[0].starts_with("Info order-by-name"), "{:?}", fixture.texts());
    }
}
