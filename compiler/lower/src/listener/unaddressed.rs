//! Services without an address that connections could be told by (translation-spec §2.3).
//!
//! istiod gives each pod of a headless Service a listener of its own. Addresses of pods are known only at run time, so
//! such a port gets the wildcard address instead, beside HTTP, if no other bytes need it: connections then go on to the address
//! that was dialled. Those of TLS are told apart by the names of the pods. The same holds for Services whose ClusterIP the tree
//! does not state.

use std::collections::BTreeMap;
use std::net::IpAddr;

use meshc_model::{EndpointFact, EndpointPlace, Registry, Resolution, Service, ServiceAddress};

use super::outbound::Draft;
use super::request::Port;
use crate::context::ProxyContext;

/// Ports that wait for the wildcard address.
#[derive(Debug, Default)]
pub(super) struct Unaddressed<'a> {
    drafts: BTreeMap<u16, Vec<Draft<'a>>>,
}

impl<'a> Unaddressed<'a> {
    pub(super) fn add(&mut self, draft: Draft<'a>) {
        self.drafts.entry(draft.port.number).or_default().push(draft);
    }

    pub(super) fn by_port(self) -> BTreeMap<u16, Vec<Draft<'a>>> {
        self.drafts
    }
}

/// Whether a port cannot simply listen at the address of its service. A ServiceEntry without addresses and endpoints means
/// every address.
pub(super) fn needs_place(cx: &ProxyContext<'_>, service: &Service, port: &Port) -> bool {
    let bytes = port.protocol.is_tcp_like() || port.protocol.is_auto();
    if !bytes || service.address_for(cx.workload) != ServiceAddress::None {
        return false;
    }
    match (service.resolution, service.registry) {
        (Resolution::Passthrough, Registry::Kubernetes) => true,
        (Resolution::Passthrough, Registry::External) => {
            let selects = service.has_workload_selector || !service.selector.is_empty();
            selects || endpoints(service, port.number).next().is_some()
        }
        // The tree does not tell the ClusterIP.
        (Resolution::ClientSide, Registry::Kubernetes) => true,
        _ => false,
    }
}

/// Addresses of endpoints that the tree states, but for that of the proxy itself: what an application sends to its own
/// address does not pass through an outbound listener.
pub(super) fn known_endpoints(cx: &ProxyContext<'_>, service: &Service, port: u16) -> Vec<IpAddr> {
    if service.resolution != Resolution::Passthrough {
        return Vec::new();
    }
    let known = endpoints(service, port).filter_map(|endpoint| match &endpoint.place {
        EndpointPlace::Ip(address) => Some(*address),
        _ => None,
    });
    known.filter(|address| cx.workload.address != Some(*address)).collect()
}

/// Whether connections go to addresses that only run time knows.
pub(super) fn has_unknown_endpoints(service: &Service, port: u16) -> bool {
    service.resolution != Resolution::Passthrough
        || endpoints(service, port).any(|endpoint| matches!(endpoint.place, EndpointPlace::Workload(_)))
}

fn endpoints(service: &Service, port: u16) -> impl Iterator<Item = &EndpointFact> {
    service.endpoints.iter().filter(move |endpoint| endpoint.ports.contains_key(&port))
}
