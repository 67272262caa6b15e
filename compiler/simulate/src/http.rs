//! An HTTP connection: the route of a request and the filters in front of the router.

use std::net::IpAddr;

use meshc_contract::traffic::host::{most_specific, without_port};
use meshc_plan::{
    HttpConnection, HttpFilter, ProxyPlan, Route, RouteAction, RouteSource, RouteTable, TlsRequirement,
    VirtualHost,
};
use serde_json::Value;

use crate::network::{Connection, destinations};
use crate::request::{HttpRequest, Reading, remote_address};
use crate::trace::Step;
use crate::verdict::{Failure, Verdict};
use crate::{authorization, fault, jwt};

/// Reads the request, routes it and runs the filters.
pub(crate) fn walk<'p>(
    proxy: &'p ProxyPlan,
    http: &'p HttpConnection,
    connection: Connection<'_>,
    steps: &mut Vec<Step<'p>>,
) -> Verdict<'p> {
    let request = match HttpRequest::read(http, connection) {
        Reading::Routed(request) => request,
        Reading::RedirectedToPlainPath(request) => {
            return Verdict::RedirectedToPlainPath { location: request.path };
        }
        Reading::Refused => return Verdict::Failed(Failure::BadRequest),
    };
    let table = match &http.routes {
        RouteSource::Inline(table) => Some((table.as_ref(), true)),
        RouteSource::Named(name) => {
            proxy.route_tables.iter().find(|table| table.name == *name).map(|table| (table.as_ref(), false))
        }
    };
    if let Some((table, inline)) = table {
        steps.push(Step::RouteTable { table, inline });
    }
    let table = table.map(|(table, _)| table);
    let routed = Routed::find(table, &request, None, steps);
    let walk = Walk { proxy, connection, remote: remote_address(http, connection.call), request, table };
    walk.filters(&http.filters, routed, steps)
}

/// The virtual host of a host name, with the domain that matched.
fn virtual_host<'p>(table: &'p RouteTable, authority: &str) -> Option<(&'p VirtualHost, &'p str)> {
    let host = if table.ignore_port { without_port(authority) } else { authority };
    let domains = table
        .virtual_hosts
        .iter()
        .flat_map(|host| host.domains.iter().map(move |domain| (domain.as_str(), host)));
    most_specific(domains, host).map(|(domain, host)| (host, domain))
}

/// The first route that matches, with its place. `claims` are those of a token that was accepted before routes are chosen.
fn route<'p>(
    host: &'p VirtualHost,
    request: &HttpRequest,
    claims: Option<&Value>,
) -> Option<(usize, &'p Route)> {
    host.routes.iter().enumerate().find(|(_, route)| route.matches.matches(request, claims))
}

struct Walk<'p, 'c> {
    proxy: &'p ProxyPlan,
    connection: Connection<'c>,
    remote: Option<IpAddr>,
    request: HttpRequest,
    table: Option<&'p RouteTable>,
}

/// Where the routes of a table lead a request.
#[derive(Debug, Clone, Copy)]
enum Routed<'p> {
    Nowhere(Failure),
    ToHttps,
    To(&'p Route),
}

impl<'p> Routed<'p> {
    fn find(
        table: Option<&'p RouteTable>,
        request: &HttpRequest,
        claims: Option<&Value>,
        steps: &mut Vec<Step<'p>>,
    ) -> Self {
        let Some(table) = table else { return Self::Nowhere(Failure::NoRouteTable) };
        let Some((host, domain)) = virtual_host(table, &request.authority) else {
            return Self::Nowhere(Failure::NoVirtualHost);
        };
        steps.push(Step::VirtualHost { host, domain });
        if host.tls == TlsRequirement::All && request.scheme != "https" {
            return Self::ToHttps;
        }
        let Some((index, route)) = route(host, request, claims) else {
            return Self::Nowhere(Failure::NoRoute);
        };
        steps.push(Step::Route { route, index });
        Self::To(route)
    }

    fn route(self) -> Option<&'p Route> {
        match self {
            Self::To(route) => Some(route),
            Self::Nowhere(_) | Self::ToHttps => None,
        }
    }
}

impl<'p> Walk<'p, '_> {
    /// Runs the filters in their order. The route is known before the first of them; a token may change it.
    fn filters(
        self,
        filters: &'p [HttpFilter],
        mut routed: Routed<'p>,
        steps: &mut Vec<Step<'p>>,
    ) -> Verdict<'p> {
        let mut claims = None;
        for filter in filters {
            match filter {
                HttpFilter::JwtAuthentication(filter) => {
                    let Some(token) = &self.connection.call.token else { continue };
                    claims = jwt::accept(filter, token);
                    steps.push(Step::Token { accepted: claims.is_some() });
                    if claims.is_none() {
                        return Verdict::Unauthenticated;
                    }
                    if jwt::reroutes(filter) {
                        routed = Routed::find(self.table, &self.request, claims.as_ref(), steps);
                    }
                }
                HttpFilter::Authorization(filter) => {
                    let decision = authorization::decide(
                        filter,
                        self.connection,
                        Some(&self.request),
                        self.remote,
                        claims.as_ref(),
                    );
                    steps.push(Step::Policy(decision));
                    if !decision.allowed {
                        return Verdict::Denied { filter, rule: decision.rule, http: true };
                    }
                }
                HttpFilter::Fault => {
                    let Some(fault) = routed.route().and_then(|route| route.fault.as_ref()) else { continue };
                    let shares = fault::shares(fault);
                    steps.push(Step::Fault {
                        abort: shares.abort,
                        status: shares.status,
                        delay: shares.delay,
                    });
                    if shares.abort >= 1.0 {
                        return Verdict::Aborted(shares.status);
                    }
                }
                HttpFilter::Cors => {
                    let cors = routed.route().and_then(|route| route.cors.as_ref());
                    if cors.is_some_and(|cors| cors.answers(&self.request)) {
                        return Verdict::Preflight;
                    }
                }
                HttpFilter::Router { .. } => return self.route(routed),
                HttpFilter::MetadataExchange { .. }
                | HttpFilter::GrpcWeb
                | HttpFilter::GrpcStats
                | HttpFilter::IstioAlpn
                | HttpFilter::Stats(_)
                | HttpFilter::StatefulSession
                | HttpFilter::DynamicForwardProxy { .. } => {}
            }
        }
        Verdict::Failed(Failure::NoTerminalFilter)
    }

    fn route(self, routed: Routed<'p>) -> Verdict<'p> {
        let route = match routed {
            Routed::Nowhere(failure) => return Verdict::Failed(failure),
            Routed::ToHttps => {
                return Verdict::RedirectedToHttps { location: self.request.target().over_tls() };
            }
            Routed::To(route) => route,
        };
        match &route.action {
            RouteAction::Forward(forward) => {
                let weighted = forward.upstreams.iter().map(|weighted| (&weighted.upstream, weighted.weight));
                Verdict::Http {
                    destinations: destinations(self.proxy, weighted),
                    forward,
                    request: Box::new(self.request),
                }
            }
            RouteAction::Redirect(redirect) => Verdict::Redirected {
                redirect,
                status: redirect.code,
                location: redirect.location(&route.matches.path, self.request.target()),
            },
            RouteAction::DirectResponse(answer) => {
                Verdict::Answered { status: answer.status, body: answer.body.as_deref() }
            }
            RouteAction::None => Verdict::Failed(Failure::NoAction),
        }
    }
}
