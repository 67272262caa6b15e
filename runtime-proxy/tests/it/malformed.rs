//! Requests that two parsers could read in two ways (dataplane.md §7.6, 1, 2, 6, 8, 9, 11).

use std::io::{BufReader, Read, Write};

use crate::http::{Backend, get, in_front_of, read_answer, request, send};
use crate::proxy::connect;

#[test]
fn pitfall_1_what_could_smuggle_a_request_is_refused_with_400_and_closed() {
    let backend = Backend::saying("ok");
    let proxy = in_front_of(&backend);
    let host = "Host: a\r\n";
    for text in [
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG"
            .to_owned(),
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nG"
            .to_owned(),
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab".to_owned(),
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na".to_owned(),
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\na".to_owned(),
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na".to_owned(),
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\na".to_owned(),
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1x\r\n\r\na".to_owned(),
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\na".to_owned(),
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n".to_owned(),
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n".to_owned(),
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n".to_owned(),
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n"
            .to_owned(),
        "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
        format!("GET / HTTP/1.1\r\n{host}A: b\r\n folded\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host}A: b\r\n\tfolded\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host}A: b\rc\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host}A: b\0c\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host}A : b\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host}A\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host}: b\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host}A\u{1}: b\r\n\r\n"),
        "GET / HTTP/1.1\nHost: a\n\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a\r\nA: b\n\r\n".to_owned(),
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET / HTTP/2.0\r\nHost: a\r\n\r\n".to_owned(),
        "GET / HTTP/1.1 x\r\nHost: a\r\n\r\n".to_owned(),
        "GET /\r\nHost: a\r\n\r\n".to_owned(),
        "G(T / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET a HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost:\r\n\r\n".to_owned(),
        "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n".to_owned(),
        "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET /public#/../admin HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
    ] {
        let mut stream = connect(proxy.port);
        // A client that goes on must not be heard.
        stream.write_all(format!("{text}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).unwrap();
        let mut answers = Vec::new();
        let end = stream.read_to_end(&mut answers);
        let answers = String::from_utf8_lossy(&answers);
        assert!(answers.starts_with("HTTP/1.1 400 "), "{text:?} gets {answers:?}, {end:?}");
        assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{text:?} gets {answers:?}");
    }
    assert!(backend.seen().is_empty(), "{:?}", backend.seen());
}

#[test]
fn a_bad_chunk_ends_the_connection_and_the_upstream_sees_no_end_of_the_body() {
    let backend = Backend::saying("ok");
    let proxy = in_front_of(&backend);
    for chunk in [
        "3\r\nabcd\r\n0\r\n\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
        "3\nabc\r\n0\r\n\r\n",
        "-1\r\n\r\n",
        "3 \r\nabc\r\n",
    ] {
        let mut stream = connect(proxy.port);
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream
            .write_all(format!("{head}{chunk}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes())
            .unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert!(!answer.starts_with("HTTP/1.1 2"), "{chunk:?} gets {answer:?}");
    }
    assert!(backend.seen().is_empty(), "{:?}", backend.seen());
}

#[test]
fn pitfall_2_http_1_0_is_refused_unless_it_is_accepted() {
    let backend = Backend::saying("ok");
    let proxy = in_front_of(&backend);
    assert_eq!(send(proxy.port, "GET / HTTP/1.0\r\nHost: a\r\n\r\n").status, 426);
    assert!(backend.seen().is_empty());
}

#[test]
fn pitfall_6_heads_that_are_too_large_are_refused_with_431() {
    let backend = Backend::saying("ok");
    let proxy = in_front_of(&backend);
    let many: Vec<(String, String)> = (0..101).map(|at| (format!("x-{at}"), "y".to_owned())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(get(proxy.port, "/", &many).status, 431);
    assert_eq!(get(proxy.port, "/", &[("x", &"y".repeat(61 * 1024))]).status, 431);
    assert_eq!(get(proxy.port, "/", &[("x", &"y".repeat(50 * 1024))]).status, 200);
    assert_eq!(backend.seen().len(), 1);
}

#[test]
fn pitfall_9_the_path_is_normalised_once_and_forwarded_so() {
    let backend = Backend::saying("ok");
    let proxy = in_front_of(&backend);
    for (target, line) in [
        ("/a/../b", "GET /b HTTP/1.1"),
        ("/a/%2e%2e/b?c=/../d", "GET /b?c=/../d HTTP/1.1"),
        ("/a%2Fb", "GET /a%2Fb HTTP/1.1"),
        ("/a\\b", "GET /a/b HTTP/1.1"),
        ("//a//b", "GET //a//b HTTP/1.1"),
        ("http://a.example/x/./y", "GET /x/y HTTP/1.1"),
        ("http://a.example", "GET / HTTP/1.1"),
    ] {
        assert_eq!(get(proxy.port, target, &[]).status, 200, "{target}");
        assert_eq!(backend.last().line, line);
    }
}

#[test]
fn pitfall_11_the_host_is_compared_without_case_and_goes_on_in_lower_case() {
    let backend = Backend::saying("ok");
    let proxy = in_front_of(&backend);
    assert_eq!(get(proxy.port, "http://A.example:80/", &[("Host", "a.EXAMPLE:80")]).status, 200);
    assert_eq!(backend.last().header("host").as_deref(), Some("a.example:80"));
}

#[test]
fn pitfall_4_a_connection_with_an_unread_body_takes_no_further_request() {
    // The server answers before it has read the body, and so does the proxy.
    let backend = Backend::saying("ok");
    let proxy = in_front_of(&backend);
    let mut stream = connect(proxy.port);
    let bad = "POST /x HTTP/1.1\r\nHost: a@b\r\nContent-Length: 45\r\n\r\n";
    let hidden = "GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n12";
    assert_eq!(hidden.len(), 45);
    stream.write_all(format!("{bad}{hidden}{}", request("GET", "/next", &[])).as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    assert_eq!(read_answer(&mut reader, false).unwrap().status, 400);
    assert!(read_answer(&mut reader, false).is_none());
    assert!(backend.seen().is_empty(), "{:?}", backend.seen());
}

#[test]
fn connect_is_refused() {
    let backend = Backend::saying("ok");
    let proxy = in_front_of(&backend);
    let answer = send(proxy.port, "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n");
    assert_eq!((answer.status, answer.header("connection").as_deref()), (403, Some("close")));
    assert!(backend.seen().is_empty());
}
