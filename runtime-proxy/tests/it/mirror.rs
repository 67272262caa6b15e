//! Copies of requests.

use serde_json::json;

use crate::http::{Backend, Then, get, http, send, start, status, to};
use crate::proxy::{eventually, upstream};

#[test]
fn copies_go_to_another_upstream_and_nobody_waits_for_their_answers() {
    let (backend, copies) = (Backend::saying("ok"), Backend::new(|_| Then::Answer(status(500))));
    let mut route = to("server");
    route["action"]["forward"]["mirrors"] =
        json!([{ "upstream": "copies", "fraction": { "numerator": 100, "denominator": "hundred" } }]);
    route["headers"] = json!({ "request": [{ "name": "x-a", "value": "b" }] });
    let upstreams = [("server", upstream(backend.address)), ("copies", upstream(copies.address))];
    let proxy = start("outbound", &http(&json!([route])), &upstreams);
    assert_eq!(get(proxy.port, "/x", &[]).body, "ok");
    eventually(|| copies.seen().len() == 1, "a copy");
    let copy = copies.last();
    assert_eq!((copy.line.as_str(), copy.header("x-a").as_deref()), ("GET /x HTTP/1.1", Some("b")));
    // Istio turns off the mark that Envoy puts on the host of copies.
    assert_eq!(copy.header("host").as_deref(), Some("a.example"));
    assert_eq!(backend.last().header("host").as_deref(), Some("a.example"));
    send(
        proxy.port,
        "POST /y HTTP/1.1\r\nHost: a:80\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    );
    eventually(|| copies.seen().len() == 2, "a copy with a body");
    assert_eq!(copies.last().body, "abcde");
    assert_eq!(copies.last().header("host").as_deref(), Some("a:80"));
    assert_eq!(backend.last().body, "abcde");
}
