//! TLS with others than workloads of the mesh, and settings of TLS itself.

use meshc_contract::proxy::{Certificate, Roots, TlsVersion, UpstreamTls};

use super::super::{Acceptor, Alpn, Connector};
use super::authority::*;

/// SIMPLE with roots verifies, against the host too where that is wanted; only without roots anything is taken.
#[tokio::test]
async fn pitfall_28_simple_verifies_by_default() {
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
    let matching = |roots| UpstreamTls { match_host: true, ..simple_client(Some(roots)) };
    let names =
        |name: &str| UpstreamTls { names: vec![name.to_owned()], ..simple_client(Some(roots.clone())) };
    for (settings, host, expected) in [
        (simple_client(None), "whatever.invalid", ""),
        (simple_client(Some(roots.clone())), "whatever.invalid", ""),
        (
            simple_client(Some(foreign)),
            "a.example.com",
            "the certificate of the peer was not issued by a root that is trusted here",
        ),
        (matching(roots.clone()), "a.example.com:443", ""),
        (
            matching(roots.clone()),
            "a.example.org",
            "the certificate of the peer is of *.example.com, wanted is a.example.org",
        ),
        (names("b.example.com"), "", ""),
        (
            names("b.example.org"),
            "",
            "the certificate of the peer is of *.example.com, wanted is b.example.org",
        ),
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
    for (host, expected) in [
        ("a.example.com", "a.example.com"),
        ("b.example.org", "*.example.org"),
        ("c.example.net", "a.example.com"),
        ("10.0.0.1", "a.example.com"),
    ] {
        let (_, client) = shake(&server, &client, host, Alpn::Http11).await;
        assert_eq!(client.unwrap().1.dns, [expected], "{host}");
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

#[test]
fn settings_without_certificate_or_with_a_name_that_is_none_are_refused() {
    let authority = Authority::new("root");
    let web = workload(&authority);
    let error = |settings| Acceptor::compile(&settings, &web.store).unwrap_err().to_string();
    assert!(error(simple_server(Vec::new())).contains("without a certificate"));
    let sni = UpstreamTls { sni: Some("not a name".to_owned()), ..simple_client(None) };
    assert!(Connector::compile(&sni, &web.store).unwrap_err().to_string().contains("not a name"));
}
