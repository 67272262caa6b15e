//! Retries (dataplane.md §7.6, 20).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::http::{Backend, HttpProxy, Then, get, http, ok, request, send, start, status, to};
use crate::proxy::{eventually, free_port, loopback, upstream};

fn retrying(retry: Value, upstreams: Value) -> HttpProxy {
    let mut route = to("server");
    route["action"]["forward"]["retry"] = retry;
    let mut settings = http(&json!([route]));
    settings["routes"]["inline"]["virtualHosts"][0]["attemptCount"] = true.into();
    start("outbound", &settings, &[("server", upstreams)])
}

fn policy(attempts: u32, retry_on: &str) -> Value {
    json!({ "attempts": attempts, "retryOn": retry_on, "retriableStatusCodes": [503], "avoidPreviousHosts": true })
}

/// Fails so many times first.
fn failing(times: usize, code: u16) -> Backend {
    let asked = Arc::new(AtomicUsize::new(0));
    Backend::new(move |_| {
        let before = asked.fetch_add(1, Ordering::SeqCst);
        Then::Answer(if before < times { status(code) } else { ok("at last") })
    })
}

#[test]
fn pitfall_20_a_failed_attempt_is_repeated_with_its_number_and_its_body() {
    let backend = failing(2, 503);
    let proxy = retrying(policy(2, "retriable-status-codes"), upstream(backend.address));
    let text = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    assert_eq!(send(proxy.port, text).body, "at last");
    let seen = backend.seen();
    let attempts: Vec<_> = seen.iter().map(|seen| seen.header("x-envoy-attempt-count").unwrap()).collect();
    assert_eq!(attempts, ["1", "2", "3"]);
    assert!(seen.iter().all(|seen| seen.body == "hello"));
}

#[test]
fn attempts_are_limited_and_the_last_answer_is_passed_on() {
    let backend = failing(9, 503);
    let proxy = retrying(policy(2, "5xx"), upstream(backend.address));
    assert_eq!(get(proxy.port, "/", &[]).status, 503);
    assert_eq!(backend.seen().len(), 3);
    let urx = "istio_requests_total{";
    eventually(|| proxy.proxy.metric(urx) == Some(1.0), "one request is counted");
    let (_, text) = proxy.proxy.get(proxy.proxy.prometheus, "/stats/prometheus");
    assert!(text.contains("response_flags=\"URX\""), "{text}");
}

#[test]
fn what_no_condition_names_is_not_repeated() {
    let backend = failing(1, 500);
    let proxy = retrying(policy(2, "gateway-error,connect-failure"), upstream(backend.address));
    assert_eq!(get(proxy.port, "/", &[]).status, 500);
    assert_eq!(backend.seen().len(), 1);
}

#[test]
fn pitfall_20_a_body_that_is_too_long_to_be_kept_is_sent_once() {
    let backend = failing(1, 503);
    let proxy = retrying(policy(2, "5xx"), upstream(backend.address));
    let body = "x".repeat(65 * 1024);
    let text = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    assert_eq!(send(proxy.port, &text).status, 503);
    assert_eq!(backend.seen().len(), 1);
}

#[test]
fn an_endpoint_that_cannot_be_reached_is_avoided() {
    let backend = Backend::saying("ok");
    let mut both = upstream(backend.address);
    both["discovery"]["endpoints"]["groups"] = json!([{ "endpoints": [
        { "address": { "ip": ["127.0.0.1", free_port()] } },
        { "address": { "ip": ["127.0.0.1", backend.address.port()] } },
    ] }]);
    let proxy = retrying(policy(2, "connect-failure"), both);
    for _ in 0..6 {
        assert_eq!(get(proxy.port, "/", &[]).status, 200);
    }
}

#[test]
fn the_third_attempt_leaves_the_locality_that_failed_twice() {
    let (near, far) = (failing(9, 503), Backend::saying("far"));
    let mut both = upstream(near.address);
    both["discovery"]["endpoints"]["groups"] = json!([
        { "endpoints": [{ "address": { "ip": ["127.0.0.1", near.address.port()] } }] },
        { "endpoints": [{ "address": { "ip": ["127.0.0.1", far.address.port()] } }], "priority": 1 },
    ]);
    let mut retry = policy(2, "5xx");
    retry["avoidPreviousPriorities"] = true.into();
    let proxy = retrying(retry, both.clone());
    assert_eq!(get(proxy.port, "/", &[]).body, "far");
    assert_eq!((near.seen().len(), far.seen().len()), (2, 1));
    let proxy = retrying(policy(2, "5xx"), both);
    assert_eq!(get(proxy.port, "/", &[]).status, 503);
}

#[test]
fn callers_cannot_ask_for_retries_and_nobody_behind_hears_that_they_did() {
    let backend = failing(1, 503);
    let mut settings = http(&json!([to("server")]));
    settings["useRemoteAddress"] = true.into();
    let proxy = start("outbound", &settings, &[("server", upstream(backend.address))]);
    // From the loopback address they are believed to be inside.
    let asking = [
        ("x-envoy-retry-on", "5xx"),
        ("x-envoy-max-retries", "3"),
        ("x-envoy-upstream-rq-timeout-ms", "900"),
    ];
    assert_eq!(get(proxy.port, "/", &asking).status, 503);
    let seen = backend.last();
    assert_eq!(seen.header("x-envoy-internal").as_deref(), Some("true"));
    assert!(asking.iter().all(|(name, _)| seen.header(name).is_none()), "{seen:?}");
    assert_eq!(seen.header("x-envoy-expected-rq-timeout-ms").as_deref(), Some("900"));
}

#[test]
fn nobody_there_is_503_with_the_reason() {
    let proxy = retrying(policy(0, ""), upstream(loopback(free_port())));
    let answer = get(proxy.port, "/", &[]);
    assert_eq!(answer.status, 503);
    let start =
        "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure";
    assert!(answer.body.starts_with(start), "{}", answer.body);
}

#[test]
fn an_attempt_that_takes_too_long_is_repeated() {
    let asked = Arc::new(AtomicUsize::new(0));
    let backend = Backend::new(move |_| {
        if asked.fetch_add(1, Ordering::SeqCst) == 0 {
            Then::Take(Box::new(|stream| drop(std::io::copy(&mut &stream, &mut std::io::sink()))))
        } else {
            Then::Answer(ok("second"))
        }
    });
    let mut retry = policy(1, "5xx");
    retry["perTryTimeout"] = "2s".into();
    let proxy = retrying(retry, upstream(backend.address));
    assert_eq!(get(proxy.port, "/", &[]).body, "second");
}

#[test]
fn nothing_is_repeated_once_the_answer_has_begun() {
    let backend =
        Backend::new(|_| Then::Close("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".to_owned()));
    let proxy = retrying(policy(3, "5xx,reset"), upstream(backend.address));
    let mut stream = crate::proxy::connect(proxy.port);
    std::io::Write::write_all(&mut stream, request("GET", "/", &[]).as_bytes()).unwrap();
    let mut text = String::new();
    let _ = std::io::Read::read_to_string(&mut stream, &mut text);
    assert!(text.starts_with("HTTP/1.1 200 ") && text.ends_with("half"), "{text:?}");
    assert_eq!(backend.seen().len(), 1);
}

#[test]
fn a_full_upstream_is_overflow() {
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let wait = Arc::new(std::sync::Mutex::new(wait));
    let backend = Backend::new(move |_| {
        let _ = wait.lock().unwrap().recv();
        Then::Answer(ok("ok"))
    });
    let mut limited = upstream(backend.address);
    limited["limits"] = json!({ "maxConnections": 1, "maxPendingRequests": 1 });
    let proxy = retrying(policy(0, ""), limited);
    let port = proxy.port;
    let asking: Vec<_> = (0..8).map(|_| std::thread::spawn(move || get(port, "/", &[]))).collect();
    eventually(
        || backend.address.port() > 0 && asking.iter().filter(|one| one.is_finished()).count() >= 6,
        "overflow",
    );
    for _ in 0..8 {
        let _ = release.send(());
    }
    let answers: Vec<_> = asking.into_iter().map(|one| one.join().unwrap()).collect();
    let overflown: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
    // One has the connection and one waits; a second one may find the first still on its way to the connection.
    assert!((6..=7).contains(&overflown.len()), "{}", overflown.len());
    assert!(overflown.iter().all(|answer| answer.header("x-envoy-overloaded").as_deref() == Some("true")));
    assert!(overflown[0].body.ends_with("overflow"), "{}", overflown[0].body);
}
