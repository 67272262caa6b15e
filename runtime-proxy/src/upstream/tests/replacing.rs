//! Upstreams whose settings or addresses change.

use serde_json::json;

use super::super::Outcome;
use super::*;

fn ips(texts: &[&str]) -> Vec<std::net::IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn equal_settings_are_the_same_upstream() {
    let parts = || json!({"discovery": endpoints(&["10.0.0.1"])});
    let before = compiled(parts());
    assert!(Arc::ptr_eq(&before, &recompiled(parts(), &before)));
}

#[test]
fn connections_live_on_where_they_would_be_made_alike() {
    let before = compiled(json!({"discovery": endpoints(&["10.0.0.1", "10.0.0.2"])}));
    let one = pick(&before).unwrap();
    let after = recompiled(
        json!({"discovery": endpoints(&["10.0.0.1", "10.0.0.2"]), "loadBalancing": "random"}),
        &before,
    );
    let same = |upstream: &Upstream| upstream.endpoints().iter().any(|(endpoint, _)| endpoint.id == one.id);
    assert!(same(&after));
    drop(before);
    assert!(!one.is_retired());
    let other =
        recompiled(json!({"discovery": endpoints(&["10.0.0.1", "10.0.0.2"]), "proxyProtocol": 1}), &after);
    assert!(!same(&other));
    drop(after);
    assert!(one.is_retired());
}

#[tokio::test(start_paused = true)]
async fn ejections_and_requests_outlive_changed_settings() {
    let parts = |limits, protocol| {
        json!({
            "discovery": endpoints(&["10.0.0.1", "10.0.0.2"]),
            "outlier": {},
            "limits": {"maxRequests": limits},
            "protocol": protocol,
        })
    };
    let before = compiled(parts(1, "http1"));
    let _request = before.begin_request().unwrap();
    let endpoint = before.endpoints().remove(0).0;
    for _ in 0..5 {
        before.report(&endpoint, Outcome::ConnectFailure);
    }
    let after = recompiled(parts(1, "http2"), &before);
    assert_eq!(listed(&after), ["10.0.0.1:80!", "10.0.0.2:80"]);
    assert_eq!(after.ejections(), (1, 1));
    assert!(after.begin_request().is_err());
}

#[test]
fn addresses_of_names_come_and_go() {
    let discovery = groups(json!([{"endpoints": [name("db.example"), at("10.0.0.9")]}]));
    let upstream = compiled(json!({"discovery": discovery}));
    assert_eq!(listed(&upstream), ["10.0.0.9:80"]);
    upstream.resolved("db.example", &ips(&["10.0.0.2", "10.0.0.1", "fd00::1"]));
    assert_eq!(listed(&upstream), ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.9:80", "[fd00::1]:80"]);
    let all = upstream.endpoints();
    assert_eq!(all[0].0.hostname.as_deref(), Some("db.example"));
    upstream.resolved("db.example", &ips(&["10.0.0.1", "10.0.0.3"]));
    assert_eq!(listed(&upstream), ["10.0.0.1:80", "10.0.0.3:80", "10.0.0.9:80"]);
    let retired: Vec<bool> = all.iter().map(|(endpoint, _)| endpoint.is_retired()).collect();
    assert_eq!(retired, [false, true, false, true]);
    // New settings know the addresses at once.
    let after =
        recompiled(json!({"discovery": groups(json!([{"endpoints": [name("db.example")]}]))}), &upstream);
    assert_eq!(listed(&after), ["10.0.0.1:80", "10.0.0.3:80"]);
    after.resolved("db.example", &[]);
    assert!(pick(&after).is_none());
}

#[test]
fn the_same_addresses_in_another_order_change_nothing() {
    let upstream = compiled(json!({"discovery": groups(json!([{"endpoints": [name("db.example")]}]))}));
    upstream.resolved("db.example", &ips(&["10.0.0.2", "10.0.0.1"]));
    let before: Vec<u64> = upstream.endpoints().iter().map(|(endpoint, _)| endpoint.id).collect();
    upstream.resolved("db.example", &ips(&["10.0.0.1", "10.0.0.2"]));
    let after: Vec<u64> = upstream.endpoints().iter().map(|(endpoint, _)| endpoint.id).collect();
    assert_eq!(before, after);
}

#[test]
fn only_the_first_address_is_used_where_it_is_said_and_others_are_kept_warm() {
    let mut discovery = groups(json!([{"endpoints": [name("db.example")]}]));
    discovery["endpoints"]["firstAddress"] = json!(true);
    let upstream = compiled(json!({"discovery": discovery}));
    upstream.resolved("db.example", &ips(&["10.0.0.2", "10.0.0.1"]));
    let first = pick(&upstream).unwrap();
    assert_eq!(listed(&upstream), ["10.0.0.2:80"]);
    upstream.resolved("db.example", &ips(&["10.0.0.1", "10.0.0.2"]));
    assert_eq!(listed(&upstream), ["10.0.0.1:80"]);
    assert!(!first.is_retired());
    upstream.resolved("db.example", &ips(&["10.0.0.2"]));
    assert_eq!(pick(&upstream).unwrap().id, first.id);
}

#[test]
fn settings_that_cannot_be_are_refused_with_their_place() {
    let refused = |parts| Upstream::compile("test", &settings(parts), None, &store()).unwrap_err();
    assert_eq!(refused(json!({"proxyProtocol": 3})).path, "proxyProtocol");
    let table = json!({"loadBalancing": {"consistentHash": {"maglev": {"tableSize": 10}}}});
    assert_eq!(refused(table).path, "loadBalancing");
    let tls = refused(
        json!({"tls": {"always": {"istioMutual": true, "certificate": "workload", "roots": "mesh"}}}),
    );
    assert_eq!(tls.path, "tls");
    assert!(tls.problem.starts_with("/none/"), "{tls}");
}

#[test]
fn another_place_of_the_identity_is_another_upstream_where_tls_needs_it() {
    let authority = authority::Authority::new("root");
    let (one, other) = (authority::workload(&authority), authority::workload(&authority));
    let mtls = json!({"always": {"istioMutual": true, "certificate": "workload", "roots": "mesh"}});
    for (tls, same) in [(json!("none"), true), (mtls, false)] {
        let settings = settings(json!({"discovery": endpoints(&["10.0.0.1"]), "tls": tls}));
        let before = Upstream::compile("test", &settings, None, &one.store).unwrap();
        let again = Upstream::compile("test", &settings, Some(&before), &one.store).unwrap();
        assert!(Arc::ptr_eq(&before, &again));
        let after = Upstream::compile("test", &settings, Some(&before), &other.store).unwrap();
        assert_eq!(Arc::ptr_eq(&before, &after), same);
        assert_eq!(pick(&before).unwrap().id == pick(&after).unwrap().id, same);
    }
}
