//! Chains by what the first bytes say.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use serde_json::{Value, json};

use crate::proxy::{Proxy, config, connect, free_port, server, tcp_listener, upstream};

/// What a client sends first.
fn client_hello(name: &str) -> Vec<u8> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut bytes = Vec::new();
    rustls::ClientConnection::new(Arc::new(config), name).unwrap().write_tls(&mut bytes).unwrap();
    bytes
}

/// A server that says its name and then what it gets, however many pieces it comes in.
fn named(name: &'static str) -> SocketAddr {
    server(move |mut stream| {
        let _ = stream.write_all(name.as_bytes());
        let _ = std::io::copy(&mut stream.try_clone().unwrap(), &mut stream);
    })
}

fn chain(matches: Value, upstream: &str) -> Value {
    json!({ "matches": matches, "handler": { "tcp": { "upstreams": [{ "upstream": upstream }] } } })
}

#[test]
fn tls_passes_through_by_its_server_name_and_plaintext_by_the_lack_of_it() {
    let port = free_port();
    let mut listener = tcp_listener("sni", port);
    listener["tlsInspector"] = json!({});
    listener["chains"] = json!([
        chain(json!({ "serverNames": ["a.example"] }), "a"),
        chain(json!({ "serverNames": ["*.wild.example"] }), "w"),
        chain(json!({ "transportProtocol": "rawBuffer" }), "p"),
    ]);
    let upstreams = [("a", upstream(named("A"))), ("w", upstream(named("W"))), ("p", upstream(named("P")))];
    let _proxy = Proxy::start(config(&[listener], &upstreams));
    for (sent, name) in
        [(client_hello("a.example"), "A"), (client_hello("deep.wild.example"), "W"), (b"plain".to_vec(), "P")]
    {
        let mut client = connect(port);
        // Cut in two, it says the same.
        client.write_all(&sent[..3]).unwrap();
        client.write_all(&sent[3..]).unwrap();
        let mut answer = vec![0; sent.len() + 1];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [name.as_bytes(), &sent].concat());
    }
    let mut client = connect(port);
    client.write_all(&client_hello("other.example")).unwrap();
    assert!(matches!(client.read(&mut [0; 8]), Ok(0) | Err(_)), "no chain takes it");
}

#[test]
fn http_is_told_from_other_protocols() {
    let port = free_port();
    let mut listener = tcp_listener("mixed", port);
    listener["tlsInspector"] = json!({});
    listener["httpInspector"] = json!({});
    listener["chains"] =
        json!([chain(json!({ "applicationProtocols": ["http/1.1", "h2c"] }), "h"), chain(json!({}), "t"),]);
    let upstreams = [("h", upstream(named("H"))), ("t", upstream(named("T")))];
    let _proxy = Proxy::start(config(&[listener], &upstreams));
    for (sent, name) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", b'H'),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b'H'),
        ("SSH-2.0-OpenSSH\r\n", b'T'),
    ] {
        let mut client = connect(port);
        client.write_all(sent.as_bytes()).unwrap();
        let mut answer = [0; 1];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(answer[0], name, "{sent}");
    }
}
