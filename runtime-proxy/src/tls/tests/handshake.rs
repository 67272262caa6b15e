//! Who is let in and who is not.

use meshc_contract::proxy::{Certificate, ClientVerification, Roots, TlsVersion};
use meshc_contract::traffic::StringMatch;
use rcgen::ExtendedKeyUsagePurpose;
use rustls_pki_types::UnixTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::super::verify::{Rules, Side as Presented};
use super::super::{Acceptor, Alpn, Connector, TlsError};
use super::authority::*;

#[tokio::test]
async fn two_workloads_know_each_other() {
    let authority = Authority::new("root");
    let web = workload(&authority);
    let client = Files::of("spiffe://cluster.local/ns/a/sa/b", &authority.svid("spiffe://cluster.local/ns/a/sa/b"), &authority.pem);
    let (server, client) = shake(
        &web.acceptor(&mesh_server()),
        &client.connector(&mesh_client(&[WORKLOAD])),
        "",
        Alpn::Http2,
    )
    .await;
    let (mut ours, peer, alpn) = server.unwrap();
    assert_eq!(peer.uri, "spiffe://cluster.local/ns/a/sa/b");
    assert_eq!((peer.version, peer.cipher), ("TLSv1.3", "TLS_AES_128_GCM_SHA256"));
    assert_eq!(peer.subject, "CN=leaf,O=meshc\\, tests");
    assert_eq!(peer.issuer, "CN=root,O=meshc\\, tests");
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
        (Alpn::Http10, None),
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
    let settings = meshc_contract::proxy::UpstreamTls { certificate: Some(certificate), ..mesh_client(&[]) };
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
    let none = refused_client(&authority, authority.issue(Leaf { dns: vec!["a.example"], ..Leaf::default() })).await;
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
    let expected = format!("the certificate of the peer is of {WORKLOAD}, wanted is spiffe://cluster.local/ns/a/sa/wanted");
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
    assert_eq!(reason(server.accept(ours, LONG).await), "the peer does not speak TLS here, or breaks its rules");

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
    let error = workload(&authority).acceptor(&mesh_server()).accept(ours, Acceptor::DEFAULT_TIMEOUT).await.unwrap_err();
    assert_eq!(error, TlsError::Timeout(std::time::Duration::from_secs(15)));
    drop(theirs);
}

/// SIMPLE with roots verifies, against the host too where that is wanted; only without roots anything is taken.
#[tokio::test]
async fn simple_verifies_by_default() {
    let authority = Authority::new("root");
    let web = workload(&authority);
    let outside = authority.issue(Leaf { dns: vec!["*.example.com"], ..Leaf::default() });
    let certificate = Certificate::Files {
        certificate: web.write("outside.crt", &outside.certificate),
        key: web.write("outside.key", &outside.key),
    };
    let server = web.acceptor(&simple_server(vec![certificate]));
    let roots = Roots::File(web.path("ca.crt").display().to_string());
    let foreign = Roots::File(web.write("foreign.crt", &Authority::new("foreign").pem));
    let matching = |roots| meshc_contract::proxy::UpstreamTls { match_host: true, ..simple_client(Some(roots)) };
    let names = |name: &str| meshc_contract::proxy::UpstreamTls {
        names: vec![name.to_owned()],
        ..simple_client(Some(roots.clone()))
    };
    for (settings, host, expected) in [
        (simple_client(None), "whatever.invalid", ""),
        (simple_client(Some(roots.clone())), "whatever.invalid", ""),
        (simple_client(Some(foreign)), "a.example.com", "the certificate of the peer was not issued by a root that is trusted here"),
        (matching(roots.clone()), "a.example.com:443", ""),
        (matching(roots.clone()), "a.example.org", "the certificate of the peer is of *.example.com, wanted is a.example.org"),
        (names("b.example.com"), "", ""),
        (names("b.example.org"), "", "the certificate of the peer is of *.example.com, wanted is b.example.org"),
    ] {
        let (_, client) = shake(&server, &web.connector(&settings), host, Alpn::Http11).await;
        let said = client.map(|_| String::new()).unwrap_or_else(|error| error.to_string());
        assert_eq!(said, expected, "{host}");
    }
}

#[tokio::test]
async fn the_system_s_roots_do_not_trust_a_mesh() {
    let authority = Authority::new("root");
    let web = workload(&authority);
    // A machine without a bundle must say so instead of trusting anybody.
    match Connector::compile(&simple_client(Some(Roots::System)), &web.store) {
        Err(error) => assert!(error.to_string().contains("/etc/ssl/certs/ca-certificates.crt"), "{error}"),
        Ok(client) => {
            let server = web.acceptor(&simple_server(vec![Certificate::Workload]));
            let (_, client) = shake(&server, &client, "a.example", Alpn::Http11).await;
            assert!(reason(client).contains("not issued by a root"));
        }
    }
}

#[tokio::test]
async fn the_sni_picks_the_certificate() {
    let authority = Authority::new("root");
    let web = workload(&authority);
    let files = |name: &'static str| {
        let issued = authority.issue(Leaf { dns: vec![name], ..Leaf::default() });
        let file = name.replace('*', "any");
        Certificate::Files {
            certificate: web.write(&format!("{file}.crt"), &issued.certificate),
            key: web.write(&format!("{file}.key"), &issued.key),
        }
    };
    let server = web.acceptor(&simple_server(vec![files("a.example.com"), files("*.example.org")]));
    let client = web.connector(&simple_client(None));
    for (host, expected) in
        [("a.example.com", "a.example.com"), ("b.example.org", "*.example.org"), ("c.example.net", "a.example.com"), ("10.0.0.1", "a.example.com")]
    {
        let (_, client) = shake(&server, &client, host, Alpn::Http11).await;
        assert_eq!(client.unwrap().1.dns, [expected], "{host}");
    }
}

#[tokio::test]
async fn optional_clients_are_verified_if_they_present_a_certificate() {
    let authority = Authority::new("root");
    let web = workload(&authority);
    let mut settings = mesh_server();
    settings.client.required = false;
    let server = web.acceptor(&settings);
    let (without, _) = shake(&server, &web.connector(&simple_client(None)), "a.example", Alpn::Http11).await;
    assert_eq!(without.unwrap().1.uri, "");
    let stranger = Files::new(&Authority::new("foreign").svid(WORKLOAD), &authority.pem);
    let (foreign, _) = shake(&server, &stranger.connector(&mesh_client(&[])), "", Alpn::Http11).await;
    assert!(reason(foreign).contains("not issued by a root"));
}

#[tokio::test]
async fn revoked_certificates_are_refused_and_lists_must_be_of_their_time() {
    let authority = Authority::new("root");
    let web = workload(&authority);
    let identity = authority.issue(Leaf { uris: vec![WORKLOAD], serial: 7, ..Leaf::default() });
    let client = Files::new(&identity, &authority.pem);
    for (list, expected) in [
        (authority.revoke(&[6, 8], 3000), ""),
        (authority.revoke(&[7], 3000), "the certificate of the peer is revoked"),
        (authority.revoke(&[], 2001), "the certificate of the peer cannot be checked: the revocation list has expired"),
        (Authority::new("foreign").revoke(&[], 3000), "the certificate of the peer is of an authority that no revocation list is of"),
    ] {
        let mut settings = mesh_server();
        let name = format!("{}.crl", list.len() + expected.len());
        settings.client.crl = Some(web.write(&name, &list));
        let (server, _) = shake(&web.acceptor(&settings), &client.connector(&mesh_client(&[])), "", Alpn::Http11).await;
        let said = server.map(|_| String::new()).unwrap_or_else(|error| error.to_string());
        assert_eq!(said, expected);
    }
}

#[tokio::test]
async fn pinned_certificates_and_keys_are_let_in_alone() {
    let authority = Authority::new("root");
    let web = workload(&authority);
    let (server, _) =
        shake(&web.acceptor(&mesh_server()), &web.connector(&mesh_client(&[])), "", Alpn::Http11).await;
    let hash = server.unwrap().1.hash();
    let other = "00".repeat(32);
    for (hashes, keys, taken) in [
        (vec![hash.clone()], vec![], true),
        (vec![other.clone()], vec![], false),
        (vec![other.clone(), hash.clone()], vec!["AA==".to_owned()], true),
        (vec![], vec!["AA==".to_owned()], false),
    ] {
        let mut settings = mesh_server();
        settings.client.hash = hashes;
        settings.client.spki = keys;
        let (server, _) =
            shake(&web.acceptor(&settings), &web.connector(&mesh_client(&[])), "", Alpn::Http11).await;
        assert_eq!(server.is_ok(), taken);
        if let Err(error) = server {
            assert!(error.to_string().contains(&hash), "{error}");
        }
    }
}

#[tokio::test]
async fn versions_and_suites_are_those_of_the_settings() {
    let authority = Authority::new("root");
    let web = workload(&authority);
    let mut settings = simple_server(vec![Certificate::Workload]);
    settings.max_version = Some(TlsVersion::V1_2);
    settings.cipher_suites = vec!["ECDHE-ECDSA-AES256-GCM-SHA384".to_owned()];
    let old = web.acceptor(&settings);
    let (_, client) = shake(&old, &web.connector(&simple_client(None)), "a.example", Alpn::Http11).await;
    let peer = client.unwrap().1;
    assert_eq!((peer.version, peer.cipher), ("TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384"));
    let (_, mesh) = shake(&old, &web.connector(&mesh_client(&[])), "", Alpn::Http11).await;
    assert!(mesh.is_err(), "Istio mTLS is TLS 1.3");
    settings.min_version = Some(TlsVersion::V1_3);
    let error = Acceptor::compile(&settings, &web.store).unwrap_err();
    assert!(error.to_string().contains("smallest TLS version"));
}

/// A clock that is four minutes late still takes what an issuer dates back by five (dataplane.md §7.6, 29), since validity is
/// checked against the time of the handshake and nothing else.
#[test]
fn validity_is_that_of_the_moment() {
    use rustls_pki_types::CertificateDer;
    use rustls_pki_types::pem::PemObject;
    let authority = Authority::new("root");
    let web = workload(&authority);
    let leaf = authority.svid(WORKLOAD);
    let leaf = CertificateDer::from_pem_slice(leaf.certificate.as_bytes()).unwrap();
    let rules = Rules {
        roots: Some(web.store.roots(&Roots::Mesh).unwrap()),
        spiffe: true,
        names: vec![StringMatch::Exact(WORKLOAD.to_owned())],
        hashes: Vec::new(),
        keys: Vec::new(),
        revocations: None,
    };
    let start = 946_684_800; // 2000-01-01, when the leaf begins.
    let check = |seconds| {
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        rules.check(&leaf, &[], Presented::Client, now).is_ok()
    };
    assert!(!check(start - 1) && check(start) && check(start + 300));
}

#[test]
fn settings_without_certificate_or_with_missing_files_are_refused() {
    let authority = Authority::new("root");
    let web = workload(&authority);
    let error = |settings| Acceptor::compile(&settings, &web.store).unwrap_err().to_string();
    assert!(error(simple_server(Vec::new())).contains("without a certificate"));
    let missing = Certificate::Files { certificate: "/none.crt".to_owned(), key: "/none.key".to_owned() };
    let text = error(simple_server(vec![missing]));
    assert!(text.starts_with("/none.crt: it cannot be read"), "{text}");
    let client = ClientVerification { roots: Some(Roots::File("/none.pem".to_owned())), ..ClientVerification::default() };
    let text = error(meshc_contract::proxy::DownstreamTls { client, ..mesh_server() });
    assert!(text.starts_with("/none.pem"), "{text}");
    let sni = meshc_contract::proxy::UpstreamTls { sni: Some("not a name".to_owned()), ..simple_client(None) };
    assert!(Connector::compile(&sni, &web.store).unwrap_err().to_string().contains("not a name"));
}
