//! TLS rules of a VirtualService.

use super::{address, destination, gateway_names, labels, names, ports, virtual_service};
use crate::admission::{At, Report};
use crate::istio::{TlsMatchAttributes, TlsRoute, VirtualService};

/// One rule: matches by server names that the object is for, and destinations.
pub(super) fn check(
    at: &At<'_>,
    route: &TlsRoute,
    owner: &VirtualService,
    gateway_api: bool,
    report: &mut Report,
) {
    if route.r#match.is_empty() {
        report.refuse(at, "a TLS rule needs a `match`");
    }
    for (index, attributes) in route.r#match.iter().enumerate() {
        attributes_of(&at.item("match", index), attributes, owner, report);
    }
    if route.route.is_empty() {
        report.refuse(at, "a TLS rule needs a `route`");
    }
    destination::tcp(at, &route.route, gateway_api, report);
}

fn attributes_of(at: &At<'_>, attributes: &TlsMatchAttributes, owner: &VirtualService, report: &mut Report) {
    if attributes.sni_hosts.is_empty() {
        report.refuse(at, "a TLS match needs a server name in `sniHosts`");
    }
    for (index, name) in attributes.sni_hosts.iter().enumerate() {
        server_name(&at.item("sniHosts", index), name, owner, report);
    }
    for (index, subnet) in attributes.destination_subnets.iter().enumerate() {
        report.check(&at.item("destinationSubnets", index), address::subnet(subnet));
    }
    ports::optional_number(&at.field("port"), attributes.port, report);
    labels::check(&at.field("sourceLabels"), &attributes.source_labels, report);
    gateway_names::check(at, &attributes.gateways, false, report);
}

fn server_name(at: &At<'_>, name: &str, owner: &VirtualService, report: &mut Report) {
    let outcome = if virtual_service::is_for_gateways(owner) {
        names::gateway_host_name(name, true)
    } else {
        names::wildcard_host_name(name)
    };
    match outcome {
        Err(_) if address::is_ip(name) => {
            report.warn(
                at,
                format!("`{name}` is an address, and clients do not send addresses as server names"),
            );
        }
        Err(message) => report.refuse(at, message),
        Ok(()) if owner.hosts.iter().any(|host| names::is_within(name, host)) => {}
        Ok(()) => report.refuse(at, format!("no host of the VirtualService covers the server name `{name}`")),
    }
}
