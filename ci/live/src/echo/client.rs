//! The client: makes calls and says what came of each.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Instant;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper::header::{HOST, HeaderName, HeaderValue};
use hyper::{HeaderMap, Request, Response, body::Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::task::{JoinSet, spawn_local};

use super::call::{Call, Protocol};
use super::connect::{Target, failure};
use super::cookies::Cookies;
use super::http::{fold_headers, frame, unframe};
use super::tcp;
use super::url::{Scheme, Url};
use crate::exchange::{Answer, Exchange, FailureKind, Outcome};

/// A client with open connections.
#[derive(Default)]
pub(super) struct Client {
    idle: RefCell<BTreeMap<Target, Vec<Sender>>>,
}

/// An open connection.
enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Client {
    /// Makes a call as often as it says, and gives the exchanges in the order in which they ended.
    pub(super) async fn call(self: &Rc<Self>, call: Call) -> Vec<Exchange> {
        let call = Rc::new(call);
        let cookies = Rc::new(RefCell::new(Cookies::default()));
        let remaining = Rc::new(RefCell::new(call.repeat));
        let mut workers = JoinSet::new();
        for _ in 0..call.concurrency.clamp(1, call.repeat.max(1)) {
            let (client, call, remaining) = (Rc::clone(self), Rc::clone(&call), Rc::clone(&remaining));
            let cookies = Rc::clone(&cookies);
            workers.spawn_local(async move {
                let mut exchanges = Vec::new();
                while take_one(&remaining) {
                    let cookie = cookies.borrow().header().filter(|_| call.keep_cookies);
                    let exchange = match cookie {
                        Some(cookie) => client.once(&call.with_header("cookie", cookie)).await,
                        None => client.once(&call).await,
                    };
                    cookies.borrow_mut().take(&exchange);
                    exchanges.push(exchange);
                }
                exchanges
            });
        }
        workers.join_all().await.into_iter().flatten().collect()
    }

    async fn once(&self, call: &Call) -> Exchange {
        let start = Instant::now();
        let outcome = match tokio::time::timeout(call.timeout, self.attempt(call)).await {
            Ok(outcome) => outcome.unwrap_or_else(|failed| failed),
            Err(_) => {
                Outcome::failed(FailureKind::Timeout, format_args!("no answer within {:?}", call.timeout))
            }
        };
        Exchange { elapsed_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX), outcome }
    }

    async fn attempt(&self, call: &Call) -> Result<Outcome, Outcome> {
        let url = Url::parse(&call.url).map_err(|error| Outcome::failed(FailureKind::Other, error))?;
        let target = Target::new(&url, call.protocol, call.connect_to.as_deref(), call.roots.as_deref())?;
        match url.scheme {
            Scheme::Tcp | Scheme::Tls => tcp::call(target.connect().await?, &call.body).await,
            Scheme::Http | Scheme::Https => self.http(&url, target, call).await,
        }
    }

    async fn http(&self, url: &Url, target: Target, call: &Call) -> Result<Outcome, Outcome> {
        if !call.new_connections {
            while let Some(mut sender) = self.take_idle(&target) {
                match sender.send(request(url, call)?).await {
                    Ok(response) => return self.finish(target, sender, response, call).await,
                    // The server closed the idle connection: nothing was sent, so this says nothing about the call.
                    Err(error) if error.is_canceled() || error.is_closed() => {}
                    Err(error) => return Err(http_failure(&error)),
                }
            }
        }
        let mut sender = Sender::open(&target).await?;
        let response = sender.send(request(url, call)?).await.map_err(|error| http_failure(&error))?;
        self.finish(target, sender, response, call).await
    }

    /// An idle connection. A function of its own, so that the borrow ends before anything is awaited.
    fn take_idle(&self, target: &Target) -> Option<Sender> {
        self.idle.borrow_mut().get_mut(target)?.pop()
    }

    async fn finish(
        &self,
        target: Target,
        sender: Sender,
        response: Response<Incoming>,
        call: &Call,
    ) -> Result<Outcome, Outcome> {
        let answer = read(response, call.keep_body).await?;
        if !call.new_connections {
            self.idle.borrow_mut().entry(target).or_default().push(sender);
        }
        Ok(Outcome::Answered(Box::new(answer)))
    }
}

/// Takes one of what remains to be done.
fn take_one(remaining: &RefCell<u32>) -> bool {
    let mut remaining = remaining.borrow_mut();
    let some = *remaining > 0;
    *remaining = remaining.saturating_sub(1);
    some
}

impl Sender {
    async fn open(target: &Target) -> Result<Self, Outcome> {
        let io = TokioIo::new(target.connect().await?);
        let failed = |error: hyper::Error| http_failure(&error);
        // The end of a connection is seen by the requests on it, so what its task returns is dropped.
        match target.protocol {
            Protocol::Http1 => {
                let (sender, connection) = http1::handshake(io).await.map_err(failed)?;
                spawn_local(async { drop(connection.await) });
                Ok(Self::Http1(sender))
            }
            Protocol::Http2 | Protocol::Grpc => {
                let (sender, connection) =
                    http2::handshake(TokioExecutor::new(), io).await.map_err(failed)?;
                spawn_local(async { drop(connection.await) });
                Ok(Self::Http2(sender))
            }
        }
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, hyper::Error> {
        match self {
            Self::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
            Self::Http2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
        }
    }
}

fn request(url: &Url, call: &Call) -> Result<Request<Full<Bytes>>, Outcome> {
    let host = call.headers.get("host").cloned().unwrap_or_else(|| url.authority());
    let grpc = call.protocol == Protocol::Grpc;
    let mut builder = Request::builder().method(call.method.as_str());
    builder = match call.protocol {
        Protocol::Http1 => builder.uri(url.path.as_str()).header(HOST, &host),
        Protocol::Http2 | Protocol::Grpc => {
            let scheme = if url.scheme.tls() { "https" } else { "http" };
            builder.uri(format!("{scheme}://{host}{}", url.path))
        }
    };
    if grpc {
        builder = builder.header("content-type", "application/grpc").header("te", "trailers");
    }
    let mut headers = HeaderMap::new();
    for (name, value) in call.headers.iter().filter(|(name, _)| name.as_str() != "host") {
        let name = HeaderName::try_from(name).map_err(|error| Outcome::failed(FailureKind::Other, error))?;
        let value =
            HeaderValue::try_from(value).map_err(|error| Outcome::failed(FailureKind::Other, error))?;
        headers.append(name, value);
    }
    let body = if grpc { frame(call.body.as_bytes()) } else { Bytes::copy_from_slice(call.body.as_bytes()) };
    let mut request =
        builder.body(Full::new(body)).map_err(|error| Outcome::failed(FailureKind::Other, error))?;
    request.headers_mut().extend(headers);
    Ok(request)
}

async fn read(response: Response<Incoming>, keep: usize) -> Result<Answer, Outcome> {
    let (parts, body) = response.into_parts();
    let collected = body.collect().await.map_err(|error| http_failure(&error))?;
    let mut headers = fold_headers(&parts.headers);
    if let Some(trailers) = collected.trailers() {
        headers.extend(fold_headers(trailers));
    }
    let bytes = collected.to_bytes();
    let content = unframe(&parts.headers, &bytes);
    let echo = serde_json::from_slice(content).ok();
    let body = match echo {
        Some(_) => String::new(),
        None => String::from_utf8_lossy(&content[..content.len().min(keep)]).into_owned(),
    };
    Ok(Answer { status: Some(parts.status.as_u16()), headers, echo, body })
}

/// The outcome of an error of hyper, whose cause may be the socket.
fn http_failure(error: &hyper::Error) -> Outcome {
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(current) = source {
        if let Some(io) = current.downcast_ref::<std::io::Error>() {
            return failure(io);
        }
        source = current.source();
    }
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return Outcome::failed(FailureKind::Closed, "closed without an answer");
    }
    let detail = std::error::Error::source(error)
        .map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
    Outcome::failed(FailureKind::Other, detail)
}
