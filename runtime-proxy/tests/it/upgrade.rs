//! Upgrades (dataplane.md §7.6, 3 and 18).

use std::io::{BufReader, Read, Write};

use serde_json::json;

use crate::http::{Backend, Then, get, http, in_front_of, read_answer, request, start, status, to};
use crate::proxy::{connect, echoes, upstream};

const WEBSOCKET: [(&str, &str); 4] = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

#[test]
fn pitfall_18_a_websocket_is_a_tunnel_once_the_upstream_agrees() {
    let backend = Backend::new(|seen| {
        assert_eq!(seen.header("upgrade").as_deref(), Some("websocket"));
        Then::Take(Box::new(|mut stream| {
            stream
                .write_all(
                    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
                )
                .unwrap();
            let mut reader = stream.try_clone().unwrap();
            let _ = std::io::copy(&mut reader, &mut stream);
        }))
    });
    let proxy = in_front_of(&backend);
    let mut stream = connect(proxy.port);
    stream.write_all(request("GET", "/chat", &WEBSOCKET).as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 101 ") && head.contains("upgrade: websocket"), "{head}");
    echoes(&mut stream, "no HTTP at all \0\n\r\n");
    echoes(&mut stream, &"x".repeat(100_000));
}

#[test]
fn pitfall_3_nothing_is_a_tunnel_before_the_upstream_agrees() {
    let backend =
        Backend::new(|seen| Then::Answer(status(if seen.line.contains("/chat") { 403 } else { 200 })));
    let proxy = in_front_of(&backend);
    let mut stream = connect(proxy.port);
    let smuggled = request("GET", "/next", &[]);
    stream.write_all(format!("{}{smuggled}", request("GET", "/chat", &WEBSOCKET)).as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    assert_eq!(read_answer(&mut reader, false).unwrap().status, 403);
    // The connection speaks HTTP as before: what follows is a request that is filtered like any other.
    assert_eq!(read_answer(&mut reader, false).map(|answer| answer.status), Some(200));
    assert_eq!(backend.last().line, "GET /next HTTP/1.1");
}

#[test]
fn pitfall_18_what_cannot_be_upgraded_is_refused_clearly() {
    let backend = Backend::saying("ok");
    let mut http2 = upstream(backend.address);
    http2["protocol"] = "http2".into();
    let mut to_http2 = to("http2");
    to_http2["matches"]["path"]["prefix"] = "/http2".into();
    let upstreams = [("server", upstream(backend.address)), ("http2", http2)];
    let proxy = start("outbound", &http(&json!([to_http2, to("server")])), &upstreams);
    assert_eq!(get(proxy.port, "/http2", &WEBSOCKET).status, 501);
    assert_eq!(get(proxy.port, "/", &[("Connection", "upgrade"), ("Upgrade", "something")]).status, 403);
    assert_eq!(
        get(proxy.port, "/", &[("Connection", "upgrade, http2-settings"), ("Upgrade", "h2c")]).status,
        200
    );
    assert_eq!(backend.last().header("upgrade"), None);
}
