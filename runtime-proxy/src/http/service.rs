//! One request from its head to the head of its answer: filters in Istio's order, then the router.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use ::http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use meshc_contract::proxy::AuthorizationFilter;
use meshc_contract::traffic::Target as RedirectTarget;
use meshc_contract::traffic::authorization::{RuleId, decide};
use serde_json::Value;

use super::exchange::{Client, Exchange};
use super::forward::{self, Answered, Call};
use super::local_reply::{LocalReply, is_grpc};
use super::names::{LOCATION, SET_COOKIE};
use super::read::{Head, View, read};
use super::response_body::{FromUpstream, ResponseBody};
use super::route::{Action, Route, VirtualHost};
use super::sanitize::{Origin, sanitize, strip_hop_by_hop};
use super::strict::Tunnel;
use super::upgrade::{self, Wanted};
use super::{HttpConnection, client_cert, cors, fault, respond};
use crate::config::Current;
use crate::telemetry::Flags;

/// Answers a request.
pub(super) async fn handle(
    client: Rc<Client>,
    tunnel: Tunnel,
    request: Request<Incoming>,
) -> Response<ResponseBody> {
    let Current { config: _, http } = client.chain.current();
    let mut exchange = Exchange::new(Arc::clone(&http), Rc::clone(&client), request.version());
    match filter(&http, &client, request, &mut exchange).await {
        Ok(passed) => match passed.route(&http, &client, &mut exchange).await {
            Ok(answered) => answered.respond(exchange, &tunnel),
            Err(reply) => respond::local(exchange, *reply),
        },
        Err(reply) => respond::local(exchange, *reply),
    }
}

/// A request that no filter has answered.
struct Passed<'h> {
    head: Box<Head>,
    body: Incoming,
    origin: Origin,
    host: Option<&'h VirtualHost>,
    route: Option<&'h Route>,
    /// The client's side of a tunnel.
    upgrade: Option<hyper::upgrade::OnUpgrade>,
    /// An origin that may read the answer.
    cors: Option<HeaderValue>,
}

/// Reads a request and runs the filters.
async fn filter<'h>(
    http: &'h Arc<HttpConnection>,
    client: &Rc<Client>,
    mut request: Request<Incoming>,
    exchange: &mut Exchange,
) -> Result<Passed<'h>, Box<LocalReply>> {
    exchange.grpc = is_grpc(request.headers());
    let upgrade = match upgrade::wanted(&request)? {
        Wanted::WebSocket => Some(hyper::upgrade::on(&mut request)),
        Wanted::Nothing => None,
    };
    let (parts, body) = request.into_parts();
    let mut head = read(parts, http.rules)?;
    strip_hop_by_hop(&mut head.parts.headers, upgrade.is_some());
    let connection = &client.connection;
    let origin = sanitize(http, client, &mut head);
    let peer = (connection.peer.as_ref(), &client.spelled);
    let details = http.client_cert_details;
    client_cert::forward(http.forward_client_cert, details, &http.identity, peer, &mut head.parts.headers);
    exchange.observe_request(&head, origin.remote);
    let (mut host, mut route) = http.routes.find(&head, None);
    let claims = match &http.jwt {
        Some(jwt) => jwt.authenticate(&mut head).map_err(|reply| aimed(reply, route, exchange))?,
        None => None,
    };
    if claims.is_some() && http.jwt.as_ref().is_some_and(super::jwt::Jwt::reroutes) {
        (host, route) = http.routes.find(&head, claims.as_ref());
    }
    exchange.observe_route(route, &head);
    let denied = |reply| aimed(reply, route, exchange);
    authorize(http, client, &head, origin, claims.as_ref()).map_err(denied)?;
    if let Some(fault) = route.and_then(|route| route.fault.as_ref()) {
        if let Some(delay) = fault::delay(fault) {
            exchange.flags |= Flags::DELAY_INJECTED;
            Box::pin(tokio::time::sleep(delay)).await;
        }
        if let Some(reply) = fault::abort(fault) {
            return Err(aimed(reply.into(), route, exchange));
        }
    }
    let mut allowed = None;
    if let Some(policy) = route.and_then(|route| route.cors.as_ref()) {
        if let Some(reply) = cors::preflight(policy, &head) {
            return Err(aimed(reply.into(), route, exchange));
        }
        allowed = cors::allowed_origin(policy, &head);
    }
    Ok(Passed { head, body, origin, host, route, upgrade, cors: allowed })
}

/// A request that a filter answers counts for the service that it would have gone to: Envoy picks the cluster before any filter runs.
fn aimed(reply: Box<LocalReply>, route: Option<&Route>, exchange: &mut Exchange) -> Box<LocalReply> {
    if let Some(Action::Forward(forward)) = route.map(|route| &route.action)
        && let Some(target) = forward.target()
    {
        exchange.target = Some((target.service, target.workload));
        exchange.observe_upstream(|upstream| upstream.name = Some(Arc::clone(&target.name)));
    }
    reply
}

/// Asks the policies, action by action.
fn authorize(
    http: &HttpConnection,
    client: &Client,
    head: &Head,
    origin: Origin,
    claims: Option<&Value>,
) -> Result<(), Box<LocalReply>> {
    if http.authorization.is_empty() {
        return Ok(());
    }
    let view = View(head);
    let facts = client.connection.facts(Some(&view), origin.remote, claims);
    for AuthorizationFilter { action, rules, dry_run } in &http.authorization {
        if let Some(rules) = dry_run {
            let decision = decide(*action, Some(rules), &facts);
            let result = if decision.allowed { "allowed" } else { "denied" };
            http.labels.metrics().add(
                "meshc_proxy_authorization_dry_run_total",
                "Requests that policies in dry run looked at.",
                &[("result", result)],
                1.0,
            );
        }
        let decision = decide(*action, rules.as_deref(), &facts);
        if !decision.allowed {
            let details = format!("rbac_access_denied_matched_policy[{}]", policy(decision.rule));
            return Err(LocalReply::new(StatusCode::FORBIDDEN, details, "RBAC: access denied").into());
        }
    }
    Ok(())
}

/// The name of a policy's rule as Istio gives it to Envoy.
fn policy(rule: Option<&RuleId>) -> Cow<'static, str> {
    match rule {
        None => Cow::Borrowed("none"),
        Some(RuleId { namespace, policy, rule }) => {
            Cow::Owned(format!("ns[{namespace}]-policy[{policy}]-rule[{rule}]"))
        }
    }
}

/// What the router has.
struct Routed<'h> {
    answered: Answered<'h>,
    route: &'h Route,
    upgrade: Option<hyper::upgrade::OnUpgrade>,
    cors: Option<HeaderValue>,
}

impl<'h> Passed<'h> {
    /// Redirects, answers directly or forwards.
    async fn route(
        self,
        http: &'h Arc<HttpConnection>,
        client: &'h Rc<Client>,
        exchange: &mut Exchange,
    ) -> Result<Routed<'h>, Box<LocalReply>> {
        let Self { head, body, origin, host, route, upgrade, cors } = self;
        if host.is_some_and(|host| host.require_tls) && head.scheme != "https" {
            return Err(moved(StatusCode::MOVED_PERMANENTLY, &target(&head).over_tls()).into());
        }
        let (Some(host), Some(route)) = (host, route) else {
            let reply = LocalReply::new(StatusCode::NOT_FOUND, "route_not_found", "");
            return Err(reply.flagged(Flags::NO_ROUTE).into());
        };
        let policy = route.cors.as_ref();
        let exposed = |mut reply: Box<LocalReply>| {
            if let (Some(policy), Some(origin)) = (policy, &cors) {
                cors::expose(policy, origin.clone(), &mut reply.headers);
            }
            reply
        };
        let forward = match &route.action {
            Action::Forward(forward) => forward,
            Action::Redirect(redirect) => {
                let location = redirect.location(&route.matches.path, target(&head));
                let code = StatusCode::from_u16(redirect.code).unwrap_or(StatusCode::MOVED_PERMANENTLY);
                return Err(exposed(decorated(moved(code, &location), route, exchange)));
            }
            Action::Direct { status, body } => {
                let text = String::from_utf8_lossy(body).into_owned();
                let reply = LocalReply::new(*status, "direct_response", text);
                return Err(exposed(decorated(reply, route, exchange)));
            }
        };
        let call = Call { http, client, host, route, forward, origin, upgrade: upgrade.is_some() };
        let answered = forward::forward(call, head, body, exchange).await.map_err(exposed)?;
        Ok(Routed { answered, route, upgrade, cors })
    }
}

fn target(head: &Head) -> RedirectTarget<'_> {
    RedirectTarget { scheme: head.scheme, authority: head.authority(), path: head.path() }
}

fn moved(status: StatusCode, location: &str) -> LocalReply {
    let mut reply = LocalReply::new(status, "direct_response", "");
    if let Ok(location) = HeaderValue::from_str(location) {
        reply.headers.insert(LOCATION, location);
    }
    reply
}

/// Does to an answer of the proxy what the route says of responses.
fn decorated(mut reply: LocalReply, route: &Route, exchange: &Exchange) -> Box<LocalReply> {
    let record = route.headers.response_needs_record().then(|| exchange.record(None));
    route.headers.response(&mut reply.headers, record.as_ref());
    reply.into()
}

impl Routed<'_> {
    /// The answer as the client sees it.
    fn respond(self, mut exchange: Box<Exchange>, tunnel: &Tunnel) -> Response<ResponseBody> {
        let Self { answered, route, upgrade, cors } = self;
        let Answered { mut response, lease, guards, deadline, took, target, set_cookie } = answered;
        let switching = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        let status = response.status().as_u16();
        respond::from_upstream(&exchange.http, response.headers_mut(), took, switching);
        exchange.observe_response(status, response.headers());
        let operations = [target.headers(), &route.headers];
        let needed = operations.iter().any(|operations| operations.response_needs_record());
        let record = needed.then(|| exchange.record(None));
        let headers: &mut HeaderMap = response.headers_mut();
        for operations in operations {
            operations.response(headers, record.as_ref());
        }
        if let (Some(policy), Some(origin)) = (&route.cors, cors) {
            cors::expose(policy, origin, headers);
        }
        if let Some(cookie) = set_cookie {
            headers.append(SET_COOKIE, cookie);
        }
        if let (true, Some(client)) = (switching, upgrade) {
            tunnel.open();
            upgrade::tunnel(client, &mut response, lease, guards, exchange);
            return response.map(|_| ResponseBody::detached());
        }
        respond::close_when_draining(&exchange, headers);
        let idle = exchange.http.limits.stream_idle;
        response.map(|incoming| {
            let body = FromUpstream { incoming, lease, _guards: guards, deadline, idle, timer: None };
            ResponseBody::upstream(exchange, body)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size<A, B, C, F>(_: impl Fn(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_request_does_not_move_much_memory() {
        // The whole of it is moved when a request begins; what is rare belongs into boxes.
        let bytes = size(handle);
        assert!(bytes <= 4_096, "{bytes}");
    }
}
