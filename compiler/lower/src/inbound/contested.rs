//! Services that lead to one port of a workload and do not agree about it. The first one counts: the oldest, then the one whose
//! host sorts first (translation-spec §4.2).

use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_model::{Protocol, ServiceTarget};

use super::ports::of_service;
use crate::context::ProxyContext;
use crate::upstream::{InboundDifference, inbound_difference};

/// Reports them: where protocols differ in any case, where other settings differ if the tree does not say which service is
/// older. Which of two services with the same settings metrics and traces name first is not reported: nearly every
/// StatefulSet has a headless Service beside one with an address.
pub(super) fn report(
    cx: &ProxyContext<'_>,
    first: &ServiceTarget,
    others: &[&ServiceTarget],
    diags: &mut Diagnostics,
) {
    for other in others {
        if disagree(first.protocol(), other.protocol()) {
            diags.push(conflict(cx, first, other));
        } else if other.protocol() != Protocol::Udp && first.service.object != other.service.object {
            report_order(cx, first, other, diags);
        }
    }
}

/// Whether it matters which of two ports counts. UDP passes the proxy by, so `53/UDP` beside `53/TCP` is as it should be.
fn disagree(first: Protocol, other: Protocol) -> bool {
    first != other && other != Protocol::Udp && (first, other) != (Protocol::Udp, Protocol::Tcp)
}

fn report_order(
    cx: &ProxyContext<'_>,
    first: &ServiceTarget,
    other: &ServiceTarget,
    diags: &mut Diagnostics,
) {
    let precedence = first.precedence(other);
    if precedence.is_stated() {
        return;
    }
    let InboundDifference { limits, stat_name } =
        inbound_difference(cx, &of_service(cx, first), &of_service(cx, other));
    let (winner, loser) = (&first.service, &other.service);
    let limits = limits.then(|| {
        format!(
            "limits and timeouts of what the port takes are those that DestinationRules state for `{}`, not those for `{}`",
            winner.host(),
            loser.host()
        )
    });
    let stat_name =
        stat_name.then(|| format!("`inboundClusterStatName` names its statistics after `{}`", winner.host()));
    let port = (first.port.number != other.port.number).then(|| {
        format!("metrics and traces of it name port {} of `{}` only", first.port.number, winner.host())
    });
    let consequences: Vec<String> = [limits, stat_name, port].into_iter().flatten().collect();
    if consequences.is_empty() {
        return;
    }
    let message = format!(
        "{} and {} lead to port {} of {}, and the tree does not say which one is older",
        winner.object, loser.object, first.target_port, cx.workload.object
    );
    let finding = Diagnostic::new(&codes::ORDER_BY_NAME, message)
        .consequence(consequences.join("; "))
        .help(precedence.help("state the same settings for both, or let them lead to ports of their own"));
    diags.push(between(finding, first, other));
}

fn conflict(cx: &ProxyContext<'_>, first: &ServiceTarget, other: &ServiceTarget) -> Diagnostic {
    let (winner, loser) = (&first.service, &other.service);
    let same_object = winner.object == loser.object;
    let ends = if same_object {
        format!("two ports of {} lead", winner.object)
    } else {
        format!("{} and {} lead", winner.object, loser.object)
    };
    let stated = |protocol: Protocol| match protocol {
        Protocol::Unsupported => "none",
        stated => stated.name(),
    };
    let message = format!(
        "{ends} to port {} of {}, but state different protocols ({} and {})",
        first.target_port,
        cx.workload.object,
        stated(first.protocol()),
        stated(other.protocol())
    );
    let treated = match first.protocol() {
        Protocol::Unsupported => "by its first bytes",
        Protocol::Udp => "as TCP",
        _ => "as the first of the two says",
    };
    let help = "name the ports alike, or let the Services lead to ports of their own";
    let finding = Diagnostic::new(&codes::INBOUND_PORT_CONFLICT, message)
        .consequence(format!("the proxy treats all traffic of the port {treated}"))
        .help(if same_object { help.to_owned() } else { first.precedence(other).help(help) });
    between(finding, first, other)
}

/// Places a finding at the service that is ignored and says why the other one counts.
fn between(finding: Diagnostic, first: &ServiceTarget, other: &ServiceTarget) -> Diagnostic {
    let (winner, loser) = (&first.service, &other.service);
    let why = if winner.object == loser.object {
        "the port that comes first in it counts".to_owned()
    } else {
        format!("counts: {}", first.precedence(other).reason())
    };
    finding
        .at_origin(&loser.origin, "is ignored")
        .related_origin(&winner.origin, why)
        .about(loser.object.clone(), "spec.ports")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn udp_conflicts_with_what_is_more_than_bytes_only_if_it_counts() {
        assert!(!disagree(Protocol::Udp, Protocol::Tcp) && !disagree(Protocol::Http, Protocol::Udp));
        assert!(disagree(Protocol::Udp, Protocol::Http) && disagree(Protocol::Tcp, Protocol::Http));
        assert!(!disagree(Protocol::Http, Protocol::Http));
    }
}
