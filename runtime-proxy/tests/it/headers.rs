//! Headers: what is believed, what is removed, what is added (dataplane.md §7.6, 12, 13, 15, 16).

use std::io::{BufReader, Read, Write};

use serde_json::json;

use crate::http::{Backend, Then, get, http, in_front_of, ok, read_answer, send, start, to};
use crate::proxy::{connect, upstream};

#[test]
fn pitfall_12_only_one_hop_sees_connection_and_what_it_names() {
    let backend = Backend::new(|_| {
        let head = "HTTP/1.1 200 OK\r\nConnection: x-hop, keep-alive\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nX-Kept: 1";
        Then::Answer(format!("{head}\r\nContent-Length: 0\r\n\r\n"))
    });
    let proxy = in_front_of(&backend);
    let answer = get(
        proxy.port,
        "/",
        &[
            ("Connection", "keep-alive, X-Secret"),
            ("X-Secret", "1"),
            ("Keep-Alive", "1"),
            ("Proxy-Connection", "1"),
            ("TE", "trailers, gzip"),
            ("Upgrade", "h2c"),
            ("X-Kept", "1"),
        ],
    );
    let seen = backend.last();
    for gone in ["connection", "x-secret", "keep-alive", "proxy-connection", "upgrade", "transfer-encoding"] {
        assert_eq!(seen.header(gone), None, "{gone}");
    }
    assert_eq!(
        (seen.header("te").as_deref(), seen.header("x-kept").as_deref()),
        (Some("trailers"), Some("1"))
    );
    assert_eq!((answer.header("x-hop"), answer.header("keep-alive")), (None, None));
    assert_eq!(answer.header("x-kept").as_deref(), Some("1"));
}

#[test]
fn pitfall_13_what_clients_say_of_themselves_is_corrected_at_the_edge() {
    let backend = Backend::saying("ok");
    let mut settings = http(&json!([to("server")]));
    settings["useRemoteAddress"] = true.into();
    settings["internalNetworks"] = json!([["10.0.0.0", 8]]);
    settings["forwardClientCert"] = "sanitizeSet".into();
    let proxy = start("outbound", &settings, &[("server", upstream(backend.address))]);
    get(
        proxy.port,
        "/",
        &[
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-client-cert", "By=evil"),
            ("x-envoy-internal", "true"),
            ("x-envoy-max-retries", "9"),
            ("x-envoy-upstream-rq-timeout-ms", "1"),
            ("x-envoy-decorator-operation", "x"),
            ("x-request-id", "mine"),
        ],
    );
    let seen = backend.last();
    let is = |name: &str| seen.header(name);
    assert_eq!(is("x-forwarded-for").as_deref(), Some("1.2.3.4,127.0.0.1"));
    assert_eq!(is("x-forwarded-proto").as_deref(), Some("http"));
    assert_eq!(is("x-envoy-external-address").as_deref(), Some("127.0.0.1"));
    for gone in [
        "x-forwarded-client-cert",
        "x-envoy-internal",
        "x-envoy-max-retries",
        "x-envoy-upstream-rq-timeout-ms",
        "x-envoy-decorator-operation",
    ] {
        assert_eq!(is(gone), None, "{gone}");
    }
    assert_eq!(is("x-request-id").map(|id| id.len()), Some(36));
}

#[test]
fn pitfall_13_inside_of_the_mesh_an_id_is_kept_and_made_where_it_is_missing() {
    let backend = Backend::saying("ok");
    let proxy = in_front_of(&backend);
    get(proxy.port, "/", &[("x-request-id", "mine"), ("x-forwarded-for", "10.0.0.1")]);
    let seen = backend.last();
    assert_eq!(seen.header("x-request-id").as_deref(), Some("mine"));
    assert_eq!(seen.header("x-forwarded-for").as_deref(), Some("10.0.0.1"));
    assert_eq!(seen.header("x-envoy-internal").as_deref(), Some("true"));
    get(proxy.port, "/", &[]);
    assert_eq!(backend.last().header("x-request-id").map(|id| id.len()), Some(36));
    assert_eq!(backend.last().header("x-forwarded-proto").as_deref(), Some("http"));
}

#[test]
fn routes_and_destinations_change_headers() {
    let backend = Backend::saying("ok");
    let mut route = to("server");
    route["headers"] = json!({
        "request": [
            { "name": "X-Set", "value": "route" },
            { "name": "x-who", "value": "%REQ(:METHOD)% %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %PROTOCOL%" },
            { "name": "x-more", "value": "two", "append": true },
        ],
        "requestRemove": ["x-gone"],
        "response": [{ "name": "x-answer", "value": "%RESPONSE_CODE%" }],
        "responseRemove": ["content-language"],
    });
    let proxy = start("outbound", &http(&json!([route])), &[("server", upstream(backend.address))]);
    let answer = get(proxy.port, "/", &[("x-set", "client"), ("x-gone", "1"), ("x-more", "one")]);
    let seen = backend.last();
    assert_eq!(seen.header("x-set").as_deref(), Some("route"));
    assert_eq!(seen.header("x-who").as_deref(), Some("GET 127.0.0.1 HTTP/1.1"));
    assert_eq!(seen.header("x-more").as_deref(), Some("one,two"));
    assert_eq!(seen.header("x-gone"), None);
    assert_eq!(answer.header("x-answer").as_deref(), Some("200"));
    assert!(answer.header("x-envoy-upstream-service-time").is_some());
}

#[test]
fn pitfall_15_trailers_are_passed_on_both_ways() {
    let backend = Backend::new(|_| {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-end\r\n\r\n";
        Then::Answer(format!("{head}2\r\nok\r\n0\r\nx-end: 1\r\n\r\n"))
    });
    let proxy = in_front_of(&backend);
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTrailer: x-start\r\nTransfer-Encoding: chunked\r\n\r\n";
    let answer = send(proxy.port, &format!("{head}2\r\nhi\r\n0\r\nx-start: 1\r\n\r\n"));
    assert!(answer.body.contains("x-end: 1"), "{answer:?}");
    assert_eq!(backend.last().trailers, "x-start: 1");
}

#[test]
fn pitfall_16_answers_before_the_final_one_are_not_taken_for_it() {
    let backend = Backend::new(|_| {
        let early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
        Then::Answer(format!("{early}{}", ok("final")))
    });
    let proxy = in_front_of(&backend);
    let mut stream = connect(proxy.port);
    stream.write_all(crate::http::request("GET", "/", &[]).as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    let answer = read_answer(&mut reader, false).unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "final"));
}

#[test]
fn pitfall_16_a_client_that_waits_for_100_is_told_to_go_on() {
    for passed_on in [false, true] {
        let backend = Backend::new(|seen| {
            assert_eq!(seen.body, "hello");
            Then::Answer(ok("got it"))
        });
        let mut settings = http(&json!([to("server")]));
        settings["proxy100Continue"] = passed_on.into();
        let proxy = start("outbound", &settings, &[("server", upstream(backend.address))]);
        let mut stream = connect(proxy.port);
        stream
            .write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            .unwrap();
        let mut first = [0; 25];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(b"hello").unwrap();
        assert_eq!(read_answer(&mut BufReader::new(stream), false).unwrap().body, "got it");
    }
}

#[test]
fn an_upstream_that_does_not_want_the_body_answers_at_once() {
    let backend = crate::proxy::server(|mut stream| {
        let mut head = [0; 4_096];
        let _ = stream.read(&mut head).unwrap();
        stream.write_all(b"HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n").unwrap();
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let mut settings = http(&json!([to("server")]));
    settings["proxy100Continue"] = true.into();
    let proxy = start("outbound", &settings, &[("server", upstream(backend))]);
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    assert_eq!(send(proxy.port, head).status, 417);
}

#[test]
fn cors_is_answered_and_exposed() {
    let backend = Backend::saying("ok");
    let mut route = to("server");
    route["cors"] = json!({
        "allowOrigins": [{ "exact": "https://a" }], "allowMethods": ["GET", "PUT"], "exposeHeaders": ["x-a"],
        "forwardNotMatchingPreflights": true,
    });
    let proxy = start("outbound", &http(&json!([route])), &[("server", upstream(backend.address))]);
    let preflight = crate::http::request(
        "OPTIONS",
        "/",
        &[("Origin", "https://a"), ("Access-Control-Request-Method", "PUT")],
    );
    let answer = send(proxy.port, &preflight);
    assert_eq!(answer.header("access-control-allow-methods").as_deref(), Some("GET,PUT"));
    assert!(backend.seen().is_empty());
    let answer = get(proxy.port, "/", &[("Origin", "https://a")]);
    assert_eq!(answer.header("access-control-allow-origin").as_deref(), Some("https://a"));
    assert_eq!(answer.header("access-control-expose-headers").as_deref(), Some("x-a"));
    assert_eq!(get(proxy.port, "/", &[("Origin", "https://b")]).header("access-control-allow-origin"), None);
}
