//! Routes, ready to be searched.

use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderValue, Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use meshc_contract::proxy::{self, RegexRewrite, WeightedUpstream};
use meshc_contract::traffic::host::{DomainIndex, without_port};
use meshc_contract::traffic::path_normalization::without_query;
use meshc_contract::traffic::{
    Cors, DirectResponse, Fault, Fraction, HashPolicy, Pattern, Redirect, RouteMatch,
};
use serde_json::Value;

use super::Build;
use super::header_operations::HeaderOperations;
use super::names::{ENVOY_ORIGINAL_PATH, FORWARDED_HOST};
use super::read::{Head, View};
use super::retry::Retry;
use crate::config::ConfigError;
use crate::telemetry::{PeerId, TargetId};
use crate::upstream::{Upstream, random};

/// Time for a whole response where the route says nothing.
const TIMEOUT: Duration = Duration::from_secs(15);

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

/// How a request is forwarded.
#[derive(Debug)]
pub(super) struct Forward {
    targets: Vec<Target>,
    total: u64,
    /// Time for the whole response.
    pub(super) timeout: Option<Duration>,
    /// The same as `x-envoy-expected-rq-timeout-ms` says it.
    pub(super) timeout_header: Option<HeaderValue>,
    /// Retries.
    pub(super) retry: Option<Retry>,
    /// Copies.
    pub(super) mirrors: Vec<Mirror>,
    /// What picks the endpoint.
    pub(super) hash_policies: Vec<HashPolicy>,
    /// Status where the destination does not exist.
    pub(super) unknown_upstream: StatusCode,
    prefix_rewrite: Option<String>,
    regex_rewrite: Option<(Pattern, String)>,
    host_rewrite: Option<HeaderValue>,
    append_forwarded_host: bool,
}

/// A destination.
#[derive(Debug)]
pub(super) struct Target {
    /// Name of the upstream.
    pub(super) name: Arc<str>,
    /// The upstream, if there is one of the name.
    pub(super) upstream: Option<Arc<Upstream>>,
    /// The service, for metrics.
    pub(super) service: TargetId,
    /// The workload, for metrics, if just one is behind it.
    pub(super) workload: PeerId,
    weight: u64,
    headers: HeaderOperations,
    host_rewrite: Option<HeaderValue>,
}

/// A copy of requests.
#[derive(Debug)]
pub(super) struct Mirror {
    /// The upstream; a copy for one that does not exist is none.
    pub(super) upstream: Option<Arc<Upstream>>,
    /// Share of requests.
    pub(super) fraction: Fraction,
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

impl Forward {
    fn compile(source: &proxy::RouteForward, build: Build<'_>) -> Result<Self, ConfigError> {
        let proxy::RouteForward {
            upstreams,
            timeout,
            retry,
            prefix_rewrite,
            regex_rewrite,
            host_rewrite,
            append_forwarded_host,
            mirrors,
            hash_policies,
            unknown_upstream_is_500,
        } = source;
        let mut targets = Vec::new();
        for (at, target) in upstreams.iter().enumerate() {
            let target = Target::compile(target, build);
            targets.push(target.map_err(|error| error.under(format!("upstreams[{at}]")))?);
        }
        let timeout = timeout.map_or(Some(TIMEOUT), |timeout| (!timeout.is_zero()).then_some(timeout));
        let milliseconds = |timeout: Duration| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        let regex_rewrite = regex_rewrite.as_ref().map(|RegexRewrite { pattern, substitution }| {
            if pattern.is_readable() {
                Ok((pattern.clone(), substitution.clone()))
            } else {
                Err(ConfigError::new(
                    "regexRewrite.pattern",
                    format!("`{}` is no expression", pattern.as_str()),
                ))
            }
        });
        Ok(Self {
            total: targets.iter().map(|target| target.weight).sum(),
            targets,
            timeout,
            timeout_header: timeout.map(|timeout| HeaderValue::from(milliseconds(timeout))),
            retry: retry.as_ref().filter(|retry| retry.attempts > 0).map(Retry::compile),
            mirrors: mirrors
                .iter()
                .map(|proxy::Mirror { upstream, fraction }| Mirror {
                    upstream: build.upstreams.get(upstream).cloned(),
                    fraction: *fraction,
                })
                .collect(),
            hash_policies: hash_policies.clone(),
            unknown_upstream: if *unknown_upstream_is_500 {
                StatusCode::INTERNAL_SERVER_ERROR
            } else {
                StatusCode::SERVICE_UNAVAILABLE
            },
            prefix_rewrite: prefix_rewrite.clone(),
            regex_rewrite: regex_rewrite.transpose()?,
            host_rewrite: host_rewrite.as_deref().map(host).transpose()?,
            append_forwarded_host: *append_forwarded_host,
        })
    }

    /// One of the destinations, by weight; `None` if there is none that has a weight.
    pub(super) fn target(&self) -> Option<&Target> {
        match self.targets.as_slice() {
            [] => None,
            [one] => Some(one),
            several => {
                let mut at = random() % self.total.max(1);
                several.iter().find(|target| {
                    let here = at < target.weight;
                    at = at.saturating_sub(target.weight);
                    here
                })
            }
        }
    }

    /// Whether paths are rewritten.
    pub(super) fn rewrites_path(&self) -> bool {
        self.prefix_rewrite.is_some() || self.regex_rewrite.is_some()
    }

    /// Rewrites path and host.
    pub(super) fn rewrite(
        &self,
        matches: &RouteMatch,
        target: &Target,
        head: &mut Head,
        suppress_envoy: bool,
    ) {
        if let Some(host) = target.host_rewrite.as_ref().or(self.host_rewrite.as_ref()) {
            if self.append_forwarded_host {
                head.parts.headers.append(FORWARDED_HOST, head.authority.clone());
            }
            head.authority = host.clone();
        }
        if !self.rewrites_path() {
            return;
        }
        let before = head.path().to_owned();
        let path = without_query(&before);
        let query = &before[path.len()..];
        let replaced = match (&self.prefix_rewrite, &self.regex_rewrite) {
            (Some(prefix), _) => matches.path.replace(prefix, path),
            (None, Some((pattern, substitution))) => pattern.replace_all(path, substitution).into_owned(),
            (None, None) => return,
        };
        if !suppress_envoy && let Ok(original) = HeaderValue::from_str(&before) {
            head.parts.headers.insert(ENVOY_ORIGINAL_PATH, original);
        }
        head.set_path(&format!("{replaced}{query}"));
    }
}

impl Target {
    fn compile(source: &WeightedUpstream, build: Build<'_>) -> Result<Self, ConfigError> {
        let WeightedUpstream { upstream: name, weight, headers, host_rewrite } = source;
        let upstream = build.upstreams.get(name).cloned();
        let destination = upstream.as_ref().and_then(|upstream| upstream.source.destination.as_ref());
        Ok(Self {
            name: Arc::from(name.as_str()),
            service: build.labels.target(destination),
            workload: build.labels.workload(destination),
            upstream,
            weight: weight.map_or(1, u64::from),
            headers: HeaderOperations::compile(headers).map_err(|error| error.under("headers"))?,
            host_rewrite: host_rewrite.as_deref().map(host).transpose()?,
        })
    }

    /// Header operations of this destination.
    pub(super) fn headers(&self) -> &HeaderOperations {
        &self.headers
    }
}

fn host(text: &str) -> Result<HeaderValue, ConfigError> {
    HeaderValue::from_str(text).map_err(|_| ConfigError::new("hostRewrite", format!("`{text}` is no host")))
}

/// Methods that may be sent twice without harm (RFC 9110 §9.2.2).
pub(super) fn is_idempotent(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE | Method::PUT | Method::DELETE
    )
}
