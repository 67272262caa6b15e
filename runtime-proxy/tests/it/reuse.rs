//! Connections to upstreams that are used again (dataplane.md §7.6, 21).

use std::io::{BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::http::{Answer, Backend, HttpProxy, Seen, Then, http, ok, read_answer, request, send, start, to};
use crate::proxy::{connect, eventually, server, upstream};

/// Starts a proxy that numbers attempts.
fn in_front_of(backend: &Backend) -> HttpProxy {
    let mut settings = http(&json!([to("server")]));
    settings["routes"]["inline"]["virtualHosts"][0]["attemptCount"] = true.into();
    start("outbound", &settings, &[("server", upstream(backend.address))])
}

/// Asks on a connection that stays open, so that the same thread asks the upstream.
fn ask(stream: &TcpStream, text: &str) -> Answer {
    (&mut &*stream).write_all(text.as_bytes()).unwrap();
    read_answer(&mut BufReader::new(stream), text.starts_with("HEAD ")).unwrap()
}

/// Answers the first request on the first connection, and does something else with others.
fn then(otherwise: impl Fn(&Seen) -> Then + Clone + Send + 'static) -> Backend {
    let asked = Arc::new(AtomicUsize::new(0));
    Backend::new(move |seen| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => Then::Answer(ok("first")),
        _ => otherwise(seen),
    })
}

/// Closes the first connection without an answer.
fn close_the_first(seen: &Seen) -> Then {
    if seen.connection == 1 { Then::Close(String::new()) } else { Then::Answer(ok("second")) }
}

fn connections(backend: &Backend) -> Vec<usize> {
    let seen = backend.seen();
    assert!(seen.iter().all(|seen| seen.header("x-envoy-attempt-count").as_deref() == Some("1")), "{seen:?}");
    seen.iter().map(|seen| seen.connection).collect()
}

#[test]
fn pitfall_21_a_connection_that_is_closed_after_each_answer_loses_no_request_that_follows_at_once() {
    // It says nothing of closing in the answer.
    let backend = Backend::new(|_| Then::Close(ok("ok")));
    let proxy = in_front_of(&backend);
    let stream = connect(proxy.port);
    for at in 0..60 {
        let method = ["GET", "DELETE", "PUT"][at % 3];
        assert_eq!(ask(&stream, &request(method, "/", &[])).status, 200);
    }
    assert_eq!(connections(&backend), (1..=60).collect::<Vec<_>>());
}

#[test]
fn pitfall_21_a_request_on_a_connection_that_is_closed_under_it_is_repeated_as_it_was() {
    let backend = then(close_the_first);
    let proxy = in_front_of(&backend);
    let stream = connect(proxy.port);
    assert_eq!(ask(&stream, &request("GET", "/", &[])).body, "first");
    let text = request("DELETE", "/a?b", &[("x-twice", "1"), ("x-twice", "2"), ("Host", "b.example")]);
    assert_eq!(ask(&stream, &text).body, "second");
    assert_eq!(connections(&backend), [1, 1, 2]);
    let seen = backend.seen();
    assert_eq!((&seen[1].line, &seen[1].headers), (&seen[2].line, &seen[2].headers));
    assert_eq!(
        (seen[2].line.as_str(), seen[2].header("host").unwrap().as_str()),
        ("DELETE /a?b HTTP/1.1", "b.example")
    );
    assert_eq!(seen[2].header("x-twice").unwrap(), "1,2");
    eventually(|| proxy.proxy.metric("istio_requests_total{") == Some(2.0), "both are counted");
    let (_, text) = proxy.proxy.get(proxy.proxy.prometheus, "/stats/prometheus");
    assert!(text.contains("response_flags=\"-\"") && !text.contains("response_flags=\"U"), "{text}");
}

#[test]
fn pitfall_21_what_may_have_done_something_is_not_repeated() {
    for text in [
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
    ] {
        let backend = then(close_the_first);
        let proxy = in_front_of(&backend);
        let stream = connect(proxy.port);
        assert_eq!(ask(&stream, &request("GET", "/", &[])).body, "first");
        let answer = ask(&stream, text);
        assert_eq!(answer.status, 503, "{text}");
        assert!(answer.body.ends_with("reset reason: connection termination"), "{}", answer.body);
        assert_eq!(connections(&backend), [1, 1]);
    }
}

#[test]
fn pitfall_21_a_connection_that_began_to_answer_is_not_replaced() {
    let backend = then(|_| Then::Close("HTTP/1.1 200 OK\r\nConte".to_owned()));
    let proxy = in_front_of(&backend);
    let stream = connect(proxy.port);
    assert_eq!(ask(&stream, &request("GET", "/", &[])).body, "first");
    assert_eq!(ask(&stream, &request("GET", "/", &[])).status, 503);
    assert_eq!(connections(&backend), [1, 1]);
}

#[test]
fn pitfall_21_a_request_is_repeated_once_and_on_a_connection_of_its_own() {
    let backend = then(|_| Then::Close(String::new()));
    let proxy = in_front_of(&backend);
    let stream = connect(proxy.port);
    assert_eq!(ask(&stream, &request("GET", "/", &[])).body, "first");
    assert_eq!(ask(&stream, &request("GET", "/", &[])).status, 503);
    assert_eq!(connections(&backend), [1, 1, 2]);
    assert_eq!(send(proxy.port, &request("GET", "/", &[])).status, 503);
    assert_eq!(
        connections(&backend),
        [1, 1, 2, 3],
        "a connection that was just made was not closed while it was idle"
    );
}

/// Resets connections as soon as they are there, and counts them.
fn resetting_server() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            counted.fetch_add(1, Ordering::SeqCst);
            socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        }
    });
    (address, connections)
}

#[test]
fn a_new_connection_that_takes_nothing_is_not_replaced() {
    // Whether the reset comes before the first byte or behind it is chance; with so many connections both happen.
    const REQUESTS: usize = 300;
    let (address, connections) = resetting_server();
    let proxy = start("outbound", &http(&json!([to("server")])), &[("server", upstream(address))]);
    let stream = connect(proxy.port);
    for _ in 0..REQUESTS {
        assert_eq!(ask(&stream, &request("GET", "/", &[])).status, 503);
    }
    assert_eq!(connections.load(Ordering::SeqCst), REQUESTS, "each request goes once");
}

/// Answers streams of HTTP/2 with 200, but closes the first connection at its second stream, with or without saying so.
fn http2_server(goaway: bool) -> (SocketAddr, Arc<AtomicUsize>) {
    const HEADERS: u8 = 1;
    let (connections, streams) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&streams);
    let address = server(move |mut stream| {
        let first = connections.fetch_add(1, Ordering::SeqCst) == 0;
        stream.read_exact(&mut [0; 24]).unwrap();
        stream.write_all(b"\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0").unwrap();
        let mut here = 0;
        while let Some((kind, number, _)) = crate::connections::frame(&stream) {
            if kind != HEADERS {
                continue;
            }
            counted.fetch_add(1, Ordering::SeqCst);
            here += 1;
            if first && here == 2 {
                if goaway {
                    // The last stream that it looked at is the first.
                    let _ = stream.write_all(b"\0\0\x08\x07\0\0\0\0\0\0\0\0\x01\0\0\0\0");
                }
                return;
            }
            // `:status: 200`, and the end of the stream.
            let mut answer = b"\0\0\x01\x01\x05".to_vec();
            answer.extend(number.to_be_bytes());
            answer.push(0x88);
            stream.write_all(&answer).unwrap();
        }
    });
    (address, streams)
}

#[test]
fn pitfall_21_a_connection_of_http2_is_replaced_too() {
    for goaway in [true, false] {
        let (address, streams) = http2_server(goaway);
        let mut server = upstream(address);
        server["protocol"] = "http2".into();
        let proxy = start("outbound", &http(&json!([to("server")])), &[("server", server)]);
        let stream = connect(proxy.port);
        for _ in 0..2 {
            assert_eq!(ask(&stream, &request("GET", "/", &[])).status, 200);
        }
        assert_eq!(streams.load(Ordering::SeqCst), 3);
    }
}
