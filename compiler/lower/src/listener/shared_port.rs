//! Headless Services that share a port. Nothing tells their pods apart when the mesh is compiled, but a connection goes on to
//! the pod that was dialled in any case, so that one upstream serves all of them if all are spoken to alike.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_model::{Protocol, Resolution, Service, ServicePort};

use super::bind::{binds_port, stated_binding};
use super::request::Port;
use super::unaddressed::{has_unknown_endpoints, needs_place};
use crate::context::ProxyContext;
use crate::upstream::dialled_with_mtls;

/// The services for bytes whose pods on a port are known only at run time, in the order in which istiod processes them, if one
/// upstream serves all of them; empty where there are fewer than two. The upstream of the first one is the one for all.
pub(crate) fn sharing<'a>(cx: &'a ProxyContext<'_>, number: u16) -> &'a [Arc<Service>] {
    cx.sharing.get_or_init(|| by_port(cx)).get(&number).map_or(&[], Vec::as_slice)
}

fn by_port(cx: &ProxyContext<'_>) -> BTreeMap<u16, Vec<Arc<Service>>> {
    let mut found: BTreeMap<u16, Vec<(&Arc<Service>, Protocol)>> = BTreeMap::new();
    for egress in &cx.scope.egress {
        let listener = egress.listener.as_ref();
        let here = listener.is_none_or(|listener| listener.port.is_none());
        if !here || stated_binding(cx, listener, binds_port(cx, listener)).is_some() {
            continue;
        }
        for service in &egress.services {
            for port in waiting_ports(cx, service) {
                let sharing = found.entry(port.number).or_default();
                if !sharing.iter().any(|(known, _)| known.host() == service.host()) {
                    sharing.push((service, port.protocol));
                }
            }
        }
    }
    found.retain(|number, services| are_alike(cx, *number, services));
    let services = found.into_iter().map(|(number, services)| {
        (number, services.into_iter().map(|(service, _)| Arc::clone(service)).collect())
    });
    services.collect()
}

/// Ports for bytes of a service whose pods are known only at run time; of several with one number the first one counts.
fn waiting_ports<'a>(
    cx: &'a ProxyContext<'_>,
    service: &'a Service,
) -> impl Iterator<Item = &'a ServicePort> {
    service.ports.iter().filter(move |stated| {
        let number = stated.number;
        let port = Port { number, name: stated.name.clone(), protocol: stated.protocol };
        !stated.protocol.is_tls()
            && has_unknown_endpoints(service, number)
            && needs_place(cx, service, &port)
            && service.port(number).is_some_and(|first| std::ptr::eq(first, *stated))
    })
}

/// Whether there are several services, and connections are treated alike whichever of them they are for.
fn are_alike(cx: &ProxyContext<'_>, number: u16, services: &[(&Arc<Service>, Protocol)]) -> bool {
    let [(first, protocol), others @ ..] = services else { return false };
    if others.is_empty() {
        return false;
    }
    // Without an answer nothing says that one upstream suits the other services: a cluster IP leads to pods of its own, and
    // a DestinationRule may state TLS of its own.
    let Some(mtls) = headless_mtls(cx, first, number) else { return false };
    others
        .iter()
        .all(|(service, of_other)| of_other == protocol && headless_mtls(cx, service, number) == Some(mtls))
}

/// Whether connections to a headless Service use Istio mTLS; `None` for other services and for TLS of another kind.
fn headless_mtls(cx: &ProxyContext<'_>, service: &Service, number: u16) -> Option<bool> {
    let headless = service.resolution == Resolution::Passthrough;
    if headless { dialled_with_mtls(cx, service, number) } else { None }
}
