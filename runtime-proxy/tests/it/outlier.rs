//! Servers that fail take no requests for a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::http::{Backend, HttpProxy, Then, get, http, ok, start, status, to};
use crate::proxy::{eventually, free_port, loopback, upstream};

fn detecting(addresses: &[std::net::SocketAddr], outlier: Value) -> HttpProxy {
    let mut all = upstream(addresses[0]);
    let endpoint = |address: &std::net::SocketAddr| json!({"address": {"ip": [address.ip().to_string(), address.port()]}});
    all["discovery"]["endpoints"]["groups"][0]["endpoints"] = addresses.iter().map(endpoint).collect();
    all["outlier"] = outlier;
    all["panicThreshold"] = json!(0.0);
    start("outbound", &http(&json!([to("server")])), &[("server", all)])
}

#[test]
fn a_server_that_fails_is_left_alone_and_taken_back() {
    let failing = Arc::new(AtomicBool::new(true));
    let fails = Arc::clone(&failing);
    let sick = Backend::new(move |_| {
        Then::Answer(if fails.load(Ordering::SeqCst) { status(503) } else { ok("well again") })
    });
    let well = Backend::saying("well");
    let outlier = |time: &str| json!({"consecutive5xx": 3, "interval": "0.2s", "baseEjectionTime": time});
    let proxy = detecting(&[sick.address, well.address], outlier("600s"));
    let failed = (0..12).filter(|_| get(proxy.port, "/", &[]).status == 503).count();
    assert_eq!((failed, sick.seen().len()), (3, 3));
    let metric = "meshc_proxy_upstream_ejections{";
    assert_eq!(proxy.proxy.metric(metric), Some(1.0));
    let (_, dump) = proxy.proxy.get(proxy.proxy.admin, "/config_dump");
    let dump: Value = serde_json::from_str(&dump).unwrap();
    let healthy = |endpoint: &&Value| endpoint["healthy"] == true;
    assert_eq!(dump["endpoints"]["server"].as_array().unwrap().iter().filter(healthy).count(), 1);
    let proxy = detecting(&[sick.address, well.address], outlier("0.5s"));
    eventually(
        || {
            get(proxy.port, "/", &[]);
            proxy.proxy.metric(metric) >= Some(1.0)
        },
        "it is left alone for a short time",
    );
    failing.store(false, Ordering::SeqCst);
    eventually(|| get(proxy.port, "/", &[]).body == "well again", "it is taken back");
}

#[test]
fn a_server_that_is_not_there_is_left_alone() {
    let well = Backend::saying("well");
    let gone = loopback(free_port());
    let outlier = json!({"consecutive5xx": 2, "baseEjectionTime": "60s"});
    let proxy = detecting(&[gone, well.address], outlier);
    let answers: Vec<u16> = (0..12).map(|_| get(proxy.port, "/", &[]).status).collect();
    assert_eq!(answers.iter().filter(|status| **status == 503).count(), 2, "{answers:?}");
    assert!(answers[6..].iter().all(|status| *status == 200), "{answers:?}");
}

#[test]
fn without_a_healthy_server_the_answer_is_503_with_its_flag() {
    let outlier = json!({"consecutive5xx": 1, "baseEjectionTime": "60s"});
    let proxy = detecting(&[loopback(free_port())], outlier);
    assert_eq!(get(proxy.port, "/", &[]).status, 503);
    assert_eq!(get(proxy.port, "/", &[]).status, 503);
    let (_, text) = proxy.proxy.get(proxy.proxy.prometheus, "/stats/prometheus");
    assert!(text.contains("response_flags=\"UF\"") && text.contains("response_flags=\"UH\""), "{text}");
}
