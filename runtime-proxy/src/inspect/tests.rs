//! What all inspectors owe, and inspection of whole connections.

use std::sync::Arc;

use meshc_contract::proxy::{Capture, Direction, Inspector};
use proptest::prelude::*;
use rustls::pki_types::ServerName;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;

use super::client_hello::ClientHello;
use super::*;

/// What a real client sends first.
fn client_hello(name: &str, alpn: &[&str]) -> Vec<u8> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut bytes = Vec::new();
    rustls::ClientConnection::new(Arc::new(config), name).unwrap().write_tls(&mut bytes).unwrap();
    bytes
}

/// The same message in records of at most `size` bytes.
fn in_records(hello: &[u8], size: usize) -> Vec<u8> {
    let fragment = |part: &[u8]| {
        let length = u16::try_from(part.len()).unwrap().to_be_bytes();
        [&hello[..3], &length, part].concat()
    };
    hello[5..].chunks(size).flat_map(fragment).collect()
}

fn hello_of(name: &str, alpn: &[&str]) -> ClientHello {
    ClientHello { server_name: name.to_owned(), alpn: alpn.iter().map(|name| (*name).to_owned()).collect() }
}

/// What is said of every beginning of some bytes: more, again and again, then one verdict that stays.
fn settles<T: PartialEq + std::fmt::Debug>(bytes: &[u8], inspector: impl Fn(&[u8]) -> Verdict<T>) {
    let mut settled: Option<Verdict<T>> = None;
    for end in 0..=bytes.len() {
        let verdict = inspector(&bytes[..end]);
        if let Some(settled) = &settled {
            assert_eq!(verdict, *settled, "after {end} bytes of {bytes:?}");
        } else if verdict != Verdict::More {
            settled = Some(verdict);
        }
    }
}

fn all_settle(bytes: &[u8]) {
    settles(bytes, client_hello::read);
    settles(bytes, http_start::read);
    settles(bytes, proxy_protocol::read);
}

#[test]
fn a_client_hello_tells_its_server_name_and_protocols_however_it_is_cut() {
    let alpn = ["istio-http/1.1", "istio", "http/1.1"];
    let hello = client_hello("Reviews.Example", &alpn);
    for size in [1, 2, 7, 100, 16_384] {
        let bytes = in_records(&hello, size);
        assert_eq!(client_hello::read(&bytes), Verdict::Yes(hello_of("reviews.example", &alpn)), "{size}");
        settles(&bytes, client_hello::read);
    }
}

#[test]
fn a_client_hello_to_an_address_names_no_server() {
    assert_eq!(client_hello::read(&client_hello("10.0.0.1", &[])), Verdict::Yes(hello_of("", &[])));
}

#[test]
fn lengths_that_contradict_each_other_make_no_client_hello() {
    let mut hello = client_hello("a.example", &[]);
    // The length of the session ID, behind record, message, version and random.
    hello[5 + 4 + 34] = 255;
    assert_eq!(client_hello::read(&hello), Verdict::No);
}

proptest! {
    #[test]
    fn no_bytes_make_an_inspector_panic_or_change_its_mind(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        all_settle(&bytes);
    }

    #[test]
    fn a_damaged_client_hello_makes_no_inspector_panic_or_change_its_mind(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        size in 1usize..400,
    ) {
        let mut bytes = in_records(&client_hello("a.example", &["h2", "http/1.1"]), size);
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        settles(&bytes, client_hello::read);
    }

    #[test]
    fn text_that_looks_like_a_request_makes_no_inspector_change_its_mind(
        text in "(PRI|GET|PROXY|A{30,40})[ *]{1,2}(/|TCP4|\\*)[ -~]{0,20}( HTTP/[12]\\.[01])?\r?\n?(\r\nSM)?",
    ) {
        all_settle(text.as_bytes());
    }
}

fn listener() -> Listener {
    Listener {
        name: "test".to_owned(),
        bind: Vec::new(),
        capture: Capture::Bound,
        direction: Direction::Outbound,
        proxy_protocol: false,
        tls_inspector: Some(Inspector::default()),
        http_inspector: Some(Inspector::default()),
        inspect_timeout: Some(Duration::from_millis(100)),
        continue_on_timeout: true,
        chains: Vec::new(),
        default_chain: None,
        access_logs: Vec::new(),
    }
}

/// Inspects a connection on which a client has sent something and waits, in time that passes by itself.
fn inspected(listener: &Listener, sent: &[u8]) -> Result<(Inspected, Vec<u8>), Refused> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (near, mut far) = UnixStream::pair().unwrap();
        far.write_all(sent).await.unwrap();
        let found = inspect(Stream::unix(near), listener, "10.0.0.1:80".parse().unwrap()).await?;
        drop(far);
        let mut rest = Vec::new();
        let mut stream = found.stream;
        stream.read_to_end(&mut rest).await.unwrap();
        Ok((found.inspected, rest))
    })
}

#[test]
fn pitfall_27_a_client_that_waits_for_the_server_goes_on_after_the_timeout() {
    let (found, rest) = inspected(&listener(), b"").unwrap();
    assert_eq!((found.transport, rest.len()), (TransportProtocol::RawBuffer, 0));
    assert!(found.application_protocols.is_empty());
    let (_, rest) = inspected(&listener(), b"GE").unwrap();
    assert_eq!(rest, b"GE");
}

#[test]
fn pitfall_8_a_client_that_never_finishes_its_first_bytes_is_closed() {
    let listener = Listener { continue_on_timeout: false, ..listener() };
    assert_eq!(inspected(&listener, b"GE").unwrap_err(), Refused::Timeout);
    assert_eq!(inspected(&listener, &client_hello("a.example", &[])[..50]).unwrap_err(), Refused::Timeout);
}

#[test]
fn what_inspectors_read_comes_first_again() {
    let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let (found, rest) = inspected(&listener(), request).unwrap();
    assert_eq!((found.application_protocols, rest), (vec!["http/1.1".to_owned()], request.to_vec()));
    let hello = client_hello("a.example", &["h2"]);
    let (found, rest) = inspected(&listener(), &hello).unwrap();
    assert_eq!((found.transport, found.server_name.as_str()), (TransportProtocol::Tls, "a.example"));
    assert_eq!((found.application_protocols, rest), (vec!["h2".to_owned()], hello));
}

#[test]
fn the_proxy_protocol_is_taken_away_and_required() {
    let listener = Listener { proxy_protocol: true, ..listener() };
    let (found, rest) =
        inspected(&listener, b"PROXY TCP4 10.0.0.1 10.0.0.2 5000 443\r\nGET / HTTP/1.0\r\n").unwrap();
    assert_eq!(
        (found.application_protocols, rest.as_slice()),
        (vec!["http/1.0".to_owned()], &b"GET / HTTP/1.0\r\n"[..])
    );
    assert_eq!(inspected(&listener, b"GET / HTTP/1.0\r\n").unwrap_err(), Refused::ProxyProtocol);
}

#[test]
fn a_client_hello_longer_than_the_limit_is_refused_and_never_plaintext() {
    let mut endless = vec![22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff];
    endless.resize(LIMIT + 1000, 0);
    assert_eq!(inspected(&listener(), &endless).unwrap_err(), Refused::TooLong);
}

#[test]
fn an_inspector_that_is_off_for_a_port_reads_nothing() {
    let off = Some(Inspector { disabled_ports: vec![80], enabled_ports_only: Vec::new() });
    let listener = Listener { tls_inspector: off.clone(), http_inspector: off, ..listener() };
    let (found, _) = inspected(&listener, b"GET / HTTP/1.1\r\n").unwrap();
    assert!(found.application_protocols.is_empty());
}
