//! The port that pods listen on: DNS answers with addresses alone, so that one number must do for all of them.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_model::{EndpointFact, Registry, Resolution, TargetPort};

use crate::upstream::target::Target;

/// The port that pods listen on.
pub(super) enum Port {
    /// This number, on all pods.
    Number(u16),
    /// Several numbers: only kube-proxy can tell them apart.
    ClusterIp,
    /// Nothing tells it.
    Unknown,
}

pub(super) fn target_port(target: &Target<'_>, pods: &[&EndpointFact], diags: &mut Diagnostics) -> Port {
    let name = match &target.port.target {
        TargetPort::Same => return Port::Number(target.port.number),
        TargetPort::Number(port) => return Port::Number(*port),
        TargetPort::Name(name) => name,
    };
    let numbers: BTreeSet<u16> =
        pods.iter().filter_map(|fact| fact.ports.get(&target.port.number)).copied().collect();
    let mut found = numbers.iter().copied();
    match (found.next(), found.next()) {
        (Some(number), None) => Port::Number(number),
        (None, _) => {
            diags.push(unknown_port(target, name));
            Port::Unknown
        }
        (Some(_), Some(_)) => {
            diags.push(ambiguous_port(target, name, &numbers));
            let has_cluster_ip = target.service.resolution == Resolution::ClientSide
                && target.service.registry == Registry::Kubernetes
                && target.subset.is_none();
            if has_cluster_ip { Port::ClusterIp } else { Port::Unknown }
        }
    }
}

fn unknown_port(target: &Target<'_>, name: &str) -> Diagnostic {
    let message =
        format!("no workload that {} selects declares a port named `{name}`", target.service.object);
    let finding = Diagnostic::new(&codes::UNKNOWN_TARGET_PORT, message)
        .consequence(format!("no proxy reaches port {} of it; Envoy answers 503", target.port.number))
        .help("name the port in the container that serves it, or state `targetPort` as a number");
    target.about_service(finding, "spec.ports")
}

fn ambiguous_port(target: &Target<'_>, name: &str, numbers: &BTreeSet<u16>) -> Diagnostic {
    let numbers = numbers.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
    let message =
        format!("pods of {} listen on {numbers} for `{name}`, and DNS tells no ports", target.service.object);
    let consequence = if target.subset.is_none() && target.service.resolution == Resolution::ClientSide {
        "proxies use the cluster IP: kube-proxy picks a pod for each connection, and the load balancing of the mesh sees one \
         endpoint"
    } else {
        "no proxy reaches the port; Envoy answers 503"
    };
    let finding = Diagnostic::new(&codes::AMBIGUOUS_TARGET_PORT, message)
        .consequence(consequence)
        .help("let all pods listen on one number, or give each number a Service or subset of its own");
    target.about_service(finding, "spec.ports")
}
