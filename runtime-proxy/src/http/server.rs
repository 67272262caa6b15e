//! The server side of a connection: HTTP/1.1 or HTTP/2, and when it ends.

use std::convert::Infallible;
use std::pin::pin;
use std::rc::Rc;

use ::http::StatusCode;
use bytes::BytesMut;
use hyper::rt::Executor;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncReadExt as _;

use super::HttpConnection;
use super::connection::Limits;
use super::drive::drive;
use super::exchange::{Client, Exchange};
use super::flood::Calm;
use super::local_reply::LocalReply;
use super::respond;
use super::service::handle;
use super::strict::{Strict, Tunnel};
use crate::config::ChainRef;
use crate::connection::Connection;
use crate::drain;
use crate::stream::Stream;

/// What a client of HTTP/2 says first (RFC 9113 §3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Largest head of a request.
const HEAD: usize = 60 * 1024;
/// Largest buffer of a connection.
const BUFFER: usize = 128 * 1024;
/// Streams that a client may reset before they were looked at (CVE-2023-44487).
const RESETS: usize = 20;

/// Runs the tasks of a connection on its own thread.
#[derive(Debug, Clone, Copy)]
pub(super) struct LocalExecutor;

impl<F: Future<Output: 'static> + 'static> Executor<F> for LocalExecutor {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(future);
    }
}

/// Speaks HTTP on a connection until it ends. Runs on a `LocalSet` (or local runtime), whose tasks it uses.
pub(crate) async fn serve(stream: Stream, connection: Rc<Connection>, chain: ChainRef, drain: drain::Watch) {
    let http = chain.current().http;
    let limits = http.limits;
    let detected = match connection.alpn.as_deref() {
        Some(b"h2") => Some((true, stream)),
        Some(b"http/1.1" | b"http/1.0") => Some((false, stream)),
        _ => match limits.idle {
            Some(idle) => tokio::time::timeout(idle, detect(stream)).await.ok().flatten(),
            None => detect(stream).await,
        },
    };
    let Some((is_http2, stream)) = detected else { return };
    let client = Rc::new(Client::new(connection, chain, drain, &http));
    if is_http2 {
        serve_http2(stream, &client, &http).await;
    } else {
        serve_http1(stream, &client, &http).await;
    }
}

/// Tells HTTP/2 by its preface; `None` if the client goes away before it is clear.
async fn detect(mut stream: Stream) -> Option<(bool, Stream)> {
    let mut read = BytesMut::with_capacity(1024);
    loop {
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
        let known = read.len().min(PREFACE.len());
        let fits = read[..known] == PREFACE[..known];
        if !fits || known == PREFACE.len() {
            return Some((fits, stream.with_prefix(read.freeze())));
        }
    }
}

async fn serve_http1(stream: Stream, client: &Rc<Client>, http: &HttpConnection) {
    let tunnel = Tunnel::default();
    let io = TokioIo::new(Strict::new(stream, tunnel.clone(), http.limits.headers));
    let of_requests = Rc::clone(client);
    let service = service_fn(move |request| {
        let (client, tunnel) = (Rc::clone(&of_requests), tunnel.clone());
        async move { Ok::<_, Infallible>(handle(client, tunnel, request).await) }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .preserve_header_case(http.preserve_header_case)
            .max_header_size(HEAD)
            .max_buf_size(BUFFER)
            .header_read_timeout(None)
            .serve_connection(io, service)
            .with_upgrades()
    );
    let result =
        drive(connection.as_mut(), client, http.limits, |connection| connection.graceful_shutdown()).await;
    if let Some(Err(error)) = result
        && error.is_parse()
    {
        refused(client, http);
    }
}

/// hyper has answered a request that is no HTTP with 400; logs and counts say so too.
fn refused(client: &Rc<Client>, http: &HttpConnection) {
    let current = client.chain.current().http;
    let exchange = Exchange::new(current, Rc::clone(client), ::http::Version::HTTP_11);
    let reply = LocalReply { status: StatusCode::BAD_REQUEST, ..LocalReply::refuse("http1.codec_error") };
    drop(respond::local(exchange, reply));
    let _ = http;
}

async fn serve_http2(stream: Stream, client: &Rc<Client>, http: &HttpConnection) {
    let of_requests = Rc::clone(client);
    let service = service_fn(move |request| {
        let client = Rc::clone(&of_requests);
        async move { Ok::<_, Infallible>(handle(client, Tunnel::default(), request).await) }
    });
    let Limits { streams, stream_window, connection_window, .. } = http.limits;
    let mut connection = pin!(
        http2::Builder::new(LocalExecutor)
            .timer(TokioTimer::new())
            .initial_stream_window_size(stream_window)
            .initial_connection_window_size(connection_window)
            .max_concurrent_streams(streams)
            .max_header_list_size(u32::try_from(HEAD).unwrap_or(u32::MAX))
            .max_pending_accept_reset_streams(RESETS)
            .serve_connection(TokioIo::new(Calm::new(stream)), service)
    );
    let _ =
        drive(connection.as_mut(), client, http.limits, |connection| connection.graceful_shutdown()).await;
}
