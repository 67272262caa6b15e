//! mTLS between two proxies, one on each side.

use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType,
};
use serde_json::{Value, json};

use crate::proxy::{
    Proxy, config, connect, echo_server, echoes, eventually, free_port, loopback, server, tcp_listener,
    upstream,
};

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// A root that issues certificates of identities.
pub(crate) struct Root {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
    der: rustls::pki_types::CertificateDer<'static>,
}

impl Root {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let certificate = params.self_signed(&key).unwrap();
        let pem = pem("CERTIFICATE", certificate.der());
        Self { issuer: Issuer::new(params, key), pem, der: certificate.der().clone() }
    }

    /// Writes the files of an identity into a folder and says where they are.
    pub(crate) fn issue(&self, folder: &Path, account: &str) -> Value {
        self.issue_in(folder, "shop", account)
    }

    /// The same in another namespace.
    pub(crate) fn issue_in(&self, folder: &Path, namespace: &str, account: &str) -> Value {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        let identity = format!("spiffe://cluster.local/ns/{namespace}/sa/{account}");
        let name = format!("{account}.example");
        params.subject_alt_names =
            vec![SanType::URI(identity.try_into().unwrap()), SanType::DnsName(name.try_into().unwrap())];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let leaf = params.signed_by(&key, &self.issuer).unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.join(format!("{account}-{name}"));
            std::fs::write(&path, text).unwrap();
            path
        };
        json!({
            "certificate": write("cert.pem", &pem("CERTIFICATE", leaf.der())),
            "key": write("key.pem", &pem("PRIVATE KEY", &key.serialize_der())),
            "roots": write("roots.pem", &self.pem),
        })
    }
}

/// Makes a configuration that of a service account.
fn as_account(config: &mut Value, account: &str, files: Value) {
    config["node"]["identity"] = json!(format!("spiffe://cluster.local/ns/shop/sa/{account}"));
    config["identity"] = files;
}

/// A server's side that takes mTLS and, where it is permissive, plaintext.
fn inbound(port: u16, permissive: bool) -> Value {
    let handler = json!({ "tcp": { "upstreams": [{ "upstream": "server" }], "metrics": true } });
    let mut listener = tcp_listener("inbound", port);
    listener["direction"] = json!("inbound");
    listener["tlsInspector"] = json!({});
    listener["chains"] = json!([{
        "matches": { "transportProtocol": "tls", "applicationProtocols": ["istio"] },
        "tls": {
            "certificates": ["workload"],
            "client": { "required": true, "roots": "mesh" },
            "alpn": ["istio"],
            "minVersion": "1.3",
        },
        "handler": handler,
    }]);
    if permissive {
        let plain = json!({ "matches": { "transportProtocol": "rawBuffer" }, "handler": handler });
        listener["chains"].as_array_mut().unwrap().push(plain);
    }
    listener
}

/// A client's proxy that dials with mTLS, and the port at which it listens.
fn outbound(identity: Value, to: u16) -> (Proxy, u16) {
    let port = free_port();
    let mut mtls = upstream(loopback(to));
    mtls["tls"] = json!({ "always": {
        "istioMutual": true,
        "certificate": "workload",
        "roots": "mesh",
        "names": ["spiffe://cluster.local/ns/shop/sa/server"],
        "sni": "outbound_.80_._.server.shop.svc.cluster.local",
    } });
    let mut config = config(&[tcp_listener("outbound", port)], &[("server", mtls)]);
    as_account(&mut config, "client", identity);
    (Proxy::start(config), port)
}

#[test]
fn a_permissive_server_takes_mtls_and_plaintext_and_knows_which_is_which() {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new();
    let port = free_port();
    let mut settings = config(&[inbound(port, true)], &[("server", upstream(echo_server()))]);
    as_account(&mut settings, "server", root.issue(folder.path(), "server"));
    let server = Proxy::start(settings);
    let (_client, entry) = outbound(root.issue(folder.path(), "client"), port);
    let mut secured = connect(entry);
    echoes(&mut secured, "secret");
    let mut plain = connect(port);
    echoes(&mut plain, "open");
    let much = "much ".repeat(200_000);
    let mut reader = secured.try_clone().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| secured.write_all(much.as_bytes()).unwrap());
        let mut back = vec![0; much.len()];
        reader.read_exact(&mut back).unwrap();
        assert!(back == much.as_bytes());
    });
    // TLS has an end of its own for each direction.
    secured.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(secured.read(&mut [0; 8]).unwrap(), 0);
    drop(plain);
    for policy in ["mutual_tls", "none"] {
        let counted = || {
            let (_, text) = server.get(server.prometheus, "/stats/prometheus");
            let policy = format!("connection_security_policy=\"{policy}\"}} 1");
            text.lines().any(|line| {
                line.starts_with("istio_tcp_connections_closed_total{") && line.ends_with(&policy)
            })
        };
        eventually(counted, policy);
    }
    let (_, text) = server.get(server.prometheus, "/stats/prometheus");
    assert!(text.contains("source_principal=\"spiffe://cluster.local/ns/shop/sa/client\""), "{text}");
}

#[test]
fn a_strict_server_takes_no_plaintext_and_no_stranger() {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new();
    let port = free_port();
    let mut settings = config(&[inbound(port, false)], &[("server", upstream(echo_server()))]);
    as_account(&mut settings, "server", root.issue(folder.path(), "server"));
    let _server = Proxy::start(settings);
    let strangers = tempfile::tempdir().unwrap();
    let mut stranger = Root::new().issue(strangers.path(), "client");
    // It trusts the server, but the server does not trust it.
    std::fs::write(stranger["roots"].as_str().unwrap(), &root.pem).unwrap();
    let (_client, entry) = outbound(stranger.take(), port);
    for port in [port, entry] {
        let mut client = connect(port);
        let _ = client.write_all(b"let me in");
        let read = client.read(&mut [0; 8]);
        assert!(matches!(read, Ok(0)) || read.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset));
    }
    let (_client, entry) = outbound(root.issue(folder.path(), "client"), port);
    echoes(&mut connect(entry), "hello");
}

#[test]
fn open_connections_outlive_a_rotation_and_new_ones_use_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new();
    let port = free_port();
    let mut settings = config(&[inbound(port, false)], &[("server", upstream(echo_server()))]);
    as_account(&mut settings, "server", root.issue(folder.path(), "server"));
    let server = Proxy::start(settings);
    let (client, entry) = outbound(root.issue(folder.path(), "client"), port);
    let mut open = connect(entry);
    echoes(&mut open, "before");
    let serial = |proxy: &Proxy| proxy.get(proxy.admin, "/certs").1;
    let before = serial(&server);
    for (proxy, account) in [(&server, "server"), (&client, "client")] {
        root.issue(folder.path(), account);
        proxy.signal(rustix::process::Signal::HUP);
        proxy.wait_for("key material was read again");
    }
    assert_ne!(serial(&server), before);
    echoes(&mut open, "after");
    echoes(&mut connect(entry), "new");
}

#[test]
fn pitfall_14_an_end_of_one_side_passes_through_mtls_and_leaves_the_other_open() {
    // It answers only after the end of the question.
    let address = server(|mut stream| {
        let mut question = Vec::new();
        stream.read_to_end(&mut question).unwrap();
        question.reverse();
        stream.write_all(&question).unwrap();
    });
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new();
    let port = free_port();
    let mut config = config(&[inbound(port, false)], &[("server", upstream(address))]);
    as_account(&mut config, "server", root.issue(folder.path(), "server"));
    let _server = Proxy::start(config);
    let (_client, entry) = outbound(root.issue(folder.path(), "client"), port);
    let mut client = connect(entry);
    client.write_all(b"abc").unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "cba");
}

#[test]
fn tls_that_ends_without_saying_so_is_an_end_and_no_reset() {
    let (sender, heard) = std::sync::mpsc::channel();
    let address = server(move |mut stream| {
        let mut all = Vec::new();
        let ended = stream.read_to_end(&mut all).map_err(|error| error.kind());
        sender.send((ended, all)).unwrap();
    });
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new();
    let port = free_port();
    let mut listener = tcp_listener("terminating", port);
    listener["chains"][0]["tls"] = json!({ "certificates": ["workload"], "client": {} });
    let mut config = config(&[listener], &[("server", upstream(address))]);
    as_account(&mut config, "server", root.issue(folder.path(), "server"));
    let _proxy = Proxy::start(config);
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root.der.clone()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "server.example".try_into().unwrap();
    let session = rustls::ClientConnection::new(std::sync::Arc::new(tls), name).unwrap();
    let mut stream = rustls::StreamOwned::new(session, connect(port));
    stream.write_all(b"abc").unwrap();
    stream.flush().unwrap();
    stream.sock.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(heard.recv_timeout(crate::proxy::PATIENCE).unwrap(), (Ok(3), b"abc".to_vec()));
}
