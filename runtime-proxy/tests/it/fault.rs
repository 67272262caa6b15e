//! Faults.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::http::{Backend, get, http, start, to};
use crate::proxy::{eventually, upstream};

#[test]
fn faults_are_injected_for_the_requests_of_their_route() {
    let backend = Backend::saying("ok");
    let all = json!({ "numerator": 100, "denominator": "hundred" });
    let mut aborted = to("server");
    aborted["matches"]["path"]["prefix"] = "/abort".into();
    aborted["fault"] = json!({ "abort": { "percentage": all, "httpStatus": 418 } });
    let mut grpc = to("server");
    grpc["matches"]["path"]["prefix"] = "/grpc".into();
    grpc["fault"] = json!({ "abort": { "percentage": all, "grpcStatus": 14 } });
    let mut delayed = to("server");
    delayed["matches"]["path"]["prefix"] = "/delay".into();
    delayed["fault"] = json!({ "delay": { "percentage": all, "fixed": "0.2s" } });
    let routes = json!([aborted, grpc, delayed, to("server")]);
    let proxy = start("outbound", &http(&routes), &[("server", upstream(backend.address))]);
    let answer = get(proxy.port, "/abort", &[]);
    assert_eq!((answer.status, answer.body.as_str()), (418, "fault filter abort"));
    let answer = get(proxy.port, "/grpc", &[("Content-Type", "application/grpc")]);
    assert_eq!((answer.status, answer.header("grpc-status").as_deref()), (200, Some("14")));
    assert!(backend.seen().is_empty());
    let before = Instant::now();
    assert_eq!(get(proxy.port, "/delay", &[]).status, 200);
    assert!(before.elapsed() >= Duration::from_millis(200));
    assert_eq!(get(proxy.port, "/other", &[]).status, 200);
    let flags = |flag: &str| {
        let (_, text) = proxy.proxy.get(proxy.proxy.prometheus, "/stats/prometheus");
        text.contains(&format!("response_flags=\"{flag}\""))
    };
    eventually(|| flags("FI") && flags("DI") && flags("-"), "flags of faults");
}
