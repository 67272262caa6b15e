//! HTTP through mTLS between two proxies, and key material that changes under load.

use std::io::{BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::http::{Backend, get, http, read_answer, request, to};
use crate::mesh::Root;
use crate::proxy::{Proxy, config, connect, free_port, loopback, upstream};

/// A server's side that takes HTTP over mTLS by Istio's application protocols.
pub(crate) fn server(identity: &Value, backend: SocketAddr) -> (Proxy, u16) {
    let port = free_port();
    let mut settings = http(&json!([to("server")]));
    settings["forwardClientCert"] = json!("appendForward");
    settings["clientCertDetails"] = json!({"uri": true, "subject": true});
    let listener = json!({
        "name": "inbound",
        "bind": [{ "ip": ["127.0.0.1", port] }],
        "capture": "bound",
        "direction": "inbound",
        "tlsInspector": {},
        "chains": [{
            "matches": {"transportProtocol": "tls", "applicationProtocols": ["istio-http/1.1", "istio-h2"]},
            "tls": {
                "certificates": ["workload"],
                "client": {
                    "required": true,
                    "roots": "mesh",
                    "names": [{"prefix": "spiffe://cluster.local/"}],
                },
                "alpn": ["h2", "http/1.1"],
            },
            "handler": {"http": settings},
        }],
    });
    (start(identity, listener, upstream(backend)), port)
}

/// A client's side that dials with mTLS.
pub(crate) fn client(identity: &Value, protocol: &str, name: &str, to_port: u16) -> (Proxy, u16) {
    let port = free_port();
    let mut mtls = upstream(loopback(to_port));
    mtls["protocol"] = json!(protocol);
    // Handshakes all the time.
    mtls["limits"] = json!({"maxRequestsPerConnection": 3});
    mtls["tls"] = json!({"always": {
        "istioMutual": true,
        "certificate": "workload",
        "roots": "mesh",
        "names": [format!("spiffe://cluster.local/ns/shop/sa/{name}")],
        "sni": "outbound_.80_._.server.shop.svc.cluster.local",
    }});
    let listener = json!({
        "name": "outbound",
        "bind": [{ "ip": ["127.0.0.1", port] }],
        "capture": "bound",
        "direction": "outbound",
        "chains": [{"handler": {"http": http(&json!([to("server")]))}}],
    });
    (start(identity, listener, mtls), port)
}

fn start(identity: &Value, listener: Value, upstream: Value) -> Proxy {
    let mut config = config(&[listener], &[("server", upstream)]);
    let account = identity["account"].as_str().unwrap();
    config["identity"] = identity["files"].clone();
    config["node"]["identity"] = json!(format!("spiffe://cluster.local/ns/shop/sa/{account}"));
    Proxy::start(config)
}

pub(crate) fn issued(root: &Root, folder: &Path, account: &str) -> Value {
    json!({"account": account, "files": root.issue(folder, account)})
}

#[test]
fn both_versions_of_http_go_through_mtls_with_the_client_s_name() {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new();
    let backend = Backend::saying("hello");
    let (_server, port) = server(&issued(&root, folder.path(), "server"), backend.address);
    for protocol in ["http1", "http2"] {
        let (_client, entry) = client(&issued(&root, folder.path(), "client"), protocol, "server", port);
        assert_eq!(get(entry, "/", &[]).body, "hello", "{protocol}");
        let certificate = backend.last().header("x-forwarded-client-cert").unwrap();
        assert!(certificate.contains("URI=spiffe://cluster.local/ns/shop/sa/client"), "{certificate}");
    }
}

#[test]
fn a_server_that_is_somebody_else_gets_no_request() {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new();
    let backend = Backend::saying("hello");
    let (_server, port) = server(&issued(&root, folder.path(), "server"), backend.address);
    let (client, entry) = client(&issued(&root, folder.path(), "client"), "http1", "other", port);
    assert_eq!(get(entry, "/", &[]).status, 503);
    let (_, text) = client.get(client.prometheus, "/stats/prometheus");
    assert!(text.contains("response_flags=\"UF\""), "{text}");
    assert!(backend.seen().is_empty());
}

/// Requests without a break while leaves and roots are exchanged: none fails (issue 4).
#[test]
fn no_request_fails_while_leaves_and_roots_are_exchanged() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (Root::new(), Root::new());
    let backend = Backend::saying("hello");
    let (server, port) = server(&issued(&old, folder.path(), "server"), backend.address);
    let (client, entry) = client(&issued(&old, folder.path(), "client"), "http1", "server", port);
    let sides = [(&server, "server"), (&client, "client")];
    let trust = |text: &str| {
        for (proxy, account) in sides {
            std::fs::write(folder.path().join(format!("{account}-roots.pem")), text).unwrap();
            read_again(proxy);
        }
    };
    let (done, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for keep in [true, false] {
            let (done, answered) = (&done, &answered);
            scope.spawn(move || {
                while !done.load(Ordering::SeqCst) {
                    assert!(sequence(entry, if keep { 50 } else { 1 }));
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        // Whatever happens here, the others end.
        let _end = End(&done);
        let some_more = || {
            let before = answered.load(Ordering::SeqCst);
            crate::proxy::eventually(
                || answered.load(Ordering::SeqCst) > before + 4,
                "requests are answered",
            );
        };
        some_more();
        let both = format!("{}{}", old.pem, new.pem);
        trust(&both);
        some_more();
        for (proxy, account) in sides {
            new.issue(folder.path(), account);
            std::fs::write(folder.path().join(format!("{account}-roots.pem")), &both).unwrap();
            read_again(proxy);
            some_more();
        }
        trust(&new.pem);
        some_more();
    });
}

struct End<'e>(&'e AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn read_again(proxy: &Proxy) {
    proxy.signal(Signal::HUP);
    proxy.wait_for("key material was read again");
}

/// Requests one after the other on one connection; whether all were answered with 200.
fn sequence(port: u16, count: usize) -> bool {
    let mut stream = connect(port);
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    (0..count).all(|_| {
        stream.write_all(request("GET", "/", &[]).as_bytes()).unwrap();
        read_answer(&mut reader, false).is_some_and(|answer| answer.status == 200)
    })
}
