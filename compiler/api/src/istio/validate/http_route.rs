//! HTTP rules of a VirtualService.

use super::{
    cors, destination, direct_response, durations, fault, headers, http_match, mirror, redirect, retry,
    rewrite,
};
use crate::admission::{At, Report};
use crate::istio::HttpRoute;

/// The VirtualService that a rule belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    /// Others take its rules.
    pub(super) is_delegate: bool,
    /// It was made from a route of the Gateway API.
    pub(super) gateway_api: bool,
}

/// One rule.
pub(super) fn check(at: &At<'_>, route: &HttpRoute, owner: Owner, report: &mut Report) {
    actions(at, route, owner, report);
    for (index, request) in route.r#match.iter().enumerate() {
        http_match::check(&at.item("match", index), request, report);
    }
    headers::check(&at.field("headers"), route.headers.as_ref(), report);
    cors::check(&at.field("corsPolicy"), route.cors_policy.as_ref(), report);
    fault::check(&at.field("fault"), route.fault.as_ref(), report);
    mirror::check(at, route, owner.gateway_api, report);
    redirect::check(&at.field("redirect"), route.redirect.as_ref(), &route.r#match, report);
    direct_response::check(&at.field("directResponse"), route.direct_response.as_ref(), report);
    retry::check(&at.field("retries"), route.retries.as_ref(), report);
    rewrite::check(&at.field("rewrite"), route.rewrite.as_ref(), report);
    rewrite::one_authority(at, route.rewrite.as_ref(), route.headers.as_ref(), report);
    destination::http(at, &route.route, owner.gateway_api, report);
    durations::at_least_a_millisecond(&at.field("timeout"), route.timeout, report);
}

/// What a rule does: exactly one thing.
fn actions(at: &At<'_>, route: &HttpRoute, owner: Owner, report: &mut Report) {
    let actions = [
        ("route", !route.route.is_empty()),
        ("redirect", route.redirect.is_some()),
        ("directResponse", route.direct_response.is_some()),
    ];
    if route.delegate.is_some() {
        if owner.is_delegate {
            report.refuse(
                &at.field("delegate"),
                "a VirtualService that others delegate to cannot delegate itself",
            );
        } else {
            for (field, _) in actions.iter().filter(|(_, set)| *set) {
                report.refuse(&at.field(field), format!("a rule that delegates cannot have `{field}`"));
            }
            return;
        }
    }
    let mut set = actions.iter().filter(|(_, set)| *set).map(|(field, _)| field);
    match (set.next(), set.next()) {
        (None, _) => report.refuse(at, "a rule needs `route`, `redirect` or `directResponse`"),
        (Some(_), None) => {}
        (Some(_), Some(second)) => report
            .refuse(&at.field(second), "only one of `route`, `redirect` and `directResponse` can be set"),
    }
    if route.route.is_empty() && (route.redirect.is_some() || route.direct_response.is_some()) {
        for (field, set) in [("fault", route.fault.is_some()), ("rewrite", route.rewrite.is_some())] {
            if set && !owner.gateway_api {
                report.refuse(
                    &at.field(field),
                    format!("`{field}` has no effect in a rule that does not forward"),
                );
            }
        }
    }
}
