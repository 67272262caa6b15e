//! Access logs and metrics of requests.

use std::io::Read as _;

use serde_json::{Value, json};

use crate::http::{Backend, get, http, send, start, to};
use crate::proxy::{eventually, upstream};

/// Istio's default format.
const ISTIO: &str = concat!(
    "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" %RESPONSE_CODE% ",
    "%RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% ",
    "\"%UPSTREAM_TRANSPORT_FAILURE_REASON%\" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% ",
    "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" \"%REQ(X-REQUEST-ID)%\" ",
    "\"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% ",
    "%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n",
);

fn lines(path: &std::path::Path, wanted: usize) -> Vec<String> {
    let read = || std::fs::read_to_string(path).unwrap_or_default();
    eventually(|| read().lines().count() >= wanted, "lines in the log");
    read().lines().map(ToOwned::to_owned).collect()
}

#[test]
fn every_request_is_a_line_of_istios_format() {
    let backend = Backend::saying("hello");
    let folder = tempfile::tempdir().unwrap();
    let (text, json) = (folder.path().join("text"), folder.path().join("json"));
    let mut route = to("server");
    route["name"] = "default".into();
    route["matches"]["path"]["prefix"] = "/r".into();
    let mut settings = http(&json!([route]));
    settings["accessLogs"] = json!([
        { "path": text, "format": { "text": ISTIO } },
        { "path": json, "format": { "json": [
            ["path", "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"], ["code", "%RESPONSE_CODE%"], ["flags", "%RESPONSE_FLAGS%"],
            ["details", "%RESPONSE_CODE_DETAILS%"], ["sent", "%BYTES_SENT%"], ["received", "%BYTES_RECEIVED%"],
        ] } },
    ]);
    let proxy = start("outbound", &settings, &[("server", upstream(backend.address))]);
    send(proxy.port, "POST /r?q HTTP/1.1\r\nHost: a\r\nUser-Agent: me\r\nContent-Length: 3\r\n\r\nabc");
    get(proxy.port, "/x", &[]);
    send(proxy.port, "GET /bad#fragment HTTP/1.1\r\nHost: a\r\n\r\n");
    let found = lines(&text, 3);
    let expected = "] \"POST /r?q HTTP/1.1\" 200 - via_upstream - \"-\" 3 5 ";
    assert!(found[0].contains(expected), "{}", found[0]);
    assert!(found[0].contains("\"-\" \"me\" \""), "{}", found[0]);
    let upstream = format!("\"a\" \"{}\" server 127.0.0.1:", backend.address);
    assert!(found[0].contains(&upstream) && found[0].ends_with(" - default"), "{}", found[0]);
    assert!(found[1].contains("\"GET /x HTTP/1.1\" 404 NR route_not_found - \"-\" 0 0 "), "{}", found[1]);
    assert!(found[2].contains(" 400 DPE http1.codec_error "), "{}", found[2]);
    let line: Value = serde_json::from_str(&lines(&json, 3)[0]).unwrap();
    let expected = json!({
        "path": "/r?q", "code": 200, "flags": null, "details": "via_upstream", "sent": 5, "received": 3,
    });
    assert_eq!(line, expected);
}

#[test]
fn a_client_that_goes_away_is_logged() {
    let (arrived, arrives) = std::sync::mpsc::channel();
    let backend = crate::proxy::server(move |mut stream| {
        let _ = stream.read_exact(&mut [0; 16]);
        let _ = arrived.send(());
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut settings = http(&json!([to("server")]));
    settings["accessLogs"] =
        json!([{ "path": path, "format": { "text": "%RESPONSE_CODE% %RESPONSE_FLAGS%\n" } }]);
    let proxy = start("outbound", &settings, &[("server", upstream(backend))]);
    let mut stream = crate::proxy::connect(proxy.port);
    std::io::Write::write_all(&mut stream, crate::http::request("GET", "/", &[]).as_bytes()).unwrap();
    arrives.recv().unwrap();
    drop(stream);
    assert_eq!(lines(&path, 1), ["0 DC"]);
}
