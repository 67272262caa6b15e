//! HTTP/2 as the standards want it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::backend;
use crate::credentials::Root;
use crate::proxy::{Proxy, Setup};
use crate::tool;

/// How long the application takes. Cases that reset a stream and want no answer on it must be faster than the answer.
const THINKS: Duration = Duration::from_millis(100);

/// The report of all groups, strict cases too.
fn report(h2spec: &Path, downstream_tls: Value, flags: &[&str]) -> String {
    let proxy = Proxy::start(
        &Root::new(),
        &Setup {
            workload: "edge",
            upstream: backend::start(THINKS),
            downstream_tls,
            upstream_tls: json!("none"),
            protocol: "http1",
        },
    );
    let output = Command::new(h2spec)
        .args([
            "generic",
            "hpack",
            "http2",
            "--strict",
            "-h",
            "127.0.0.1",
            "-p",
            &proxy.port.to_string(),
            "-o",
            "5",
        ])
        .args(flags)
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Titles of what failed, out of the summary at the end.
fn failures(report: &str) -> Vec<&str> {
    let summary = report.split("Failures:").nth(1).unwrap_or_default();
    summary.lines().filter_map(|line| line.trim().strip_prefix("× ")).collect()
}

#[test]
fn http2_over_tls_fails_no_case() {
    let Some(h2spec) = tool::find("MESHC_H2SPEC", "h2spec") else { return };
    let _alone = tool::alone();
    let tls = json!({ "certificates": ["workload"], "client": {}, "alpn": ["h2"] });
    let report = report(&h2spec, tls, &["-t", "-k"]);
    assert!(report.contains(" passed") && report.contains(" 0 failed"), "{report}");
}

#[test]
fn http2_in_plain_text_fails_only_what_http1_on_the_same_port_must_fail() {
    let Some(h2spec) = tool::find("MESHC_H2SPEC", "h2spec") else { return };
    let _alone = tool::alone();
    let report = report(&h2spec, Value::Null, &[]);
    assert!(report.contains(" passed"), "{report}");
    // The port speaks HTTP/1.1 too, so what is no preface of HTTP/2 is a malformed HTTP/1.1 request: it is answered with 400 before
    // the connection is closed, where the case wants it closed without a word.
    assert_eq!(failures(&report), ["2: Sends invalid connection preface"], "{report}");
}
