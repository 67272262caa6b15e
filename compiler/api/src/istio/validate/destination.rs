//! Destinations of routes.

use super::{names, ports, subset};
use crate::admission::{At, Report};
use crate::istio::{Destination, Headers, HttpRouteDestination, RouteDestination};

/// A destination: a host that is not `*`, the name of a subset, a port.
pub(super) fn check(at: &At<'_>, destination: &Destination, report: &mut Report) {
    let Destination { host, subset: subset_name, port } = destination;
    match host.as_deref().unwrap_or_default() {
        "*" => report.refuse(&at.field("host"), "a destination cannot be every host (`*`)"),
        host => report.check(&at.field("host"), names::wildcard_host_name(host)),
    }
    if let Some(name) = subset_name.as_deref().filter(|name| !name.is_empty()) {
        report.check(&at.field("subset"), subset::name(name));
    }
    if let Some(port) = port {
        ports::number(&at.field("port").field("number"), port.number, report);
    }
}

/// The destinations of an HTTP rule.
pub(super) fn http(at: &At<'_>, routes: &[HttpRouteDestination], gateway_api: bool, report: &mut Report) {
    for (index, HttpRouteDestination { destination, weight, headers }) in routes.iter().enumerate() {
        weighted(&at.item("route", index), destination.as_ref(), *weight, gateway_api, report);
        header_changes(&at.item("route", index), headers.as_ref(), report);
    }
    total(at, routes.iter().map(|route| route.weight), report);
}

fn header_changes(at: &At<'_>, headers: Option<&Headers>, report: &mut Report) {
    super::headers::check(&at.field("headers"), headers, report);
}

/// The destinations of a TCP or TLS rule.
pub(super) fn tcp(at: &At<'_>, routes: &[RouteDestination], gateway_api: bool, report: &mut Report) {
    for (index, RouteDestination { destination, weight }) in routes.iter().enumerate() {
        weighted(&at.item("route", index), destination.as_ref(), *weight, gateway_api, report);
    }
    total(at, routes.iter().map(|route| route.weight), report);
}

fn weighted(
    at: &At<'_>,
    destination: Option<&Destination>,
    weight: Option<i32>,
    gateway_api: bool,
    report: &mut Report,
) {
    match destination {
        None => report.refuse(at, "a `destination` is required"),
        Some(destination) if !gateway_api => check(&at.field("destination"), destination, report),
        Some(_) => {}
    }
    if weight.is_some_and(|weight| weight < 0) {
        report.refuse(&at.field("weight"), "a weight must not be negative");
    }
}

fn total(at: &At<'_>, weights: impl ExactSizeIterator<Item = Option<i32>>, report: &mut Report) {
    let several = weights.len() > 1;
    if several && weights.map(|weight| i64::from(weight.unwrap_or_default())).sum::<i64>() == 0 {
        report.refuse(&at.field("route"), "the weights of the destinations must not all be 0");
    }
}
