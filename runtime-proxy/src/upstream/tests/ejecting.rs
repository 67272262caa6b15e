//! Outlier detection of whole upstreams, over a clock that tests move.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::super::Outcome;
use super::*;

const THREE: [&str; 3] = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];

fn fail(upstream: &Upstream, ip: &str) {
    let endpoints = upstream.endpoints();
    let address = format!("{ip}:80");
    let (endpoint, _) =
        endpoints.iter().find(|(endpoint, _)| endpoint.address.to_string() == address).unwrap();
    for _ in 0..5 {
        upstream.report(endpoint, Outcome::Status(503));
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_fails_is_ejected_and_comes_back_at_a_sweep() {
    let outlier = json!({"interval": "10s", "baseEjectionTime": "25s"});
    let upstream = compiled(json!({"discovery": endpoints(&THREE), "outlier": outlier}));
    fail(&upstream, "10.0.0.2");
    assert_eq!(picks(&upstream, 30, "10.0.0.2"), 0);
    assert_eq!(listed(&upstream), ["10.0.0.1:80", "10.0.0.2:80!", "10.0.0.3:80"]);
    assert_eq!(upstream.ejections(), (1, 1));
    tokio::time::advance(Duration::from_millis(29_900)).await;
    assert_eq!(picks(&upstream, 30, "10.0.0.2"), 0);
    tokio::time::advance(Duration::from_millis(200)).await;
    assert_eq!(picks(&upstream, 30, "10.0.0.2"), 10);
    assert_eq!(upstream.ejections(), (0, 1));
    // The next time it takes twice as long.
    fail(&upstream, "10.0.0.2");
    tokio::time::advance(Duration::from_secs(59)).await;
    assert_eq!(picks(&upstream, 30, "10.0.0.2"), 0);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(picks(&upstream, 30, "10.0.0.2"), 10);
    assert_eq!(upstream.ejections(), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn failures_during_an_ejection_do_not_count_after_it() {
    let upstream = compiled(json!({"discovery": endpoints(&THREE), "outlier": {}}));
    fail(&upstream, "10.0.0.1");
    let (endpoint, _) = upstream.endpoints().remove(0);
    for _ in 0..4 {
        upstream.report(&endpoint, Outcome::Reset);
    }
    tokio::time::advance(Duration::from_secs(31)).await;
    assert_eq!(picks(&upstream, 30, "10.0.0.1"), 10);
    upstream.report(&endpoint, Outcome::Reset);
    assert_eq!(upstream.ejections(), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn without_settings_nobody_is_ejected_and_without_the_share_only_one() {
    let without = compiled(json!({"discovery": endpoints(&THREE)}));
    fail(&without, "10.0.0.1");
    assert_eq!(without.ejections(), (0, 0));
    let one = compiled(json!({"discovery": endpoints(&THREE), "outlier": {}}));
    fail(&one, "10.0.0.1");
    fail(&one, "10.0.0.2");
    assert_eq!(listed(&one), ["10.0.0.1:80!", "10.0.0.2:80", "10.0.0.3:80"]);
}

#[tokio::test(start_paused = true)]
async fn when_too_many_are_ejected_panic_uses_them_unless_it_is_off() {
    let parts = |threshold| {
        json!({
            "discovery": endpoints(&THREE),
            "outlier": {"maxEjectionPercent": 100},
            "panicThreshold": threshold,
        })
    };
    let panics = compiled(parts(json!(null)));
    let calm = compiled(parts(json!(0.0)));
    for ip in &THREE[..2] {
        fail(&panics, ip);
        fail(&calm, ip);
    }
    assert_eq!(picks(&panics, 30, "10.0.0.1"), 10);
    assert_eq!(picks(&calm, 30, "10.0.0.3"), 30);
    fail(&calm, "10.0.0.3");
    assert!(pick(&calm).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_ring_without_an_ejected_endpoint_moves_its_keys_alone() {
    let balancing = json!({"consistentHash": {"ringHash": {"minimumSize": 3_000}}});
    let upstream =
        compiled(json!({"discovery": endpoints(&THREE), "outlier": {}, "loadBalancing": balancing}));
    let picked = |number: u64| {
        let choice = Choice { hash: Some(super::super::hash(&number.to_be_bytes())), ..Choice::default() };
        upstream.pick(&choice).unwrap().address.to_string()
    };
    let before: Vec<String> = (0..1_000).map(picked).collect();
    fail(&upstream, "10.0.0.2");
    let moved = (0..1_000).zip(&before).filter(|(number, was)| {
        let is = picked(*number);
        assert_ne!(is, "10.0.0.2:80");
        is != **was && *was != "10.0.0.2:80"
    });
    // The others have more entries now, which take some keys from each other.
    let moved = moved.count();
    assert!(moved < 250, "{moved}");
    tokio::time::advance(Duration::from_secs(41)).await;
    assert_eq!((0..1_000).map(picked).collect::<Vec<_>>(), before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// One may always go; beyond it the share before each ejection is below the cap.
    #[test]
    fn never_more_are_ejected_than_the_share(count in 1_u8..12, percent in 0_u32..=100, failing in prop::collection::vec(any::<prop::sample::Index>(), 0..40)) {
        let ips: Vec<String> = (1..=count).map(|number| format!("10.0.0.{number}")).collect();
        let ips: Vec<&str> = ips.iter().map(String::as_str).collect();
        let upstream = compiled(json!({"discovery": endpoints(&ips), "outlier": {"maxEjectionPercent": percent}}));
        for index in failing {
            fail(&upstream, ips[index.index(ips.len())]);
        }
        let (ejected, _) = upstream.ejections();
        prop_assert!(ejected <= 1 || 100 * (ejected - 1) < u64::from(percent) * u64::from(count));
        let unhealthy = upstream.endpoints().iter().filter(|(_, healthy)| !healthy).count() as u64;
        prop_assert_eq!(unhealthy, ejected);
    }
}
