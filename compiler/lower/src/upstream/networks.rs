//! Endpoints in other networks: they are reached through the gateways of their network, each of which takes the weight of all
//! endpoints behind it (translation-spec §9.4, "split horizon").

use std::collections::BTreeMap;
use std::net::IpAddr;

use meshc_diagnostics::{Diagnostic, codes};
use meshc_model::{EndpointFact, EndpointPlace, NetworkGateway, Reach};
use meshc_plan::{Endpoint, EndpointAddress};

use super::target::Target;
use crate::context::ProxyContext;

/// The gateways behind which endpoints of one locality are, with the weight of these.
#[derive(Debug, Default)]
pub(super) struct Behind<'m>(BTreeMap<&'m NetworkGateway, u32>);

impl<'m> Behind<'m> {
    /// Adds an endpoint of a weight, split over the gateways that lead to it.
    pub(super) fn add(&mut self, gateways: &[&'m NetworkGateway], weight: u32) {
        let share = u32::try_from(gateways.len()).map_or(1, |count| weight / count.max(1));
        for gateway in gateways {
            let sum = self.0.entry(gateway).or_default();
            *sum = sum.saturating_add(share);
        }
    }

    /// The gateways as endpoints. They take Istio mTLS, by whose server name they forward.
    pub(super) fn endpoints(self, cx: &ProxyContext<'_>) -> impl Iterator<Item = Endpoint> {
        let features = &cx.mesh.features;
        let labelled = features.enable_telemetry_label && features.endpoint_telemetry_label;
        self.0.into_iter().map(move |(gateway, weight)| {
            let NetworkGateway { address, port, cluster } = gateway;
            Endpoint {
                address: match address.parse::<IpAddr>() {
                    Ok(ip) => EndpointAddress::Ip(ip, *port),
                    Err(_) => EndpointAddress::Name(address.clone(), *port),
                },
                weight: Some(weight.max(1)),
                mtls: true,
                workload: labelled.then(|| format!(";;;;{cluster}")),
                health: None,
            }
        })
    }
}

/// Weight of all that an endpoint of the tree stands for, in a mesh with several networks.
pub(super) fn weight(cx: &ProxyContext<'_>, fact: &EndpointFact) -> u32 {
    let pods = fact.replicas.unwrap_or(1);
    let scale = cx.mesh.networks.weight_scale();
    fact.weight.filter(|weight| *weight > 0).unwrap_or(1).saturating_mul(pods).saturating_mul(scale)
}

/// Whether the proxy dials an endpoint at its own address.
pub(super) fn is_near(cx: &ProxyContext<'_>, fact: &EndpointFact) -> bool {
    cx.mesh.reach(cx.workload, fact.network.as_deref()) == Reach::Direct
}

/// Reports pods in another network whose number decides their share of the traffic and is not stated.
pub(super) fn uncounted<'f>(
    target: &Target<'_>,
    far: impl Iterator<Item = &'f EndpointFact>,
) -> Option<Diagnostic> {
    let uncounted = far.filter(|fact| fact.replicas.is_none());
    let names: Vec<String> = uncounted
        .filter_map(|fact| match &fact.place {
            EndpointPlace::Workload(workload) => Some(format!("{}/{}", workload.namespace, workload.name)),
            EndpointPlace::Ip(_) | EndpointPlace::Name(_) | EndpointPlace::Unix(_) => None,
        })
        .collect();
    if names.is_empty() {
        return None;
    }
    let message = format!(
        "{} has pods in several networks, and {} does not state `replicas`",
        target.service.object,
        names.join(", ")
    );
    let finding = Diagnostic::new(&codes::REPLICAS_UNKNOWN, message)
        .consequence("the gateway of their network gets the share of one pod, however many there are")
        .help("state `spec.replicas` of the workload; DNS tells proxies the number of near pods, but not of those behind a gateway");
    Some(target.about_service(finding, "spec.selector"))
}

/// Reports near pods that DNS cannot tell from those of another network.
pub(super) fn unlabelled(target: &Target<'_>, network: &str, workload: &str) -> Diagnostic {
    let message = format!(
        "{} has pods in several networks, and those of {workload} have no label `topology.istio.io/network`",
        target.service.object
    );
    let finding = Diagnostic::new(&codes::NETWORK_LABEL_MISSING, message)
        .consequence("DNS does not tell them from pods of the other networks, so proxies do not find them")
        .help(format!("add the label `topology.istio.io/network: {network}` to the pods, or inject a proxy, which adds it"));
    target.about_service(finding, "spec.selector")
}
