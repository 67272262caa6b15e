//! VirtualServices with full names: hosts, destinations, gateways (translation-spec §2.9.11).

use meshc_api::{Resource, istio};

use crate::hosts::{resolve_gateway, resolve_host};

/// A copy of a VirtualService in which every name is fully qualified.
pub(super) fn qualified(
    resource: &Resource<istio::VirtualService>,
    domain: &str,
) -> Resource<istio::VirtualService> {
    let mut copy = resource.clone();
    let names = Names { namespace: resource.namespace(), domain };
    let spec = &mut copy.spec;
    spec.hosts.iter_mut().for_each(|host| names.host(host));
    names.gateways(&mut spec.gateways);
    for route in &mut spec.http {
        names.http_route(route);
    }
    for route in &mut spec.tcp {
        route.r#match.iter_mut().for_each(|condition| names.gateways(&mut condition.gateways));
        names.destinations(&mut route.route);
    }
    for route in &mut spec.tls {
        route.r#match.iter_mut().for_each(|condition| names.gateways(&mut condition.gateways));
        names.destinations(&mut route.route);
    }
    copy
}

struct Names<'a> {
    namespace: &'a str,
    domain: &'a str,
}

impl Names<'_> {
    fn host(&self, host: &mut String) {
        *host = resolve_host(host, self.namespace, self.domain);
    }

    fn gateways(&self, gateways: &mut [String]) {
        for gateway in gateways {
            *gateway = resolve_gateway(gateway, self.namespace, self.domain);
        }
    }

    fn http_route(&self, route: &mut istio::HttpRoute) {
        route.r#match.iter_mut().for_each(|condition| self.gateways(&mut condition.gateways));
        route.route.iter_mut().for_each(|to| self.destination(to.destination.as_mut()));
        self.destination(route.mirror.as_mut());
        route.mirrors.iter_mut().for_each(|to| self.destination(to.destination.as_mut()));
    }

    fn destinations(&self, routes: &mut [istio::RouteDestination]) {
        routes.iter_mut().for_each(|to| self.destination(to.destination.as_mut()));
    }

    fn destination(&self, destination: Option<&mut istio::Destination>) {
        if let Some(host) = destination.and_then(|destination| destination.host.as_mut()) {
            self.host(host);
        }
    }
}

/// A copy of a DestinationRule whose host is fully qualified.
pub(super) fn qualified_rule(
    resource: &Resource<istio::DestinationRule>,
    domain: &str,
) -> Resource<istio::DestinationRule> {
    let mut copy = resource.clone();
    if let Some(host) = &mut copy.spec.host {
        *host = resolve_host(host, resource.namespace(), domain);
    }
    copy
}
