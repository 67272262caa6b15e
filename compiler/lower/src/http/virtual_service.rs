//! The routes that a VirtualService makes on one port (translation-spec §2.9).

use meshc_api::Resource;
use meshc_api::istio::{Destination, HttpMatchRequest, HttpRoute, VirtualService};
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_plan::{Route, RouteAction, RouteMatch, StatefulSession};

use super::cors::cors;
use super::direct_response::direct_response;
use super::fault::fault;
use super::forward::forward;
use super::headers::{alternative_service, header_operations};
use super::matching::{is_catch_all, match_everything, route_match, source_matches};
use super::operation::operation;
use super::redirect::redirect;
use super::stateful_session::of_destinations;
use crate::context::ProxyContext;

/// The annotation by which Istio marks objects that it derives from other dialects.
const SEMANTICS: &str = "internal.istio.io/route-semantics";

/// Whose rules for prefixes and rewrites hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RouteSemantics {
    /// Those of VirtualService.
    Istio,
    /// Those of the Gateway API.
    Gateway,
    /// Those of Ingress.
    Ingress,
}

impl RouteSemantics {
    /// Whose rules hold for an object.
    pub(crate) fn of(virtual_service: &Resource<VirtualService>) -> Self {
        match virtual_service.meta.annotations.get(SEMANTICS).map(String::as_str) {
            Some("gateway") => Self::Gateway,
            Some("ingress") => Self::Ingress,
            _ => Self::Istio,
        }
    }
}

/// Where the routes of a VirtualService are for.
#[derive(Clone, Copy)]
pub(crate) struct RouteContext<'a> {
    /// The proxy.
    pub(crate) cx: &'a ProxyContext<'a>,
    /// The VirtualService.
    pub(crate) virtual_service: &'a Resource<VirtualService>,
    /// The gateway whose routes are asked for: `mesh` or `<namespace>/<name>`.
    pub(crate) gateway: &'a str,
    /// Port that is listened on: that of the services for sidecars (0 for all), that of the server for gateways.
    pub(crate) port: u16,
    /// Whether the listener terminates TLS.
    pub(crate) tls: bool,
    /// Whether the port takes HTTP/3 too, which answers then tell.
    pub(crate) http3: bool,
    /// The only port of a service that a destination without a port names, if the service is known here.
    pub(crate) only_port: &'a dyn Fn(&str) -> Option<u16>,
    /// Persistent sessions of a service, if it is known here.
    pub(crate) session: &'a dyn Fn(&str) -> Option<StatefulSession>,
}

impl RouteContext<'_> {
    pub(super) fn semantics(&self) -> RouteSemantics {
        RouteSemantics::of(self.virtual_service)
    }

    /// The upstream of a destination.
    pub(super) fn upstream(&self, destination: &Destination) -> meshc_plan::UpstreamName {
        let only_port = (self.only_port)(super::destination::host(destination));
        super::destination::upstream(self.cx, destination, only_port, self.port)
    }
}

/// The routes, in order; empty where no rule holds for this proxy and port. Each match of a rule is a route of its own.
/// Rules behind one that takes every request are left out.
pub(crate) fn routes(rx: &RouteContext<'_>, diags: &mut Diagnostics) -> Vec<Route> {
    let mut routes = Vec::new();
    for (index, rule) in rx.virtual_service.spec.http.iter().enumerate() {
        if rule.r#match.is_empty() {
            routes.push(route(rx, rule, None, index, diags));
            break;
        }
        for (position, stated) in rule.r#match.iter().enumerate() {
            let port = stated.port.unwrap_or(0);
            let elsewhere = port != 0 && port != u32::from(rx.port);
            if elsewhere || !source_matches(rx.cx, rx.gateway, stated) {
                continue;
            }
            let route = route(rx, rule, Some((position, stated)), index, diags);
            let last = is_catch_all(&route.matches);
            routes.push(route);
            if last {
                return routes;
            }
        }
    }
    routes
}

fn route(
    rx: &RouteContext<'_>,
    rule: &HttpRoute,
    stated: Option<(usize, &HttpMatchRequest)>,
    index: usize,
    diags: &mut Diagnostics,
) -> Route {
    let semantics = rx.semantics();
    let matches = stated.map_or_else(match_everything, |(_, stated)| route_match(stated, semantics));
    let (mut headers, authority) = header_operations(rule.headers.as_ref());
    let action = match (&rule.redirect, &rule.direct_response) {
        (Some(stated), _) => match redirect(stated, rx.port, rx.tls, semantics) {
            Some(redirect) => RouteAction::Redirect(redirect),
            None => no_redirect(rx, index, stated.redirect_code.unwrap_or(0), diags),
        },
        (None, Some(stated)) => RouteAction::DirectResponse(direct_response(stated)),
        (None, None) => {
            RouteAction::Forward(Box::new(forward(rx, rule, &matches.path, authority, &mut headers)))
        }
    };
    headers.response.extend(rx.http3.then(|| alternative_service(rx.port)));
    let session = match &action {
        RouteAction::Forward(_) => of_destinations(&rule.route, rx.session),
        RouteAction::Redirect(_) | RouteAction::DirectResponse(_) | RouteAction::None => None,
    };
    let vs = rx.virtual_service;
    let path = match stated {
        Some((position, _)) => format!("spec.http[{index}].match[{position}]"),
        None => format!("spec.http[{index}]"),
    };
    Route {
        name: name(rule, stated.map(|(_, stated)| stated)),
        operation: Some(operation(&action, &matches, vs.name(), rx.port)),
        stat_prefix: stated
            .and_then(|(_, stated)| stated.stat_prefix.clone())
            .filter(|text| !text.is_empty()),
        config: Some(vs.object_ref()),
        headers,
        fault: rule.fault.as_ref().and_then(fault),
        cors: rule.cors_policy.as_ref().map(cors),
        session,
        origin: vs.origin(&path),
        matches,
        action,
    }
}

/// Names of rule and match, joined by a dot if the match has one.
fn name(rule: &HttpRoute, stated: Option<&HttpMatchRequest>) -> Option<String> {
    let rule = rule.name.clone().unwrap_or_default();
    let stated = stated.and_then(|stated| stated.name.as_deref()).filter(|name| !name.is_empty());
    let name = match stated {
        Some(name) => format!("{rule}.{name}"),
        None => rule,
    };
    Some(name).filter(|name| !name.is_empty())
}

/// istiod leaves such a route without an action, and Envoy refuses the whole table.
fn no_redirect(rx: &RouteContext<'_>, index: usize, code: u32, diags: &mut Diagnostics) -> RouteAction {
    let vs = rx.virtual_service;
    let path = format!("spec.http[{index}].redirect.redirectCode");
    diags.push(
        Diagnostic::new(
            &codes::INVALID_REDIRECT_CODE,
            format!("{code} is not a redirect that a proxy can send"),
        )
        .at(vs.span(&path), "")
        .consequence("Envoy refuses the route table, so that no route of the port is updated")
        .help("use 301, 302, 303, 307 or 308")
        .about(vs.object_ref(), path),
    );
    RouteAction::None
}

/// Whether a route takes every request, so that it must stand last.
pub(crate) fn takes_everything(matches: &RouteMatch) -> bool {
    is_catch_all(matches)
}
