//! A trace tells people what decided, and where that is written.

use std::path::Path;

use meshc_emit::envoy::names;
use meshc_simulate::{Call, CallMode, Spelling, render, simulate};

use crate::compile::compile_with_files;

const SPELLING: Spelling =
    Spelling { listener: names::listener, upstream: names::upstream, route_table: names::route_table };

/// The trace of a call that the product page of bookinfo makes.
fn trace(call: &Call) -> String {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/scenarios/bookinfo/mesh"));
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (path.file_name().unwrap().display().to_string(), std::fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    let (plan, files) = compile_with_files(&files, "", "");
    let proxy = plan.proxies.values().find(|proxy| proxy.workload.name == "productpage-v1").unwrap();
    render(&simulate(proxy, call), &SPELLING, &files)
}

#[test]
fn every_decision_has_a_line_with_its_place() {
    let headers = vec![("end-user".to_owned(), "jason".to_owned())];
    let call = Call {
        host: Some("reviews:9080".to_owned()),
        path: "/reviews/0".to_owned(),
        headers,
        ..Call::new(CallMode::Outbound, 9080)
    };
    let text = trace(&call);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with(" 1 listener        0.0.0.0_9080"), "{text}");
    assert!(lines[1].starts_with(" 2 inspectors      no TLS seen, http/1.1"), "{text}");
    let host = lines.iter().find(|line| line.contains("virtual host")).unwrap();
    assert!(host.contains("reviews.bookinfo.svc.cluster.local:9080 by its domain reviews "), "{text}");
    let route = lines.iter().find(|line| line.contains(" route  ")).unwrap();
    assert!(route.contains("testers, number 0 because end-user is jason   routing.yaml:"), "{text}");
    assert!(route.contains("(VirtualService bookinfo/reviews)"), "{text}");
    assert_eq!(
        lines.last(),
        Some(&"→ goes to outbound|9080|v2|reviews.bookinfo.svc.cluster.local"),
        "{text}"
    );
}

#[test]
fn shares_and_refusals_are_told() {
    let to = |host: &str, port| Call { host: Some(host.to_owned()), ..Call::new(CallMode::Outbound, port) };
    let text = trace(&to("reviews:9080", 9080));
    assert!(text.contains("v1|reviews.bookinfo.svc.cluster.local (90 %), outbound|9080|v3|"), "{text}");
    let inbound = trace(&Call::new(CallMode::Inbound, 9080));
    assert!(inbound.ends_with("→ closed: no filter chain matches\n"), "{inbound}");
}
