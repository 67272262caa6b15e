//! What clients are checked against beyond the roots and names of the mesh.

use meshc_contract::proxy::Roots;
use meshc_contract::traffic::StringMatch;
use rustls_pki_types::UnixTime;

use super::super::Alpn;
use super::super::verify::{Rules, Side as Presented};
use super::authority::*;

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
        (
            authority.revoke(&[], 2001),
            "the certificate of the peer cannot be checked: the revocation list has expired",
        ),
        (
            Authority::new("foreign").revoke(&[], 3000),
            "the certificate of the peer is of an authority that no revocation list is of",
        ),
    ] {
        let mut settings = mesh_server();
        let name = format!("{}.crl", list.len() + expected.len());
        settings.client.crl = Some(web.write(&name, &list));
        let (server, _) =
            shake(&web.acceptor(&settings), &client.connector(&mesh_client(&[])), "", Alpn::Http11).await;
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

/// A clock that is four minutes late still takes what an issuer dates back by five (dataplane.md §7.6, 29), since validity is
/// checked against the time of the handshake and nothing else.
#[test]
fn pitfall_29_validity_is_that_of_the_moment() {
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
