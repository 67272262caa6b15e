//! Headless Services that share a port. Nothing tells their pods apart when the mesh is compiled, but a connection goes on to
//! the pod that was dialled in any case, so that one upstream serves all of them if all are spoken to alike.

use meshc_model::{Protocol, Resolution, Service};

use super::bind::{binds_port, stated_binding};
use super::request::Port;
use super::unaddressed::{has_unknown_endpoints, needs_place};
use crate::context::ProxyContext;
use crate::upstream::dialled_with_mtls;

/// The services for bytes whose pods on a port are known only at run time, in the order in which istiod processes them, if one
/// upstream serves all of them; empty where there are fewer than two. The upstream of the first one is the one for all.
pub(crate) fn sharing<'a>(cx: &'a ProxyContext<'_>, number: u16) -> Vec<&'a Service> {
    let mut sharing: Vec<(&Service, Protocol)> = Vec::new();
    for egress in &cx.scope.egress {
        let listener = egress.listener.as_ref();
        let here = listener.is_none_or(|listener| listener.port.is_none());
        if !here || stated_binding(cx, listener, binds_port(cx, listener)).is_some() {
            continue;
        }
        for service in &egress.services {
            let Some(stated) = service.port(number).filter(|port| !port.protocol.is_tls()) else { continue };
            let port = Port { number, name: stated.name.clone(), protocol: stated.protocol };
            let known = sharing.iter().any(|(known, _)| known.host() == service.host());
            if !known && needs_place(cx, service, &port) && has_unknown_endpoints(service, number) {
                sharing.push((service, port.protocol));
            }
        }
    }
    if !are_alike(cx, number, &sharing) {
        return Vec::new();
    }
    sharing.into_iter().map(|(service, _)| service).collect()
}

/// Whether there are several services, and connections are treated alike whichever of them they are for.
fn are_alike(cx: &ProxyContext<'_>, number: u16, services: &[(&Service, Protocol)]) -> bool {
    let [(first, protocol), others @ ..] = services else { return false };
    // Without an answer nothing says that one upstream suits the other services: a cluster IP leads to pods of its own, and
    // a DestinationRule may state TLS of its own.
    let Some(mtls) = headless_mtls(cx, first, number) else { return false };
    let alike = |(service, of_other): &(&Service, Protocol)| {
        of_other == protocol && headless_mtls(cx, service, number) == Some(mtls)
    };
    !others.is_empty() && others.iter().all(alike)
}

/// Whether connections to a headless Service use Istio mTLS; `None` for other services and for TLS of another kind.
fn headless_mtls(cx: &ProxyContext<'_>, service: &Service, number: u16) -> Option<bool> {
    let headless = service.resolution == Resolution::Passthrough;
    if headless { dialled_with_mtls(cx, service, number) } else { None }
}
