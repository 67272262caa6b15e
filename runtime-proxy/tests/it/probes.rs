//! Probes of the kubelet.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::json;

use crate::proxy::{Proxy, ask, config, eventually, free_port, loopback, server};

#[test]
fn probes_are_forwarded_or_tried() {
    let application = server(|mut stream| {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
            head.push(byte[0]);
        }
        let line = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
        let _ = write!(
            stream,
            "HTTP/1.1 418 T\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{line}",
            line.len()
        );
    });
    let later = free_port();
    let bridge = free_port();
    let mut config = config(&[], &[]);
    let timing = json!({ "period": "1s", "timeout": "1s" });
    config["admin"]["probes"] = json!({ "port": bridge, "probes": [
        { "container": "web", "kind": "readiness", "target": { "http": { "port": application.port(), "path": "/health?deep=1", "tls": false } } },
        { "container": "web", "kind": "liveness", "target": { "tcp": { "port": later, "timing": timing } } },
        { "container": "web", "kind": "preStop", "target": { "http": { "port": free_port(), "path": "/", "tls": false } } },
    ] });
    let _proxy = Proxy::start(config);
    assert_eq!(ask(bridge, "GET", "/app-health/web/readyz"), (418, "GET /health?deep=1 HTTP/1.1".to_owned()));
    assert_eq!(ask(bridge, "GET", "/app-health/web/livez").0, 503);
    assert_eq!(ask(bridge, "GET", "/app-lifecycle/web/prestopz").0, 503);
    assert_eq!(ask(bridge, "GET", "/app-health/other/readyz").0, 404);
    let _listener = TcpListener::bind(loopback(later)).unwrap();
    eventually(|| ask(bridge, "GET", "/app-health/web/livez").0 == 200, "a connection to the application");
}
