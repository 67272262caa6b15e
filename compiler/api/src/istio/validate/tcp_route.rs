//! TCP rules of a VirtualService.

use super::{address, destination, gateway_names, labels, ports};
use crate::admission::{At, Report};
use crate::istio::{L4MatchAttributes, TcpRoute};

/// One rule: matches by address and port, and destinations.
pub(super) fn check(at: &At<'_>, route: &TcpRoute, gateway_api: bool, report: &mut Report) {
    for (index, attributes) in route.r#match.iter().enumerate() {
        attributes_of(&at.item("match", index), attributes, report);
    }
    if route.route.is_empty() {
        report.refuse(at, "a TCP rule needs a `route`");
    }
    destination::tcp(at, &route.route, gateway_api, report);
}

fn attributes_of(at: &At<'_>, attributes: &L4MatchAttributes, report: &mut Report) {
    for (index, subnet) in attributes.destination_subnets.iter().enumerate() {
        report.check(&at.item("destinationSubnets", index), address::subnet(subnet));
    }
    ports::optional_number(&at.field("port"), attributes.port, report);
    labels::check(&at.field("sourceLabels"), &attributes.source_labels, report);
    gateway_names::check(at, &attributes.gateways, false, report);
}
