//! Heads of responses on their way to the client.

use std::time::Duration;

use ::http::{HeaderMap, HeaderValue, Response, Version};
use bytes::Bytes;

use super::HttpConnection;
use super::exchange::Exchange;
use super::local_reply::LocalReply;
use super::names::{CONNECTION, ENVOY_DECORATOR, ENVOY_OVERLOADED, ENVOY_SERVICE_TIME, SERVER};
use super::response_body::ResponseBody;
use super::sanitize::strip_hop_by_hop;
use crate::telemetry::Flags;

/// Brings the head of an upstream's answer into the form that clients see.
pub(super) fn from_upstream(http: &HttpConnection, headers: &mut HeaderMap, took: Duration, upgrade: bool) {
    strip_hop_by_hop(headers, upgrade);
    headers.remove(ENVOY_DECORATOR);
    if http.suppress_envoy_headers {
        headers.remove(ENVOY_SERVICE_TIME);
    } else {
        headers.insert(ENVOY_SERVICE_TIME, milliseconds(took));
    }
    server(http, headers);
}

/// Small numbers are written without memory of their own.
fn milliseconds(took: Duration) -> HeaderValue {
    const SMALL: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let number = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    usize::try_from(number)
        .ok()
        .and_then(|at| SMALL.get(at))
        .map_or_else(|| HeaderValue::from(number), |text| HeaderValue::from_static(text))
}

fn server(http: &HttpConnection, headers: &mut HeaderMap) {
    if let Some(server) = &http.server {
        headers.insert(SERVER, server.clone());
    }
}

/// Tells a client of HTTP/1 that the connection ends, once the proxy drains.
pub(super) fn close_when_draining(exchange: &Exchange, headers: &mut HeaderMap) {
    if exchange.version < Version::HTTP_2 && exchange.client.drain.draining() {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

/// An answer of the proxy itself.
pub(super) fn local(mut exchange: Box<Exchange>, mut reply: LocalReply) -> Response<ResponseBody> {
    exchange.flags |= reply.flags;
    exchange.details = std::mem::take(&mut reply.details);
    let close = reply.close && exchange.version < Version::HTTP_2;
    if reply.flags.intersects(Flags::UPSTREAM_OVERFLOW) && !exchange.http.suppress_envoy_headers {
        reply.headers.insert(ENVOY_OVERLOADED, HeaderValue::from_static("true"));
    }
    let status = reply.status;
    let (mut parts, body): (_, Bytes) = reply.response(exchange.grpc).into_parts();
    server(&exchange.http, &mut parts.headers);
    if close {
        parts.headers.insert(CONNECTION, HeaderValue::from_static("close"));
    } else {
        close_when_draining(&exchange, &mut parts.headers);
    }
    // Logs and metrics of gRPC say 200 with its status, as the client sees it.
    let seen = if exchange.grpc { parts.status } else { status };
    exchange.observe_response(seen.as_u16(), &parts.headers);
    Response::from_parts(parts, ResponseBody::full(exchange, body))
}
