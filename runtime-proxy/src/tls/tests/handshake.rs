//! Who is let in and who is not.

use meshc_contract::proxy::{Certificate, UpstreamTls};
use rcgen::ExtendedKeyUsagePurpose;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::super::{Acceptor, Alpn, TlsError};
use super::authority::*;

#[tokio::test]
async fn two_workloads_know_each_other() {
    let authority = Authority::new("root");
    let web = workload(&authority);
    let client = Files::of(
        "spiffe://cluster.local/ns/a/sa/b",
        &authority.svid("spiffe://cluster.local/ns/a/sa/b"),
        &authority.pem,
    );
    let (server, client) =
        shake(&web.acceptor(&mesh_server()), &client.connector(&mesh_client(&[WORKLOAD])), "", Alpn::Http2)
            .await;
    let (mut ours, peer, alpn) = server.unwrap();
    assert_eq!(peer.uri, "spiffe://cluster.local/ns/a/sa/b");
    assert_eq!((peer.version, peer.cipher), ("TLSv1.3", "TLS_AES_128_GCM_SHA256"));
    assert_eq!(peer.subject, "CN=leaf,O=meshc\\, tests");
    assert_eq!((peer.hash().len(), peer.chain.len()), (64, 1));
    assert_eq!(alpn.as_deref(), Some(&b"h2"[..]));
    let (mut theirs, server, alpn) = client.unwrap();
    assert_eq!((server.uri.as_str(), alpn.as_deref()), (WORKLOAD, Some(&b"h2"[..])));
    theirs.write_all(b"ping").await.unwrap();
    theirs.flush().await.unwrap();
    let mut bytes = [0; 4];
    ours.read_exact(&mut bytes).await.unwrap();
    assert_eq!(&bytes, b"ping");
}

#[tokio::test]
async fn application_protocols_are_agreed_on_as_with_envoy() {
    let authority = Authority::new("root");
    let web = workload(&authority);
    let mut settings = mesh_server();
    settings.alpn.insert(0, "istio-peer-exchange".to_owned());
    let server = web.acceptor(&settings);
    let client = web.connector(&mesh_client(&[]));
    for (alpn, agreed) in [
        (Alpn::Http11, Some(&b"http/1.1"[..])),
        (Alpn::Http2, Some(&b"h2"[..])),
        // Nothing in common is no reason to refuse.
        (Alpn::Tcp, None),
    ] {
        let (server, client) = shake(&server, &client, "", alpn).await;
        assert_eq!(server.unwrap().2.as_deref(), agreed, "{alpn:?}");
        assert_eq!(client.unwrap().2.as_deref(), agreed, "{alpn:?}");
    }
}

/// A client with such a certificate is refused by a server of the mesh, for this reason.
async fn refused_client(authority: &Authority, identity: Issued) -> String {
    let web = workload(authority);
    let certificate = Certificate::Files {
        certificate: web.write("client.crt", &identity.certificate),
        key: web.write("client.key", &identity.key),
    };
    let settings = UpstreamTls { certificate: Some(certificate), ..mesh_client(&[]) };
    let (server, _) = shake(&web.acceptor(&mesh_server()), &web.connector(&settings), "", Alpn::Http11).await;
    reason(server)
}

#[tokio::test]
async fn clients_of_foreign_roots_are_refused() {
    let foreign = Authority::new("foreign").svid(WORKLOAD);
    let reason = refused_client(&Authority::new("root"), foreign).await;
    assert_eq!(reason, "the certificate of the peer was not issued by a root that is trusted here");
}

#[tokio::test]
async fn expired_and_future_certificates_are_refused() {
    let authority = Authority::new("root");
    let leaf = |expired, not_yet| Leaf { uris: vec![WORKLOAD], expired, not_yet, ..Leaf::default() };
    let expired = refused_client(&authority, authority.issue(leaf(true, false))).await;
    assert_eq!(expired, "the certificate of the peer has expired");
    let future = refused_client(&authority, authority.issue(leaf(false, true))).await;
    assert_eq!(future, "the certificate of the peer is not valid yet");
}

#[tokio::test]
async fn a_certificate_with_two_uris_is_no_svid() {
    let authority = Authority::new("root");
    let two = Leaf { uris: vec![WORKLOAD, "spiffe://cluster.local/ns/a/sa/b"], ..Leaf::default() };
    let reason = refused_client(&authority, authority.issue(two)).await;
    assert!(reason.contains("exactly one URI") && reason.contains("sa/b"), "{reason}");
    let none =
        refused_client(&authority, authority.issue(Leaf { dns: vec!["a.example"], ..Leaf::default() })).await;
    assert!(none.contains("exactly one URI") && none.contains("a.example"), "{none}");
}

#[tokio::test]
async fn foreign_trust_domains_and_authorities_as_leaves_are_refused() {
    let authority = Authority::new("root");
    let reason = refused_client(&authority, authority.svid("spiffe://other.domain/ns/a/sa/b")).await;
    let expected = "the certificate of the peer is of spiffe://other.domain/ns/a/sa/b, wanted is spiffe://cluster.local/*";
    assert_eq!(reason, expected);
    let ca = Leaf { uris: vec![WORKLOAD], is_ca: true, ..Leaf::default() };
    let reason = refused_client(&authority, authority.issue(ca)).await;
    assert!(reason.starts_with("the certificate of the peer is refused"), "{reason}");
    let server_only =
        Leaf { uris: vec![WORKLOAD], usage: Some(ExtendedKeyUsagePurpose::ServerAuth), ..Leaf::default() };
    let reason = refused_client(&authority, authority.issue(server_only)).await;
    assert!(reason.starts_with("the certificate of the peer is refused"), "{reason}");
}

#[tokio::test]
async fn a_server_that_is_somebody_else_is_refused() {
    let authority = Authority::new("root");
    let web = workload(&authority);
    let client = web.connector(&mesh_client(&["spiffe://cluster.local/ns/a/sa/wanted"]));
    let (server, client) = shake(&web.acceptor(&mesh_server()), &client, "", Alpn::Http11).await;
    let expected = format!(
        "the certificate of the peer is of {WORKLOAD}, wanted is spiffe://cluster.local/ns/a/sa/wanted"
    );
    assert_eq!(reason(client), expected);
    assert!(reason(server).starts_with("the peer refused the TLS handshake"));
}

#[tokio::test]
async fn clients_without_certificate_and_without_tls_are_refused() {
    let authority = Authority::new("root");
    let web = workload(&authority);
    let server = web.acceptor(&mesh_server());
    let (without, _) = shake(&server, &web.connector(&simple_client(None)), "a.example", Alpn::Http11).await;
    assert_eq!(reason(without), "the peer presented no certificate");

    let (ours, mut theirs) = pair();
    theirs.write_all(b"GET / HTTP/1.1\r\nhost: a.example\r\n\r\n").await.unwrap();
    assert_eq!(
        reason(server.accept(ours, LONG).await),
        "the peer does not speak TLS here, or breaks its rules"
    );

    let (ours, theirs) = pair();
    drop(theirs);
    let closed = reason(server.accept(ours, LONG).await);
    assert_eq!(closed, "the peer closed the connection during the TLS handshake");
}

#[tokio::test]
async fn a_server_without_tls_is_refused() {
    let authority = Authority::new("root");
    let client = workload(&authority).connector(&mesh_client(&[]));
    let (mut ours, theirs) = pair();
    ours.write_all(b"220 smtp ready\r\n").await.unwrap();
    let reason = reason(client.connect(theirs, "", Alpn::Tcp).await);
    assert_eq!(reason, "the peer does not speak TLS here, or breaks its rules");
}

#[tokio::test(start_paused = true)]
async fn slow_handshakes_end() {
    let authority = Authority::new("root");
    let (ours, theirs) = pair();
    let error = workload(&authority)
        .acceptor(&mesh_server())
        .accept(ours, Acceptor::DEFAULT_TIMEOUT)
        .await
        .unwrap_err();
    assert_eq!(error, TlsError::Timeout(std::time::Duration::from_secs(15)));
    drop(theirs);
}
