//! Which route, which destination, what becomes of path and host, and what the proxy answers itself.

use serde_json::json;

use crate::http::{Backend, Then, get, http, in_front_of, ok, request, send, start, to};
use crate::proxy::upstream;

#[test]
fn the_most_specific_domain_and_the_first_route_count() {
    let (first, second) = (Backend::saying("first"), Backend::saying("second"));
    let mut settings = http(&json!([]));
    settings["routes"]["inline"]["virtualHosts"] = json!([
        { "name": "exact", "domains": ["a.example", "a.example:*"], "routes": [
            { "matches": { "path": { "exact": "/x" }, "headers": [{ "name": "user", "value": { "text": { "exact": "me" } } }] },
              "action": to("second")["action"] },
            { "matches": { "path": { "regex": "/r[0-9]+" }, "query": [{ "name": "q", "value": "present" }] },
              "action": to("second")["action"] },
            to("first"),
        ] },
        { "name": "suffix", "domains": ["*.example"], "routes": [to("second")] },
    ]);
    let upstreams = [("first", upstream(first.address)), ("second", upstream(second.address))];
    let proxy = start("outbound", &settings, &upstreams);
    let said = |target, headers: &[(&str, &str)]| get(proxy.port, target, headers).body;
    assert_eq!(said("/x", &[("user", "me")]), "second");
    assert_eq!(said("/x", &[("user", "you")]), "first");
    assert_eq!(said("/r12?q", &[]), "second");
    assert_eq!(said("/r12", &[]), "first");
    assert_eq!(said("/", &[("Host", "B.example")]), "second");
    let answer = get(proxy.port, "/", &[("Host", "other")]);
    assert_eq!((answer.status, answer.body.as_str()), (404, ""));
    assert_eq!(answer.header("server").as_deref(), Some("istio-envoy"));
}

#[test]
fn paths_and_hosts_are_rewritten() {
    let backend = Backend::saying("ok");
    let mut prefix = to("server");
    prefix["matches"] = json!({ "path": { "prefix": "/old" } });
    prefix["action"]["forward"]["prefixRewrite"] = "/new".into();
    prefix["action"]["forward"]["hostRewrite"] = "b.example".into();
    let mut regex = to("server");
    regex["matches"] = json!({ "path": { "prefix": "/re" } });
    regex["action"]["forward"]["regexRewrite"] = json!({ "pattern": "/re/(.*)/x", "substitution": "/\\1" });
    let proxy = start("outbound", &http(&json!([prefix, regex])), &[("server", upstream(backend.address))]);
    get(proxy.port, "/old/a?b=/old", &[]);
    let seen = backend.last();
    assert_eq!(seen.line, "GET /new/a?b=/old HTTP/1.1");
    assert_eq!(seen.header("host").as_deref(), Some("b.example"));
    assert_eq!(seen.header("x-envoy-original-path").as_deref(), Some("/old/a?b=/old"));
    get(proxy.port, "/re/y/x?z", &[]);
    assert_eq!(backend.last().line, "GET /y?z HTTP/1.1");
}

#[test]
fn the_proxy_redirects_and_answers_itself() {
    let redirect = json!({
        "matches": { "path": { "prefix": "/old" } },
        "action": { "redirect": { "host": "b.example", "path": { "prefix": "/new" }, "code": 302 } },
    });
    let direct = json!({
        "matches": { "path": { "exact": "/direct" } },
        "action": { "directResponse": { "status": 418, "body": "teapot" } },
        "headers": { "response": [{ "name": "x-a", "value": "b" }] },
    });
    let proxy = start("outbound", &http(&json!([redirect, direct])), &[]);
    let answer = get(proxy.port, "/old/x?y", &[]);
    assert_eq!(
        (answer.status, answer.header("location").as_deref()),
        (302, Some("http://b.example/new/x?y"))
    );
    let answer = get(proxy.port, "/direct", &[]);
    assert_eq!((answer.status, answer.body.as_str()), (418, "teapot"));
    assert_eq!(answer.header("x-a").as_deref(), Some("b"));
}

#[test]
fn weights_are_kept() {
    let (light, heavy) = (Backend::saying("light"), Backend::saying("heavy"));
    let mut route = to("light");
    route["action"]["forward"]["upstreams"] = json!([
        { "upstream": "light", "weight": 10 }, { "upstream": "heavy", "weight": 90 }, { "upstream": "gone", "weight": 0 },
    ]);
    let upstreams = [("light", upstream(light.address)), ("heavy", upstream(heavy.address))];
    let proxy = start("outbound", &http(&json!([route])), &upstreams);
    for _ in 0..400 {
        assert_eq!(get(proxy.port, "/", &[]).status, 200);
    }
    let light = light.seen().len();
    assert!((10..90).contains(&light), "{light} of 400");
}

#[test]
fn a_destination_that_does_not_exist_is_503_and_one_without_endpoints_too() {
    let empty = upstream("127.0.0.1:1".parse().unwrap());
    let mut empty = empty;
    empty["discovery"]["endpoints"]["groups"] = json!([]);
    let mut gone = to("gone");
    gone["matches"]["path"]["prefix"] = "/gone".into();
    let proxy = start("outbound", &http(&json!([gone, to("empty")])), &[("empty", empty)]);
    assert_eq!(get(proxy.port, "/gone", &[]).status, 503);
    let answer = get(proxy.port, "/", &[]);
    assert_eq!((answer.status, answer.body.as_str()), (503, "no healthy upstream"));
}

#[test]
fn a_response_that_takes_too_long_is_504() {
    let backend = Backend::new(|_| {
        Then::Take(Box::new(|stream| {
            let _ = std::io::copy(&mut &stream, &mut std::io::sink());
        }))
    });
    let mut route = to("server");
    route["action"]["forward"]["timeout"] = "0.1s".into();
    let proxy = start("outbound", &http(&json!([route])), &[("server", upstream(backend.address))]);
    let answer = get(proxy.port, "/", &[]);
    assert_eq!((answer.status, answer.body.as_str()), (504, "upstream request timeout"));
}

#[test]
fn connections_to_the_upstream_are_used_again() {
    let backend = Backend::saying("ok");
    let proxy = in_front_of(&backend);
    let client = std::iter::repeat_n(request("GET", "/", &[]), 3).collect::<String>();
    let mut stream = crate::proxy::connect(proxy.port);
    std::io::Write::write_all(&mut stream, client.as_bytes()).unwrap();
    let mut reader = std::io::BufReader::new(stream);
    for _ in 0..3 {
        assert_eq!(crate::http::read_answer(&mut reader, false).unwrap().body, "ok");
    }
    let connections: Vec<usize> = backend.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [1, 1, 1]);
}

#[test]
fn pitfall_17_answers_without_a_body_keep_their_length() {
    let backend = Backend::new(|seen| {
        Then::Answer(match seen.line.as_str() {
            line if line.starts_with("HEAD") => "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n".to_owned(),
            line if line.contains("/304") => {
                "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n".to_owned()
            }
            line if line.contains("/204") => "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
            _ => ok(""),
        })
    });
    let proxy = in_front_of(&backend);
    let head = send(proxy.port, &request("HEAD", "/", &[]));
    assert_eq!((head.status, head.header("content-length").as_deref()), (200, Some("1234")));
    // A length may be left out of 304 (RFC 9110 §15.4.5), and is.
    let answer = get(proxy.port, "/304", &[]);
    assert_eq!((answer.status, answer.header("transfer-encoding")), (304, None));
    let answer = get(proxy.port, "/204", &[]);
    assert_eq!(
        (answer.status, answer.header("content-length"), answer.header("transfer-encoding")),
        (204, None, None)
    );
    assert_eq!(get(proxy.port, "/", &[]).header("content-length").as_deref(), Some("0"));
}

#[test]
fn a_cookie_picks_the_endpoint_and_is_made_when_it_is_missing() {
    let backends = [Backend::saying("0"), Backend::saying("1"), Backend::saying("2")];
    let mut balanced = upstream(backends[0].address);
    let endpoints: Vec<_> = backends
        .iter()
        .map(|backend| json!({ "address": { "ip": ["127.0.0.1", backend.address.port()] } }))
        .collect();
    balanced["discovery"]["endpoints"]["groups"] = json!([{ "endpoints": endpoints }]);
    balanced["loadBalancing"] = json!({ "consistentHash": { "ringHash": {} } });
    let mut route = to("server");
    route["action"]["forward"]["hashPolicies"] =
        json!([{ "cookie": { "name": "user", "ttl": "60s", "path": "/" } }]);
    let proxy = start("outbound", &http(&json!([route])), &[("server", balanced)]);
    let first = get(proxy.port, "/", &[]);
    let cookie = first.header("set-cookie").unwrap();
    assert!(cookie.starts_with("user=\"") && cookie.contains("Max-Age=60; Path=/; HttpOnly"), "{cookie}");
    let pair = cookie.split(';').next().unwrap();
    for _ in 0..10 {
        let again = get(proxy.port, "/", &[("Cookie", pair)]);
        assert_eq!((again.body.as_str(), again.header("set-cookie")), (first.body.as_str(), None));
    }
}
