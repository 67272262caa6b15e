//! Forwarding: one destination, as many attempts as the route allows, and one answer.

mod attempt;
mod bodies;
mod deadline;
mod failure;

use std::rc::Rc;
use std::sync::Arc;

use ::http::uri::{self, Authority, PathAndQuery, Scheme};
use ::http::{HeaderValue, Response, Uri, Version, request::Parts};
use hyper::body::{Body as _, Incoming};
use meshc_contract::proxy::UpstreamProtocol;
use tokio::time::{Duration, Instant};

use self::attempt::Attempts;
use self::bodies::Bodies;
use self::deadline::Deadline;
use super::HttpConnection;
use super::body::{Progress, Source};
use super::exchange::{Client, Exchange};
use super::hash::{self, Hashed};
use super::local_reply::LocalReply;
use super::mirror;
use super::names::{ENVOY_EXPECTED_TIMEOUT, ENVOY_TIMEOUT, EXPECT, HOST, RETRIES};
use super::pool::{Answer, Lease, Want};
use super::read::Head;
use super::response_body::Guards;
use super::route::{Forward, Route, Target, VirtualHost};
use super::sanitize::Origin;
use crate::telemetry::Flags;
use crate::upstream::{Upstream, random};

/// Bytes of a body that are kept for another attempt.
const REPLAY: usize = 64 * 1024;
/// Bytes of a body that are kept for copies.
const COPY: usize = 1024 * 1024;

/// What a request is forwarded by.
#[derive(Clone, Copy)]
pub(super) struct Call<'c> {
    pub(super) http: &'c Arc<HttpConnection>,
    pub(super) client: &'c Rc<Client>,
    pub(super) host: &'c VirtualHost,
    pub(super) route: &'c Route,
    pub(super) forward: &'c Forward,
    pub(super) origin: Origin,
    /// Whether the connection becomes a tunnel if the upstream agrees.
    pub(super) upgrade: bool,
}

/// An answer of an upstream.
pub(super) struct Answered<'c> {
    pub(super) response: Response<Answer>,
    pub(super) lease: Lease,
    pub(super) guards: Guards,
    pub(super) deadline: Option<Instant>,
    /// Time from the last attempt to its answer.
    pub(super) took: Duration,
    pub(super) target: &'c Target,
    pub(super) set_cookie: Option<HeaderValue>,
}

/// Forwards a request and waits for the head of the answer.
pub(super) async fn forward<'c>(
    call: Call<'c>,
    mut head: Box<Head>,
    body: Incoming,
    exchange: &mut Exchange,
) -> Result<Answered<'c>, Box<LocalReply>> {
    let Call { http, client, forward, .. } = call;
    let missing = || {
        let reply = LocalReply::new(forward.unknown_upstream, "cluster_not_found", "");
        Box::new(reply.flagged(Flags::NO_CLUSTER))
    };
    let target = forward.target().ok_or_else(missing)?;
    exchange.target = Some((target.service, target.workload));
    exchange.observe_upstream(|upstream| upstream.name = Some(Arc::clone(&target.name)));
    let upstream = target.upstream.as_ref().ok_or_else(missing)?;
    let timeout = prepare(call, target, &mut head, exchange);
    exchange.observe_request(&head, call.origin.remote);
    let http2 = !call.upgrade && speaks_http2(upstream, head.parts.version);
    if call.upgrade && upstream.source.protocol == UpstreamProtocol::Http2 {
        // A tunnel through HTTP/2 is extended CONNECT (RFC 8441), which is not spoken here; better to say so than to try.
        let status = ::http::StatusCode::NOT_IMPLEMENTED;
        return Err(LocalReply::new(status, "upgrade_failed", "upgrades need an HTTP/1.1 upstream").into());
    }
    let Hashed { hash, set_cookie } = match forward.hash_policies.as_slice() {
        [] => Hashed::default(),
        policies => hash::hash(policies, &head.parts.headers, head.path(), &client.connection, random()),
    };
    let bodies = bodies(call, &mut head, body, exchange);
    let connection = &client.connection;
    if !forward.mirrors.is_empty() {
        let want = Want {
            http2: false,
            preserve_case: http.preserve_header_case,
            host: "",
            client: (connection.remote, connection.destination),
            simple: false,
            fresh: false,
            now: exchange.started,
        };
        let body = match &bodies {
            Bodies::Again(source) => Some(source),
            Bodies::None | Bodies::Once(_) => None,
        };
        mirror::send(&forward.mirrors, &mirror::Original { head: &head, body, want, timeout });
    }
    let deadline = Deadline {
        limit: timeout,
        // The clock is only looked at where it counts.
        since: timeout.map_or(Instant::from_std(exchange.started), |_| Instant::now()),
        progress: exchange.progress.clone(),
        latest: http.limits.max_stream.map(|longest| Instant::from_std(exchange.started) + longest),
    };
    let attempts = Attempts {
        call,
        upstream,
        head: Some(head),
        bodies,
        http2,
        hash,
        deadline: &deadline,
        sent: None,
        record: None,
        tried: Vec::new(),
        current: None,
        count: 0,
        retries: 0,
        _retrying: None,
    };
    let (response, lease, guards, took) = attempts.run(exchange).await?;
    Ok(Answered { response, lease, guards, deadline: deadline.at(), took, target, set_cookie })
}

/// Does to the head what destination and route say. Returns the time that the whole response may take.
fn prepare(call: Call<'_>, target: &Target, head: &mut Head, exchange: &Exchange) -> Option<Duration> {
    let Call { http, route, forward, origin, .. } = call;
    let operations = [target.headers(), &route.headers];
    let needed = operations.iter().any(|operations| operations.request_needs_record());
    let record = needed.then(|| exchange.record(Some(head)));
    for operations in operations {
        operations.request(&mut head.parts.headers, record.as_ref());
    }
    forward.rewrite(&route.matches, target, head, http.suppress_envoy_headers);
    let stated = if origin.asks {
        RETRIES.iter().for_each(|name| drop(head.parts.headers.remove(name)));
        head.parts.headers.remove(ENVOY_TIMEOUT)
    } else {
        // Others cannot ask: what they say is gone already.
        None
    };
    let stated: Option<u64> = stated.and_then(|value| value.to_str().ok()?.parse().ok());
    let timeout = match stated {
        Some(0) => None,
        Some(milliseconds) => Some(Duration::from_millis(milliseconds)),
        None => forward.timeout,
    };
    if !http.suppress_envoy_headers
        && let Some(timeout) = timeout
    {
        let value = match (stated, &forward.timeout_header) {
            (None, Some(value)) => value.clone(),
            _ => HeaderValue::from(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)),
        };
        head.parts.headers.insert(ENVOY_EXPECTED_TIMEOUT, value);
    }
    timeout
}

/// What of the body attempts and copies need.
fn bodies(call: Call<'_>, head: &mut Head, body: Incoming, exchange: &mut Exchange) -> Bodies {
    if body.is_end_stream() {
        return Bodies::None;
    }
    if !call.http.proxy_100_continue {
        // The body is asked for at once, and whoever asks answers the expectation.
        head.parts.headers.remove(EXPECT);
    }
    let deadline = call.http.limits.request.map(|limit| Instant::from_std(exchange.started) + limit);
    let progress = Rc::new(Progress::until(deadline));
    exchange.progress = Some(Rc::clone(&progress));
    if !call.forward.mirrors.is_empty() {
        return Bodies::Again(Source::new(body, progress, COPY));
    }
    if call.forward.retry.is_some() {
        return Bodies::Again(Source::new(body, progress, REPLAY));
    }
    Bodies::Once(Some((body, progress)))
}

/// Whether HTTP/2 is spoken to an upstream for a request of some version.
pub(super) fn speaks_http2(upstream: &Upstream, version: Version) -> bool {
    match upstream.source.protocol {
        UpstreamProtocol::Http1 => false,
        UpstreamProtocol::Http2 => true,
        UpstreamProtocol::Downstream => version >= Version::HTTP_2,
    }
}

/// The head as the protocol of the upstream writes it; `None` if it cannot.
pub(super) fn outgoing(
    mut parts: Parts,
    authority: &HeaderValue,
    scheme: &'static str,
    http2: bool,
) -> Option<Parts> {
    if !http2 {
        parts.version = Version::HTTP_11;
        if parts.headers.get(HOST) != Some(authority) {
            parts.headers.insert(HOST, authority.clone());
        }
        return Some(parts);
    }
    parts.version = Version::HTTP_2;
    parts.headers.remove(HOST);
    let mut target = uri::Parts::default();
    target.scheme = Some(if scheme == "https" { Scheme::HTTPS } else { Scheme::HTTP });
    target.authority =
        Some(Authority::from_maybe_shared(bytes::Bytes::copy_from_slice(authority.as_bytes())).ok()?);
    target.path_and_query =
        Some(parts.uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/")));
    parts.uri = Uri::from_parts(target).ok()?;
    Some(parts)
}
