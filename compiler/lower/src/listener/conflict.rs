//! Findings about services that want one place.

use meshc_diagnostics::{Diagnostic, Diagnostics, Origin, codes};
use meshc_model::Service;

use super::request::Port;

/// Puts a finding where a service is declared.
pub(super) fn at_service(finding: Diagnostic, service: &Service) -> Diagnostic {
    let finding = match &service.origin {
        Origin::Declared { span, .. } => finding.at(*span, ""),
        Origin::Default { .. } => finding,
    };
    finding.about(service.object.clone(), "")
}

/// Connections to a port cannot be told from those to an older service, which gets them.
pub(super) fn dropped(service: &Service, port: &Port, owner: &str, diags: &mut Diagnostics) {
    let (host, number) = (service.host(), port.number);
    let message = format!("connections to port {number} of `{host}` cannot be told from those to `{owner}`");
    let finding = Diagnostic::new(&codes::LISTENER_CONFLICT, message)
        .consequence(format!("they go to `{owner}`, which comes first"))
        .help("give one of them an address or a port of its own, or state HTTP or TLS as its protocol");
    diags.push(at_service(finding, service));
}

/// A port takes all connections that no other listener takes.
pub(super) fn everything_on_port(service: &Service, port: &Port, diags: &mut Diagnostics) {
    let (host, number) = (service.host(), port.number);
    let unknown = what_is_unknown(service);
    let message =
        format!("{unknown} of `{host}` are not known, so its port {number} stands for every address");
    let finding = Diagnostic::new(&codes::ADDRESS_UNKNOWN, message)
        .consequence(format!("other connections to port {number} are treated as connections to `{host}`"))
        .help(remedy(service, "give the service a port that nothing else uses"));
    diags.push(at_service(finding, service));
}

/// Headless Services share a port and the upstream of the first one.
pub(super) fn shares_upstream(port: u16, first: &Service, others: &[&Service], diags: &mut Diagnostics) {
    let others = others.iter().map(|other| other.host()).collect::<Vec<_>>().join("`, `");
    let host = first.host();
    let message = format!(
        "the addresses of the pods of `{host}` and `{others}` are not known, and all have port {port}"
    );
    let finding = Diagnostic::new(&codes::ADDRESS_SHARED, message)
        .consequence(format!(
            "connections to the port go to the pod that was dialled, by the settings and in the metrics of `{host}`; a \
             certificate of any of these services is accepted"
        ))
        .help("give the services ports of their own");
    diags.push(at_service(finding, first));
}

/// Several services without known addresses want one port.
pub(super) fn cannot_tell_apart(
    port: u16,
    services: &[&Service],
    owner: Option<&str>,
    diags: &mut Diagnostics,
) {
    for service in services {
        let others: Vec<&str> = services
            .iter()
            .map(|other| other.host())
            .filter(|host| *host != service.host())
            .chain(owner)
            .collect();
        let have = if others.len() == 1 { "has" } else { "have" };
        let others = others.join("`, `");
        let host = service.host();
        let message =
            format!("the addresses of `{host}` are not known, and `{others}` {have} port {port}, too");
        let finding = Diagnostic::new(&codes::ADDRESS_SHARED, message)
            .consequence(
                "connections to the port follow the outbound traffic policy, without mutual TLS and policies",
            )
            .help(remedy(service, "give the services ports of their own"));
        diags.push(at_service(finding, service));
    }
}

fn what_is_unknown(service: &Service) -> &'static str {
    if service.is_headless() { "the addresses of the pods" } else { "the addresses" }
}

/// A headless Service has no address to state.
fn remedy(service: &Service, ports: &str) -> String {
    if service.is_headless() {
        ports.to_owned()
    } else {
        format!("state `spec.clusterIP` or lock it (`meshc lock`), or {ports}")
    }
}
