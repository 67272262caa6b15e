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

/// A gRPC health service that answers what it is told by whoever is asked for.
fn health_service() -> u16 {
    use http_body_util::{BodyExt, Full};
    let listener = TcpListener::bind(loopback(0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            listener.set_nonblocking(true).unwrap();
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                let service =
                    hyper::service::service_fn(|request: http::Request<hyper::body::Incoming>| async {
                        assert_eq!(request.uri().path(), "/grpc.health.v1.Health/Check");
                        let asked = request.into_body().collect().await?.to_bytes();
                        // SERVING for the service `up`, NOT_SERVING for others.
                        let status = if asked.ends_with(b"up") { 1 } else { 2 };
                        let message = bytes::Bytes::from(vec![0, 0, 0, 0, 2, 8, status]);
                        let mut trailers = http::HeaderMap::new();
                        trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
                        let body = Full::new(message).with_trailers(async { Some(Ok(trailers)) });
                        Ok::<_, hyper::Error>(http::Response::new(body))
                    });
                let stream = hyper_util::rt::TokioIo::new(stream);
                let server = hyper::server::conn::http2::Builder::new(hyper_util::rt::TokioExecutor::new());
                tokio::spawn(server.serve_connection(stream, service));
            }
        });
    });
    port
}

#[test]
fn grpc_services_are_asked_for_their_health() {
    let port = health_service();
    let bridge = free_port();
    let mut config = config(&[], &[]);
    let probe = |container: &str, service: &str| {
        let timing = json!({ "period": "1s", "timeout": "1s" });
        let target = json!({ "grpc": { "port": port, "service": service, "timing": timing } });
        json!({ "container": container, "kind": "startup", "target": target })
    };
    config["admin"]["probes"] = json!({ "port": bridge, "probes": [probe("a", "up"), probe("b", "down")] });
    let _proxy = Proxy::start(config);
    eventually(|| ask(bridge, "GET", "/app-health/a/startupz").0 == 200, "a service that serves");
    assert_eq!(ask(bridge, "GET", "/app-health/b/startupz").0, 503);
}

#[test]
fn a_probe_over_tls_verifies_no_certificate() {
    let key = rcgen::KeyPair::generate().unwrap();
    let names = vec!["somebody.example".to_owned()];
    let certificate = rcgen::CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    let private = rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der());
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private.into())
        .unwrap();
    let tls = std::sync::Arc::new(tls);
    let application = server(move |stream| {
        let session = rustls::ServerConnection::new(std::sync::Arc::clone(&tls)).unwrap();
        let mut stream = rustls::StreamOwned::new(session, stream);
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
            head.push(byte[0]);
        }
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    let bridge = free_port();
    let mut config = config(&[], &[]);
    let target = json!({ "http": { "port": application.port(), "path": "/", "tls": true } });
    let probe = json!({ "container": "web", "kind": "liveness", "target": target });
    config["admin"]["probes"] = json!({ "port": bridge, "probes": [probe] });
    let _proxy = Proxy::start(config);
    assert_eq!(ask(bridge, "GET", "/app-health/web/livez"), (200, "ok".to_owned()));
}
