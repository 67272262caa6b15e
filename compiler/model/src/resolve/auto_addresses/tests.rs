use meshc_api::{Lock, Locked, LockedHost};

use crate::fixture::{deployment, istio, resolve, resolve_with};
use crate::{Inject, Options};

fn entry(name: &str, more: &str) -> String {
    let spec = format!(
        "{{hosts: [{name}.example], resolution: DNS, {more} ports: [{{number: 80, name: http, protocol: HTTP}}]}}"
    );
    istio("networking", "ServiceEntry", "ns", name, &spec)
}

fn locked(hosts: &[(&str, u16)]) -> Options {
    let line = |(name, number): &(&str, u16)| {
        let [third, fourth] = number.to_be_bytes();
        let addresses = ([240, 240, third, fourth].into(), format!("2001:2::{number:x}").parse().unwrap());
        let host =
            LockedHost { namespace: "ns".into(), name: (*name).into(), host: format!("{name}.example") };
        (host, Locked { addresses, span: None })
    };
    let lock = Lock { service_entries: hosts.iter().map(line).collect(), ..Lock::default() };
    Options { inject: Inject::All, lock, ..Options::default() }
}

fn capturing() -> String {
    let config = "annotations: {proxy.istio.io/config: '{proxyMetadata: {ISTIO_META_DNS_CAPTURE: \"true\"}}'}, labels: {app";
    deployment("ns", "client").replace("labels: {app: client,", &format!("{config}: client,"))
}

#[test]
fn locked_addresses_stay_and_others_go_around_them() {
    let fixture = resolve_with(&[entry("a", ""), entry("b", "")].concat(), locked(&[("b", 1)]));
    let addresses: Vec<_> =
        fixture.mesh.services.iter().map(|service| service.auto_addresses.unwrap().0.to_string()).collect();
    assert_eq!(addresses, ["240.240.0.2", "240.240.0.1"]);
    assert_eq!(fixture.texts(), Vec::<String>::new());
}

#[test]
fn addresses_that_a_new_object_may_move_are_reported_once_where_a_proxy_tells_them() {
    let entries: String = ["a", "b", "c", "d", "e"].iter().map(|name| entry(name, "")).collect();
    let fixture = resolve_with(&(entries + &capturing()), locked(&[("a", 1)]));
    let says = "Warning address-not-locked: the lock file has no address for `b.example`, `c.example`, `d.example` and 1 more";
    assert!(fixture.texts().len() == 1 && fixture.texts()[0].starts_with(says), "{:?}", fixture.texts());
    assert_eq!(fixture.ends(0), ["b.example"]);
}

#[test]
fn lines_about_nothing_and_against_the_status_are_stale() {
    let kept = entry("a", "") + "status: {addresses: [{value: 240.240.0.9, host: a.example}]}\n";
    let fixture = resolve_with(&kept, locked(&[("a", 1), ("gone", 2)]));
    let texts = fixture.texts();
    assert_eq!(texts.len(), 2);
    assert!(texts.iter().any(|text| text.contains("has another address than the locked one")), "{texts:?}");
    assert!(texts.iter().any(|text| text.contains("no ServiceEntry ns/gone of the tree")), "{texts:?}");
    assert_eq!(fixture.mesh.services[0].auto_addresses.unwrap().0.to_string(), "240.240.0.9");
}

#[test]
fn nobody_gets_an_address_that_another_object_spells_out() {
    let status = "status: {addresses: [{value: 240.240.0.2, host: HOST.example}]}\n";
    let fixture = resolve(
        &[
            entry("a", "addresses: [240.240.0.1],"),
            entry("b", "") + &status.replace("HOST", "b"),
            entry("c", "") + &status.replace("HOST", "c"),
        ]
        .concat(),
    );
    let auto: Vec<_> = fixture.mesh.services.iter().map(|service| service.auto_addresses).collect();
    let text = |at: usize| auto[at].map(|(v4, _)| v4.to_string());
    assert_eq!((auto[0], text(1), text(2)), (None, Some("240.240.0.2".into()), Some("240.240.0.3".into())));
    assert!(fixture.texts()[0].starts_with("Warning address-taken"), "{:?}", fixture.texts());
}

#[test]
fn addresses_of_the_status_are_kept_and_the_others_go_around_them() {
    let kept = entry("b", "") + "status: {addresses: [{value: 240.240.0.1, host: b.example}]}\n";
    let refusing = entry("d", "").replace(
        "namespace: ns",
        "namespace: ns, labels: {networking.istio.io/enable-autoallocate-ip: 'false'}",
    );
    let fixture = resolve(
        &[entry("a", ""), kept, entry("c", "addresses: [192.0.2.1],"), refusing, entry("e", "")].concat(),
    );
    let addresses = fixture
        .mesh
        .services
        .iter()
        .map(|service| service.auto_addresses.map(|(v4, v6)| format!("{v4} {v6}")));
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        addresses.collect::<Vec<_>>(),
        [
            text("240.240.0.2 2001:2::2"),
            text("240.240.0.1 2001:2::1"),
            None,
            None,
            text("240.240.0.3 2001:2::3")
        ]
    );
}
