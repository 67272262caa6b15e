//! Istio's metrics of requests.

use serde_json::json;

use crate::http::{Backend, get, http, send, start, to};
use crate::proxy::{eventually, upstream};

#[test]
fn requests_are_counted_with_istios_labels() {
    let backend = Backend::saying("hello");
    let mut service = upstream(backend.address);
    service["destination"] = json!({
        "host": "api.shop.svc.cluster.local", "name": "api", "namespace": "shop",
        "workload": { "workload": "api-v1", "namespace": "shop", "app": "api", "version": "v1" },
    });
    let proxy = start("outbound", &http(&json!([to("server")])), &[("server", service)]);
    for _ in 0..3 {
        get(proxy.port, "/", &[]);
    }
    send(proxy.port, "POST / HTTP/1.1\r\nHost: anything\r\nContent-Length: 7\r\n\r\n1234567");
    let scrape = || proxy.proxy.get(proxy.proxy.prometheus, "/stats/prometheus").1;
    eventually(
        || scrape().lines().any(|line| line.starts_with("istio_requests_total{") && line.ends_with("} 4")),
        "4",
    );
    let text = scrape();
    let line = text.lines().find(|line| line.starts_with("istio_requests_total{")).unwrap();
    for label in [
        "reporter=\"source\"",
        "source_workload=\"web\"",
        "source_principal=\"spiffe://cluster.local/ns/shop/sa/web\"",
        "destination_workload=\"api-v1\"",
        "destination_app=\"api\"",
        "destination_version=\"v1\"",
        "destination_service=\"api.shop.svc.cluster.local\"",
        "destination_service_name=\"api\"",
        "destination_service_namespace=\"shop\"",
        "request_protocol=\"http\"",
        "response_code=\"200\"",
        "grpc_response_status=\"\"",
        "response_flags=\"-\"",
        "connection_security_policy=\"unknown\"",
    ] {
        assert!(line.contains(label), "{label} in {line}");
    }
    let value = |start: &str| proxy.proxy.metric(start);
    assert_eq!(value("istio_response_bytes_sum{"), Some(20.0));
    assert_eq!(value("istio_request_bytes_sum{"), Some(7.0));
    assert_eq!(value("istio_request_duration_milliseconds_count{"), Some(4.0));
}

#[test]
fn pitfall_30_a_host_that_nobody_configured_is_no_label() {
    let backend = Backend::saying("hello");
    let proxy = start("inbound", &http(&json!([to("server")])), &[("server", upstream(backend.address))]);
    for at in 0..20 {
        let host = format!("made-up-{at}.example");
        get(proxy.port, "/", &[("Host", &host)]);
    }
    let scrape = || proxy.proxy.get(proxy.proxy.prometheus, "/stats/prometheus").1;
    eventually(
        || scrape().lines().any(|line| line.starts_with("istio_requests_total{") && line.ends_with("} 20")),
        "20",
    );
    let text = scrape();
    assert_eq!(text.lines().filter(|line| line.starts_with("istio_requests_total{")).count(), 1);
    assert!(!text.contains("made-up") && text.contains("destination_service=\"unknown\""));
    assert!(
        text.contains("reporter=\"destination\"") && text.contains("connection_security_policy=\"none\"")
    );
}
