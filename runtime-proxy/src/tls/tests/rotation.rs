//! Files that change.

use meshc_contract::proxy::{Certificate, Roots};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::super::{Acceptor, Alpn, Store};
use super::authority::*;

#[tokio::test]
async fn new_handshakes_have_the_new_certificate_and_open_connections_live_on() {
    let authority = Authority::new("root");
    let web = workload(&authority);
    let server = web.acceptor(&mesh_server());
    let client = web.connector(&mesh_client(&[WORKLOAD]));
    let (ours, theirs) = shake(&server, &client, "", Alpn::Http11).await;
    let (mut ours, before, _) = ours.unwrap();
    let mut theirs = theirs.unwrap().0;
    assert!(!web.store.poll().unwrap());

    web.rotate(&authority.svid(WORKLOAD), &authority.pem);
    assert!(web.store.poll().unwrap());
    let (after, _) = shake(&server, &client, "", Alpn::Http11).await;
    assert_ne!(after.unwrap().1.hash(), before.hash());
    theirs.write_all(b"still here").await.unwrap();
    theirs.flush().await.unwrap();
    let mut bytes = [0; 10];
    ours.read_exact(&mut bytes).await.unwrap();
    assert_eq!(&bytes, b"still here");
}

#[tokio::test]
async fn roots_are_added_and_removed_without_new_settings() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let web = workload(&old);
    let server = web.acceptor(&mesh_server());
    let stranger = Files::new(&new.svid(WORKLOAD), &format!("{}{}", old.pem, new.pem));
    let client = stranger.connector(&mesh_client(&[]));
    let taken = || async { shake(&server, &client, "", Alpn::Http11).await.0.is_ok() };
    assert!(!taken().await);
    web.write("ca.crt", &format!("{}{}", old.pem, new.pem));
    assert!(web.store.poll().unwrap());
    assert!(taken().await);
    web.write("ca.crt", &old.pem);
    assert!(web.store.poll().unwrap());
    assert!(!taken().await);
}

#[tokio::test]
async fn what_is_broken_is_told_once_and_what_was_good_stays() {
    let authority = Authority::new("root");
    let web = workload(&authority);
    let server = web.acceptor(&mesh_server());
    let client = web.connector(&mesh_client(&[]));
    let works = || async { shake(&server, &client, "", Alpn::Http11).await.0.is_ok() };
    let other = authority.svid("spiffe://cluster.local/ns/default/sa/other");
    let secret = "bm90IGEga2V5IGJ1dCBzZWNyZXQ=";
    let mangled = format!("-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----\n");
    let key = std::fs::read_to_string(web.path("tls.key")).unwrap();
    for (file, text, expected) in [
        ("tls.key", other.key.as_str(), "is not that of the certificate"),
        ("tls.key", &mangled, "there is no key in it that TLS can use"),
        ("tls.key", secret, "there is no private key in it that PEM allows"),
        ("tls.key", &key, ""),
        ("tls.crt", "", "there is no certificate in it"),
        ("ca.crt", "", "there is no certificate in it"),
    ] {
        web.write(file, text);
        let told = web.store.poll().map(|_| String::new()).unwrap_or_else(|error| error.to_string());
        assert!(told.contains(expected) && !told.contains(secret), "{told}");
        assert!(!web.store.poll().unwrap(), "the same again");
        assert!(works().await, "{expected}");
    }
    std::fs::remove_file(web.path("ca.crt")).unwrap();
    assert!(web.store.poll().unwrap_err().to_string().contains("cannot be read"));
    assert!(!web.store.poll().unwrap() && works().await);
    web.rotate(&authority.svid(WORKLOAD), &authority.pem);
    assert!(web.store.poll().unwrap() && works().await);
}

#[tokio::test]
async fn files_of_others_may_come_later_and_those_of_the_identity_may_not() {
    let authority = Authority::new("root");
    let web = workload(&authority);
    let path = |name: &str| web.path(name).display().to_string();
    let late = Certificate::Files { certificate: path("late.crt"), key: path("late.key") };
    let server = web.acceptor(&simple_server(vec![late]));
    let client = web.connector(&simple_client(Some(Roots::File(path("late.pem")))));
    let works = || async { shake(&server, &client, "a.example", Alpn::Http11).await.1.is_ok() };
    assert!(!works().await);
    assert!(!web.store.poll().unwrap(), "that nothing is there is known");
    let issued = authority.issue(Leaf { dns: vec!["a.example"], ..Leaf::default() });
    web.write("late.crt", &issued.certificate);
    web.write("late.key", &issued.key);
    assert!(web.store.poll().unwrap());
    assert!(!works().await, "the roots are still absent");
    web.write("late.pem", &authority.pem);
    assert!(web.store.poll().unwrap() && works().await);
    std::fs::remove_file(web.path("ca.crt")).unwrap();
    let store = Store::new(&config(WORKLOAD, web.folder.path()));
    let error = Acceptor::compile(&mesh_server(), &store).unwrap_err();
    assert!(error.to_string().contains("ca.crt"), "{error}");
}

#[tokio::test]
async fn the_certificate_of_somebody_else_is_not_the_workload_s() {
    let authority = Authority::new("root");
    let web = workload(&authority);
    let server = web.acceptor(&mesh_server());
    web.rotate(&authority.svid("spiffe://cluster.local/ns/default/sa/other"), &authority.pem);
    let error = web.store.poll().unwrap_err().to_string();
    assert!(error.contains("sa/other, not of spiffe://cluster.local/ns/default/sa/web"), "{error}");
    let (_, client) = shake(&server, &web.connector(&simple_client(None)), "a.example", Alpn::Http11).await;
    assert_eq!(client.unwrap().1.uri, WORKLOAD);
}

#[test]
fn certs_tells_what_is_in_use() {
    let authority = Authority::new("root");
    let web = workload(&authority);
    assert!(web.store.certificates().is_empty());
    let server = web.acceptor(&mesh_server());
    let roots = Roots::File(web.write("others.crt", &Authority::new("others").pem));
    let client = web.connector(&simple_client(Some(roots)));
    let told = serde_json::to_value(web.store.certificates()).unwrap();
    assert_eq!(told[0]["cert_chain"][0]["subject_alt_names"][0]["uri"], WORKLOAD);
    assert_eq!(told[0]["cert_chain"][0]["expiration_time"], "3000-01-01T00:00:00Z");
    assert_eq!(told[0]["cert_chain"][0]["valid_from"], "2000-01-01T00:00:00Z");
    assert_eq!(told[0]["ca_cert"][0]["path"], web.path("ca.crt").display().to_string());
    assert_eq!(told[1]["ca_cert"][0]["path"], web.path("others.crt").display().to_string());
    assert!(web.store.certificates().iter().all(|one| one.ca_cert.iter().all(|root| root.expires_at > 0)));
    // The next configuration shares what is loaded; what nobody uses any longer is gone.
    let next = web.store.next(&config(WORKLOAD, web.folder.path()));
    let again = super::super::Acceptor::compile(&simple_server(vec![Certificate::Workload]), &next).unwrap();
    drop((server, client));
    assert_eq!(next.certificates().len(), 1);
    drop(again);
    assert!(next.certificates().is_empty());
}
