//! Routes, ready to be searched.

mod forward;

use std::sync::Arc;

use ::http::{Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use meshc_contract::proxy;
use meshc_contract::traffic::host::{DomainIndex, without_port};
use meshc_contract::traffic::{Cors, DirectResponse, Fault, Redirect, RouteMatch};
use serde_json::Value;

pub(super) use self::forward::{Forward, Mirror, Target};
use super::Build;
use super::header_operations::HeaderOperations;
use super::read::{Head, View};
use crate::config::ConfigError;
use crate::telemetry::Outside;

/// A table of routes.
#[derive(Debug)]
pub(crate) struct RouteTable {
    index: DomainIndex<usize>,
    hosts: Vec<VirtualHost>,
    ignore_port: bool,
}

/// The routes of some domains.
#[derive(Debug)]
pub(super) struct VirtualHost {
    /// Whether a request in plain text is sent to `https`.
    pub(super) require_tls: bool,
    /// Whether requests carry `x-envoy-attempt-count`.
    pub(super) attempt_count: bool,
    routes: Vec<Route>,
}

/// A route.
#[derive(Debug)]
pub(super) struct Route {
    /// Name, for logs.
    pub(super) name: Option<Arc<str>>,
    /// Whether its requests are for hosts that the proxy does not know, for metrics.
    pub(super) outside: Option<Outside>,
    /// Which requests.
    pub(super) matches: RouteMatch,
    /// What happens to them.
    pub(super) action: Action,
    /// Header operations of the whole route.
    pub(super) headers: HeaderOperations,
    /// Faults to inject.
    pub(super) fault: Option<Fault>,
    /// CORS.
    pub(super) cors: Option<Cors>,
}

/// What happens to a request.
#[derive(Debug)]
pub(super) enum Action {
    Forward(Box<Forward>),
    Redirect(Redirect),
    Direct { status: StatusCode, body: Bytes },
}

impl RouteTable {
    /// Makes a table ready.
    ///
    /// # Errors
    /// If an expression or an operator cannot be used; paths are relative to the table.
    pub(crate) fn compile(source: &proxy::RouteTable, build: Build<'_>) -> Result<Self, ConfigError> {
        let proxy::RouteTable { virtual_hosts, ignore_port } = source;
        let domains = virtual_hosts
            .iter()
            .enumerate()
            .flat_map(|(at, host)| host.domains.iter().map(move |domain| (domain.as_str(), at)));
        let index = DomainIndex::new(domains);
        let mut hosts = Vec::new();
        for (at, host) in virtual_hosts.iter().enumerate() {
            let at = || format!("virtualHosts[{at}]");
            hosts.push(VirtualHost::compile(host, build).map_err(|error| error.under(at()))?);
        }
        Ok(Self { index, hosts, ignore_port: *ignore_port })
    }

    /// The virtual host and the route of a request.
    pub(super) fn find(&self, head: &Head, claims: Option<&Value>) -> (Option<&VirtualHost>, Option<&Route>) {
        let authority = head.authority();
        let host = if self.ignore_port { without_port(authority) } else { authority };
        let Some(host) = self.index.find(host).and_then(|at| self.hosts.get(at)) else { return (None, None) };
        let view = View(head);
        (Some(host), host.routes.iter().find(|route| route.matches.matches(&view, claims)))
    }
}

impl VirtualHost {
    fn compile(source: &proxy::VirtualHost, build: Build<'_>) -> Result<Self, ConfigError> {
        let proxy::VirtualHost { name: _, domains: _, routes: sources, require_tls, attempt_count } = source;
        let mut routes = Vec::new();
        for (at, route) in sources.iter().enumerate() {
            routes.push(Route::compile(route, build).map_err(|error| error.under(format!("routes[{at}]")))?);
        }
        Ok(Self { require_tls: *require_tls, attempt_count: *attempt_count, routes })
    }
}

impl Route {
    fn compile(source: &proxy::Route, build: Build<'_>) -> Result<Self, ConfigError> {
        let proxy::Route { name, matches, action, headers, fault, cors } = source;
        Ok(Self {
            name: name.as_deref().map(Arc::from),
            outside: name.as_deref().and_then(Outside::of_route),
            matches: matches.clone(),
            action: match action {
                proxy::RouteAction::Forward(forward) => Action::Forward(Box::new(
                    Forward::compile(forward, build).map_err(|error| error.under("action"))?,
                )),
                proxy::RouteAction::Redirect(redirect) => Action::Redirect(redirect.clone()),
                proxy::RouteAction::DirectResponse(direct) => direct_response(direct)?,
            },
            headers: HeaderOperations::compile(headers).map_err(|error| error.under("headers"))?,
            fault: fault.clone(),
            cors: cors.clone(),
        })
    }
}

fn direct_response(source: &DirectResponse) -> Result<Action, ConfigError> {
    let DirectResponse { status, body, body_bytes } = source;
    let error = |problem: String| ConfigError::new("action", problem);
    let status = u16::try_from(*status).ok().and_then(|code| StatusCode::from_u16(code).ok());
    let status = status.ok_or_else(|| error("the status is none of HTTP".to_owned()))?;
    let body = match (body, body_bytes) {
        (Some(text), _) => Bytes::copy_from_slice(text.as_bytes()),
        (None, Some(text)) => {
            STANDARD.decode(text).map_err(|problem| error(format!("bodyBytes: {problem}")))?.into()
        }
        (None, None) => Bytes::new(),
    };
    Ok(Action::Direct { status, body })
}

/// Methods that may be sent twice without harm (RFC 9110 §9.2.2).
pub(super) fn is_idempotent(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE | Method::PUT | Method::DELETE
    )
}
