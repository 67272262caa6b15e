//! Which port a gateway listens on for a server: the one that its Service leads to (translation-spec §5.2).

use std::collections::BTreeSet;

use meshc_api::Precedence;
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_model::{Protocol, ServiceTarget};

use super::servers::GatewayServer;
use crate::context::ProxyContext;

/// Label of a Service whose ports are not translated for Gateways.
const NO_TRANSLATION: &str = "experimental.istio.io/disable-gateway-port-translation";

/// The port of the workload that a Service leads to from a port; the port itself if no Service has it.
pub(super) fn listen_port(cx: &ProxyContext<'_>, port: u16) -> u16 {
    targets(cx, port).next().map_or(port, |target| target.target_port)
}

/// The ports of Services that lead here from a port; the first one counts.
fn targets<'a>(cx: &ProxyContext<'a>, port: u16) -> impl Iterator<Item = &'a ServiceTarget> {
    cx.workload
        .targets
        .iter()
        .filter(move |target| target.port.number == port)
        .filter(|target| !target.service.labels.contains_key(NO_TRANSLATION))
}

/// Reports Services that lead from the port of a server to another port of the workload than the first one, if the tree does not
/// say which one is older.
pub(super) fn report_order(cx: &ProxyContext<'_>, servers: &[GatewayServer], diags: &mut Diagnostics) {
    let ports: BTreeSet<u16> = servers.iter().map(|server| server.port).collect();
    for port in ports {
        let mut targets = targets(cx, port);
        let Some(first) = targets.next() else { continue };
        for other in targets.filter(|other| leads_elsewhere(first, other)) {
            let precedence = first.precedence(other);
            if !precedence.is_stated() {
                diags.push(ordered(cx, first, other, precedence));
            }
        }
    }
}

/// Whether connections to the second one arrive where no server of the port listens. UDP beside TCP is HTTP/3, which has findings
/// of its own.
fn leads_elsewhere(first: &ServiceTarget, other: &ServiceTarget) -> bool {
    let same_transport = (first.protocol() == Protocol::Udp) == (other.protocol() == Protocol::Udp);
    same_transport && first.target_port != other.target_port && first.service.object != other.service.object
}

fn ordered(
    cx: &ProxyContext<'_>,
    first: &ServiceTarget,
    other: &ServiceTarget,
    precedence: Precedence,
) -> Diagnostic {
    let (winner, loser) = (&first.service, &other.service);
    let port = first.port.number;
    let message = format!(
        "{} and {} lead from port {port} to different ports of {} ({} and {}), and the tree does not say which one is older",
        winner.object, loser.object, cx.workload.object, first.target_port, other.target_port
    );
    Diagnostic::new(&codes::ORDER_BY_NAME, message)
        .consequence(format!(
            "servers of Gateways for port {port} listen on {}; connections to port {port} of {} arrive at {}, where none of them listens",
            first.target_port, loser.object, other.target_port
        ))
        .help(precedence.help("let both lead to one port, or give one of them another port number"))
        .at_origin(&loser.origin, "servers do not listen where this one leads")
        .related_origin(&winner.origin, format!("this one counts: {}", precedence.reason()))
        .about(loser.object.clone(), "spec.ports")
}
