//! HTTP/2 and gRPC, both sides (dataplane.md §7.6, 5, 7, 15, 19, 23).

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, client, server};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;

use crate::http::{Backend, Then, get, http, start, status, to};
use crate::proxy::{PATIENCE, loopback, upstream};

type Sender = client::conn::http2::SendRequest<Full<Bytes>>;

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async { tokio::time::timeout(PATIENCE, future).await.expect("it takes too long") })
}

/// A gRPC server: it echoes a message, with its status in trailers.
async fn grpc_server(request: Request<Incoming>) -> Result<Response<Frames>, Infallible> {
    assert_eq!(request.headers()["te"], "trailers");
    let authority = request.uri().authority().unwrap().to_string();
    let message = request.into_body().collect().await.unwrap().to_bytes();
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", "5".parse().unwrap());
    trailers.insert("x-authority", authority.parse().unwrap());
    let body = Frames([Ok(Frame::data(message)), Ok(Frame::trailers(trailers))].into());
    Ok(Response::builder().header("content-type", "application/grpc").body(body).unwrap())
}

struct Frames(std::collections::VecDeque<Result<Frame<Bytes>, Infallible>>);

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        std::task::Poll::Ready(self.0.pop_front())
    }
}

fn serve() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(
                    server::conn::http2::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service_fn(grpc_server)),
                );
            }
        });
    });
    address
}

async fn connect(port: u16) -> Sender {
    let stream = tokio::net::TcpStream::connect(loopback(port)).await.unwrap();
    let (sender, connection) =
        client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

fn call(path: &str, message: Bytes) -> Request<Full<Bytes>> {
    Request::post(format!("http://a.example{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::new(message))
        .unwrap()
}

#[test]
fn pitfall_15_grpc_goes_through_with_its_trailers() {
    let mut http2 = upstream(serve());
    http2["protocol"] = "http2".into();
    let proxy = start("outbound", &http(&json!([to("server")])), &[("server", http2)]);
    run(async {
        let mut sender = connect(proxy.port).await;
        // Larger than all windows: data flows as fast as it is read, both ways (pitfall 23).
        for size in [5, 3 << 20] {
            let message = Bytes::from(vec![b'x'; size]);
            let response = sender.send_request(call("/s/m", message.clone())).await.unwrap();
            assert_eq!(response.status(), 200);
            let body = response.into_body().collect().await.unwrap();
            let trailers = body.trailers().unwrap().clone();
            assert_eq!(
                (&trailers["grpc-status"], &trailers["x-authority"]),
                (&"5".parse().unwrap(), &"a.example".parse().unwrap())
            );
            assert_eq!(body.to_bytes(), message);
        }
    });
    let (_, text) = proxy.proxy.get(proxy.proxy.prometheus, "/stats/prometheus");
    assert!(
        text.contains("request_protocol=\"grpc\"") && text.contains("grpc_response_status=\"5\""),
        "{text}"
    );
}

#[test]
fn pitfall_23_a_stream_that_nobody_reads_stops_no_other() {
    let mut http2 = upstream(serve());
    http2["protocol"] = "http2".into();
    let proxy = start("outbound", &http(&json!([to("server")])), &[("server", http2)]);
    run(async {
        let mut sender = connect(proxy.port).await;
        let big = Bytes::from(vec![b'x'; 2 << 20]);
        let unread = sender.send_request(call("/s/m", big)).await.unwrap();
        for _ in 0..5 {
            let mut other = connect(proxy.port).await;
            let response = other.send_request(call("/s/m", Bytes::from_static(b"hi"))).await.unwrap();
            assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "hi");
        }
        drop(unread);
    });
}

#[test]
fn http_2_reaches_an_upstream_of_http_1_and_the_reverse() {
    let backend = Backend::saying("ok");
    let mut http2 = upstream(serve());
    http2["protocol"] = "http2".into();
    let mut to_http2 = to("http2");
    to_http2["matches"]["path"]["prefix"] = "/grpc".into();
    let upstreams = [("server", upstream(backend.address)), ("http2", http2)];
    let proxy = start("outbound", &http(&json!([to_http2, to("server")])), &upstreams);
    run(async {
        let mut sender = connect(proxy.port).await;
        let response = sender.send_request(call("/x", Bytes::from_static(b"hello"))).await.unwrap();
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "ok");
    });
    let seen = backend.last();
    assert_eq!((seen.line.as_str(), seen.header("host").as_deref()), ("POST /x HTTP/1.1", Some("a.example")));
    assert_eq!(seen.body, "hello");
    let answer = get(proxy.port, "/grpc", &[("TE", "trailers")]);
    assert_eq!(answer.status, 200);
}

#[test]
fn pitfall_19_errors_of_the_proxy_are_grpc_statuses() {
    let backend = Backend::new(|_| Then::Answer(status(200)));
    let mut gone = to("gone");
    gone["matches"]["path"]["prefix"] = "/gone".into();
    let mut exact = to("server");
    exact["matches"]["path"] = json!({ "exact": "/there" });
    let proxy = start("outbound", &http(&json!([gone, exact])), &[("server", upstream(backend.address))]);
    run(async {
        let mut sender = connect(proxy.port).await;
        for (path, grpc) in [("/gone", "14"), ("/nowhere", "12")] {
            let response = sender.send_request(call(path, Bytes::new())).await.unwrap();
            assert_eq!(
                (response.status().as_u16(), &response.headers()["grpc-status"]),
                (200, &grpc.parse().unwrap())
            );
        }
    });
}

#[test]
fn pitfall_11_authority_and_host_must_not_differ() {
    let backend = Backend::saying("ok");
    let proxy = crate::http::in_front_of(&backend);
    run(async {
        let mut sender = connect(proxy.port).await;
        for (host, status) in [("a.example", 200), ("b.example", 400)] {
            let request =
                Request::get("http://a.example/").header("host", host).body(Full::default()).unwrap();
            assert_eq!(sender.send_request(request).await.unwrap().status(), status, "{host}");
        }
    });
    assert_eq!(backend.seen().len(), 1);
}

#[test]
fn pitfall_5_a_client_that_resets_stream_after_stream_is_sent_away() {
    let backend = crate::proxy::server(|stream| drop(std::io::copy(&mut &stream, &mut std::io::sink())));
    let proxy = start("outbound", &http(&json!([to("server")])), &[("server", upstream(backend))]);
    let mut stream = crate::proxy::connect(proxy.port);
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    for at in 0..2_000_u32 {
        let id = (at * 2 + 1).to_be_bytes();
        // HEADERS with :method GET, :scheme http, :path /, :authority a; then RST_STREAM.
        let block = [0x82, 0x86, 0x84, 0x41, 0x01, b'a'];
        bytes.extend([0, 0, 6, 1, 5]);
        bytes.extend(id);
        bytes.extend(block);
        bytes.extend([0, 0, 4, 3, 0]);
        bytes.extend(id);
        bytes.extend([0, 0, 0, 8]);
    }
    let _ = std::io::Write::write_all(&mut stream, &bytes);
    let mut answer = Vec::new();
    let _ = std::io::Read::read_to_end(&mut stream, &mut answer);
    // GOAWAY with ENHANCE_YOUR_CALM.
    let calm = answer.windows(17).any(|frame| frame[3] == 7 && frame[13..17] == [0, 0, 0, 11]);
    assert!(calm, "{answer:?}");
}

#[test]
fn pitfall_6_a_flood_of_continuations_is_cut_off() {
    let backend = Backend::saying("ok");
    let proxy = crate::http::in_front_of(&backend);
    let mut stream = crate::proxy::connect(proxy.port);
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    bytes.extend([0, 0, 6, 1, 1, 0, 0, 0, 1, 0x82, 0x86, 0x84, 0x41, 0x01, b'a']);
    let mut literal = vec![0x00, 0x01, b'x', 0x7f, 0x81, 0x7f];
    literal.extend(vec![b'y'; 16_384 - literal.len()]);
    for _ in 0..600 {
        bytes.extend([0, 0x40, 0, 9, 0, 0, 0, 0, 1]);
        bytes.extend(&literal);
    }
    let written = std::io::Write::write_all(&mut stream, &bytes);
    let mut answer = Vec::new();
    let end = std::io::Read::read_to_end(&mut stream, &mut answer);
    assert!(written.is_err() || end.is_ok() || end.is_err());
    assert!(backend.seen().is_empty());
    assert_eq!(get(proxy.port, "/", &[]).status, 200);
}

#[test]
fn pitfall_8_a_head_that_never_ends_is_cut_off() {
    let backend = Backend::saying("ok");
    let mut settings = http(&json!([to("server")]));
    settings["limits"]["requestHeadersTimeout"] = "0.2s".into();
    let proxy = start("outbound", &settings, &[("server", upstream(backend.address))]);
    let mut stream = crate::proxy::connect(proxy.port);
    std::io::Write::write_all(&mut stream, b"GET / HTTP/1.1\r\nHost: a\r\nX").unwrap();
    let answer = crate::proxy::ends(&stream);
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
}
