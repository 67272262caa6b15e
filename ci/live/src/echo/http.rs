//! The HTTP server of the application.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::rc::Rc;

use bytes::{BufMut as _, Bytes, BytesMut};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::spawn_local;
use tokio_rustls::TlsAcceptor;

use super::Application;
use super::call::Call;
use super::config::{EchoFault, EchoPath};
use super::record::SeenRequest;
use super::url::Url;
use crate::exchange::{Echo, UpstreamExchange};

/// Headers by which traces are joined; an application must pass them on, as Istio's documentation says.
const TRACE_HEADERS: [&str; 9] = [
    "x-request-id",
    "x-b3-traceid",
    "x-b3-spanid",
    "x-b3-parentspanid",
    "x-b3-sampled",
    "x-b3-flags",
    "b3",
    "traceparent",
    "tracestate",
];

/// Serves a port for good, within TLS if there is an acceptor.
pub(super) async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, application: Rc<Application>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        let (application, tls) = (Rc::clone(&application), tls.clone());
        spawn_local(async move {
            match tls {
                None => connection(stream, &application).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        connection(stream, &application).await;
                    }
                }
            }
        });
    }
}

async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin + 'static, application: &Rc<Application>) {
    let service = service_fn(|request| {
        let application = Rc::clone(application);
        async move { Ok::<_, Infallible>(answer(&application, request).await) }
    });
    // A client that goes away is no concern of an application.
    let _ = auto::Builder::new(LocalExecutor).serve_connection(TokioIo::new(stream), service).await;
}

/// Runs hyper's tasks on the thread of the application.
#[derive(Clone, Copy)]
struct LocalExecutor;

impl<F> hyper::rt::Executor<F> for LocalExecutor
where
    F: Future<Output: 'static> + 'static,
{
    fn execute(&self, future: F) {
        spawn_local(future);
    }
}

async fn answer(
    application: &Application,
    request: Request<Incoming>,
) -> Response<BoxBody<Bytes, Infallible>> {
    let (parts, body) = request.into_parts();
    // The body is read so that the connection can be used again; what it holds does not matter.
    let _ = body.collect().await;
    let headers = fold_headers(&parts.headers);
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let authority = parts
        .uri
        .authority()
        .map(|authority| authority.as_str().to_owned())
        .or_else(|| headers.get("host").cloned())
        .unwrap_or_default();
    application.record.note(SeenRequest {
        authority: authority.clone(),
        path: path.clone(),
        headers: headers.clone(),
    });

    let rule = application
        .config
        .paths
        .iter()
        .filter(|rule| parts.uri.path().starts_with(&rule.prefix))
        .max_by_key(|rule| rule.prefix.len());
    if let Some(delay) = rule.and_then(|rule| rule.delay) {
        tokio::time::sleep(delay).await;
    }
    let status = rule.and_then(|rule| fault(application, rule, &headers)).unwrap_or(StatusCode::OK);
    let upstream = match rule {
        Some(rule) => upstream(application, rule, &headers).await,
        None => Vec::new(),
    };
    let echo = Echo {
        workload: application.config.workload.clone(),
        pod: application.config.pod.clone(),
        version: application.config.version.clone(),
        protocol: format!("{:?}", parts.version),
        method: parts.method.to_string(),
        path,
        authority,
        headers,
        upstream,
    };
    respond(&echo, status, rule, is_grpc(&parts.headers))
}

/// The status of an error that this request is to get.
fn fault(
    application: &Application,
    rule: &EchoPath,
    headers: &BTreeMap<String, String>,
) -> Option<StatusCode> {
    let EchoFault { status, attempts } = rule.fault?;
    let id = headers.get("x-request-id").map_or("", String::as_str);
    let before = application.record.attempt(id);
    let fails = attempts.is_none_or(|attempts| before < attempts);
    fails.then(|| StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
}

async fn upstream(
    application: &Application,
    rule: &EchoPath,
    headers: &BTreeMap<String, String>,
) -> Vec<UpstreamExchange> {
    let passed_on = |name: &str| {
        TRACE_HEADERS.contains(&name) || application.config.forward.iter().any(|forward| forward == name)
    };
    let forwarded: BTreeMap<String, String> =
        headers.iter().filter(|(name, _)| passed_on(name)).map(|(n, v)| (n.clone(), v.clone())).collect();
    let mut exchanges = Vec::new();
    for url in &rule.calls {
        let host = Url::parse(url).map(|url| url.host).unwrap_or_default();
        let call = Call::get(url.clone(), forwarded.clone());
        for exchange in application.client.call(call).await {
            exchanges.push(UpstreamExchange { host: host.clone(), url: url.clone(), exchange });
        }
    }
    exchanges
}

fn respond(
    echo: &Echo,
    status: StatusCode,
    rule: Option<&EchoPath>,
    grpc: bool,
) -> Response<BoxBody<Bytes, Infallible>> {
    let json = serde_json::to_vec(echo).unwrap_or_default();
    let body = if grpc {
        let mut trailers = HeaderMap::new();
        // 14 is UNAVAILABLE; a gRPC server tells errors in the trailers of a 200.
        trailers
            .insert("grpc-status", HeaderValue::from_static(if status.is_success() { "0" } else { "14" }));
        Full::new(frame(&json)).with_trailers(async move { Some(Ok(trailers)) }).boxed()
    } else {
        Full::new(Bytes::from(json)).boxed()
    };
    let mut response = Response::new(body);
    if !grpc {
        *response.status_mut() = status;
    }
    let content_type = if grpc { "application/grpc" } else { "application/json" };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    for (name, value) in rule.iter().flat_map(|rule| &rule.headers) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn is_grpc(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

/// Headers by lower-case name; repeated ones are joined as RFC 9110 allows.
pub(super) fn fold_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut folded: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        folded
            .entry(name.as_str().to_owned())
            .and_modify(|joined| {
                joined.push_str(", ");
                joined.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    folded
}

/// A gRPC frame: not compressed, four bytes of length, the message.
pub(super) fn frame(message: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(message.len() + 5);
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    frame.put_slice(message);
    frame.freeze()
}

/// The message within a gRPC frame, or the whole body of anything else.
pub(super) fn unframe<'a>(headers: &HeaderMap, body: &'a [u8]) -> &'a [u8] {
    if is_grpc(headers) { body.get(5..).unwrap_or_default() } else { body }
}
