//! Lives of connections: idle, old, drained, reloaded under, flooded.

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use crate::http::{Answer, Backend, Then, get, http, in_front_of, ok, read_answer, request, send, start, to};
use crate::proxy::{connect, ends, eventually, upstream};

/// Asks on a connection that stays open.
fn ask(stream: &TcpStream, target: &str) -> Answer {
    (&mut &*stream).write_all(request("GET", target, &[]).as_bytes()).unwrap();
    read_answer(&mut BufReader::new(stream), false).unwrap()
}

#[test]
fn a_connection_that_is_idle_or_old_is_closed() {
    let backend = Backend::saying("ok");
    for limit in ["idleTimeout", "maxConnectionDuration"] {
        let mut settings = http(&json!([to("server")]));
        // Long enough for the request to be answered before.
        settings["limits"][limit] = "2s".into();
        let proxy = start("outbound", &settings, &[("server", upstream(backend.address))]);
        let stream = connect(proxy.port);
        assert_eq!(ask(&stream, "/").status, 200);
        ends(&stream);
    }
}

#[test]
fn pitfall_22_a_drain_closes_idle_connections_and_lets_requests_end() {
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Arc::new(std::sync::Mutex::new(wait));
    let (arrived, arrives) = std::sync::mpsc::channel::<()>();
    let backend = Backend::new(move |seen| {
        if seen.line.contains("/slow") {
            arrived.send(()).unwrap();
            let _ = wait.lock().unwrap().recv();
        }
        Then::Answer(ok("ok"))
    });
    let proxy = in_front_of(&backend);
    let (idle, busy) = (connect(proxy.port), connect(proxy.port));
    assert_eq!(ask(&idle, "/").status, 200);
    (&mut &busy).write_all(request("GET", "/slow", &[]).as_bytes()).unwrap();
    arrives.recv().unwrap();
    proxy.proxy.signal(Signal::TERM);
    ends(&idle);
    release.send(()).unwrap();
    let answer = read_answer(&mut BufReader::new(&busy), false).unwrap();
    assert_eq!((answer.status, answer.header("connection").as_deref()), (200, Some("close")));
    ends(&busy);
}

/// The next frame of HTTP/2: its type, its stream and its payload; `None` at the end of the connection.
pub(crate) fn frame(mut stream: &TcpStream) -> Option<(u8, u32, Vec<u8>)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).ok()?;
    let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
    stream.read_exact(&mut payload).ok()?;
    Some((head[3], u32::from_be_bytes([head[5], head[6], head[7], head[8]]), payload))
}

#[test]
fn pitfall_22_a_drain_says_goaway_and_lets_streams_end() {
    const HEADERS: u8 = 1;
    const GOAWAY: u8 = 7;
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let (arrived, arrives) = std::sync::mpsc::channel::<()>();
    let ends_of_backend = std::sync::Arc::new(std::sync::Mutex::new((arrived, wait)));
    let backend = Backend::new(move |_| {
        let (arrived, wait) = &*ends_of_backend.lock().unwrap();
        arrived.send(()).unwrap();
        wait.recv().unwrap();
        Then::Answer(ok("ok"))
    });
    let proxy = in_front_of(&backend);
    let mut stream = connect(proxy.port);
    // The preface, empty settings, and `GET /` to `a` as stream 1, which ends with its headers.
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    stream.write_all(b"\0\0\x06\x01\x05\0\0\0\x01\x82\x86\x84\x01\x01a").unwrap();
    arrives.recv().unwrap();
    proxy.proxy.signal(Signal::TERM);
    let goaway = std::iter::from_fn(|| frame(&stream)).find(|(kind, _, _)| *kind == GOAWAY).unwrap();
    assert_eq!(
        goaway.2[..8],
        [0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0],
        "no stream is refused yet, and nothing is wrong"
    );
    release.send(()).unwrap();
    let rest: Vec<_> = std::iter::from_fn(|| frame(&stream)).collect();
    assert!(rest.iter().any(|(kind, stream, _)| (*kind, *stream) == (HEADERS, 1)), "{rest:?}");
}

#[test]
fn a_reload_acts_on_the_next_request_of_an_open_connection() {
    let (old, new) = (Backend::saying("old"), Backend::saying("new"));
    let upstreams = [("old", upstream(old.address)), ("new", upstream(new.address))];
    let proxy = start("outbound", &http(&json!([to("old")])), &upstreams);
    let stream = connect(proxy.port);
    assert_eq!(ask(&stream, "/").body, "old");
    let mut config = proxy.proxy.config();
    config["listeners"][0]["chains"][0]["handler"]["http"]["routes"]["inline"]["virtualHosts"][0]["routes"] =
        json!([to("new")]);
    proxy.proxy.replace(&config.to_string());
    proxy.proxy.signal(Signal::HUP);
    // The connection may be told to end by the reload, but never fails.
    let mut stream = stream;
    eventually(
        || {
            let answer = ask(&stream, "/");
            assert_eq!(answer.status, 200);
            if answer.header("connection").as_deref() == Some("close") {
                stream = connect(proxy.port);
            }
            answer.body == "new"
        },
        "the new route",
    );
}

#[test]
fn connections_to_upstreams_end_after_so_many_requests() {
    let backend = Backend::saying("ok");
    let mut limited = upstream(backend.address);
    limited["limits"] = json!({ "maxRequestsPerConnection": 2 });
    let proxy = start("outbound", &http(&json!([to("server")])), &[("server", limited)]);
    let stream = connect(proxy.port);
    for _ in 0..5 {
        assert_eq!(ask(&stream, "/").status, 200);
    }
    let connections: Vec<usize> = backend.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [1, 1, 2, 2, 3]);
}

#[test]
fn pitfall_2_an_answer_that_ends_with_its_connection_is_passed_on_and_the_connection_not_used_again() {
    let backend = Backend::new(|_| Then::Close("HTTP/1.0 200 OK\r\n\r\nuntil the end\n".to_owned()));
    let proxy = in_front_of(&backend);
    for _ in 0..2 {
        let answer = send(proxy.port, &request("GET", "/", &[]));
        assert!(answer.status == 200 && answer.body.contains("until the end"), "{answer:?}");
    }
    assert_eq!(backend.last().connection, 2);
}

#[test]
fn pitfall_24_a_client_that_does_not_read_holds_up_the_upstream_and_fills_no_memory() {
    let (stopped, stops) = std::sync::mpsc::channel();
    let address = crate::proxy::server(move |mut stream| {
        // Nobody takes anything for so long once all buffers are full.
        stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
        let mut head = [0; 4_096];
        let _ = stream.read(&mut head);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
        let chunk = vec![b'x'; 1 << 16];
        let mut sent = 0;
        while stream.write_all(&chunk).is_ok() {
            sent += chunk.len();
        }
        let _ = stopped.send(sent);
    });
    let proxy = start("outbound", &http(&json!([to("server")])), &[("server", upstream(address))]);
    let mut stream = connect(proxy.port);
    stream.write_all(request("GET", "/", &[]).as_bytes()).unwrap();
    // It goes on until the buffers of three sockets are full, and no further.
    let sent = stops.recv_timeout(crate::proxy::PATIENCE).unwrap();
    assert!(sent < 64 << 20, "{sent}");
    let status = std::fs::read_to_string(format!("/proc/{}/status", proxy.proxy.id())).unwrap();
    let resident = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    let kilobytes: usize = resident.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(kilobytes < 200_000, "{resident}");
}

#[test]
fn pitfall_7_a_flood_of_pings_is_cut_off() {
    let backend = Backend::saying("ok");
    let proxy = in_front_of(&backend);
    let mut stream = connect(proxy.port);
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    for _ in 0..5_000 {
        bytes.extend(b"\0\0\x08\x06\0\0\0\0\0 flooded");
    }
    let _ = stream.write_all(&bytes);
    ends(&stream);
    assert_eq!(get(proxy.port, "/", &[]).status, 200);
}

#[test]
fn the_time_of_a_route_does_not_count_an_injected_delay() {
    let backend = Backend::saying("ok");
    let mut route = to("server");
    route["action"]["forward"]["timeout"] = "2s".into();
    route["fault"] =
        json!({ "delay": { "percentage": { "numerator": 100, "denominator": "hundred" }, "fixed": "2.5s" } });
    let proxy = start("outbound", &http(&json!([route])), &[("server", upstream(backend.address))]);
    assert_eq!(get(proxy.port, "/", &[]).status, 200);
}

#[test]
fn an_upload_that_takes_too_long_is_408_where_that_is_limited() {
    let backend = Backend::saying("ok");
    let mut settings = http(&json!([to("server")]));
    settings["limits"]["requestTimeout"] = "0.2s".into();
    let proxy = start("outbound", &settings, &[("server", upstream(backend.address))]);
    let answer = send(proxy.port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
    assert_eq!((answer.status, answer.body.as_str()), (408, "request timeout"));
}

#[test]
fn an_upstream_that_answers_without_reading_holds_up_no_other_request() {
    let (over, ends) = std::sync::mpsc::channel::<()>();
    let first = std::sync::Arc::new(std::sync::Mutex::new(Some(ends)));
    let address = crate::proxy::server(move |mut stream| {
        let first = first.lock().unwrap().take();
        let mut head = [0; 1_024];
        let _ = stream.read(&mut head);
        let _ = stream.write_all(ok("early").as_bytes());
        if let Some(ends) = first {
            // It keeps the connection and reads nothing more.
            let _ = ends.recv();
        }
    });
    let proxy = start("outbound", &http(&json!([to("server")])), &[("server", upstream(address))]);
    let body = "x".repeat(8 << 20);
    let mut stream = connect(proxy.port);
    let text = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(text.as_bytes()).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let writing = std::thread::spawn(move || drop(writer.write_all(body.as_bytes())));
    assert_eq!(read_answer(&mut BufReader::new(&stream), false).unwrap().body, "early");
    // The first upload still hangs, and goes on hanging until `over` is dropped.
    assert_eq!(get(proxy.port, "/", &[]).body, "early");
    drop((stream, over));
    writing.join().unwrap();
}
