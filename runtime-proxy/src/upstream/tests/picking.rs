//! Priorities, localities, panic, and endpoints that are avoided.

use std::net::SocketAddr;

use serde_json::json;

use super::super::{Choice, hash};
use super::*;

#[test]
fn without_endpoints_there_is_none() {
    assert!(pick(&compiled(json!({}))).is_none());
    let unhealthy = json!({"address": {"ip": ["10.0.0.1", 80]}, "unhealthy": true});
    let upstream =
        compiled(json!({"discovery": groups(json!([{"endpoints": [unhealthy]}])), "panicThreshold": 0.0}));
    assert!(pick(&upstream).is_none());
    assert_eq!(listed(&upstream), ["10.0.0.1:80!"]);
}

#[test]
fn below_the_panic_threshold_all_are_used() {
    let unhealthy = |ip: &str| json!({"address": {"ip": [ip, 80]}, "unhealthy": true});
    let discovery =
        groups(json!([{"endpoints": [at("10.0.0.1"), unhealthy("10.0.0.2"), unhealthy("10.0.0.3")]}]));
    let panics = compiled(json!({"discovery": discovery}));
    assert_eq!(picks(&panics, 30, "10.0.0.2"), 10);
    let calm = compiled(json!({"discovery": discovery, "panicThreshold": 0.0}));
    assert_eq!(picks(&calm, 30, "10.0.0.1"), 30);
    let just_calm = compiled(json!({"discovery": discovery, "panicThreshold": 33.0}));
    assert_eq!(picks(&just_calm, 30, "10.0.0.1"), 30);
}

#[test]
fn the_next_priority_is_used_where_the_first_is_too_small() {
    let unhealthy = |ip: &str| json!({"address": {"ip": [ip, 80]}, "unhealthy": true});
    let with = |second| {
        let first = json!({"endpoints": [at("10.0.0.1"), second]});
        compiled(json!({"discovery": groups(json!([
            {"endpoints": [at("10.1.0.1")], "priority": 1}, first
        ]))}))
    };
    assert_eq!(picks(&with(at("10.0.0.2")), 100, "10.1."), 0);
    // Half of the first is healthy: 140 % of 50 % stay.
    let spilled = picks(&with(unhealthy("10.0.0.2")), 10_000, "10.1.");
    assert!((2_700..3_300).contains(&spilled), "{spilled}");
}

#[test]
fn localities_share_by_their_weights_and_by_their_endpoints_without() {
    let group = |region: &str, weight, ips: &[&str]| {
        json!({
            "locality": {"region": region, "zone": "", "subZone": ""},
            "weight": weight,
            "endpoints": ips.iter().map(|ip| at(ip)).collect::<Vec<_>>(),
        })
    };
    let shared = |one, other| {
        let groups = groups(json!([
            group("a", one, &["10.0.0.1", "10.0.0.2", "10.0.0.3"]),
            group("b", other, &["10.1.0.1"])
        ]));
        ["roundRobin", "leastRequest", "random"].map(|balancing| {
            picks(&compiled(json!({"discovery": groups, "loadBalancing": balancing})), 4_000, "10.1.")
        })
    };
    for picks in shared(json!(20), json!(80)) {
        assert!((3_100..3_300).contains(&picks), "{picks}");
    }
    for picks in shared(json!(null), json!(null)) {
        assert!((850..1_150).contains(&picks), "{picks}");
    }
}

#[test]
fn a_hash_picks_the_same_endpoint_of_all_localities() {
    let discovery = groups(json!([
        {"weight": 75, "endpoints": [at("10.0.0.1"), at("10.0.0.2")]},
        {"weight": 25, "endpoints": [at("10.1.0.1")]},
    ]));
    for kind in [json!({"ringHash": {"minimumSize": 20_000}}), json!({"maglev": {}})] {
        let balancing = json!({"discovery": discovery, "loadBalancing": {"consistentHash": kind}});
        let (one, other) = (compiled(balancing.clone()), compiled(balancing));
        let mut second = 0;
        for number in 0..4_000_u32 {
            let choice = Choice { hash: Some(hash(&number.to_be_bytes())), ..Choice::default() };
            let picked = one.pick(&choice).unwrap().address.clone();
            assert_eq!(picked, one.pick(&choice).unwrap().address);
            assert_eq!(picked, other.pick(&choice).unwrap().address);
            second += usize::from(picked.to_string().starts_with("10.1."));
        }
        assert!((850..1_150).contains(&second), "{second}");
        // Without a hash any of them.
        assert!((1..400).contains(&picks(&one, 400, "10.1.")));
    }
}

#[test]
fn endpoints_that_failed_are_avoided_while_there_are_others() {
    for balancing in [
        json!("roundRobin"),
        json!("leastRequest"),
        json!("random"),
        json!({"consistentHash": {"ringHash": {}}}),
        json!({"consistentHash": {"maglev": {}}}),
    ] {
        let upstream = compiled(
            json!({"discovery": endpoints(&["10.0.0.1", "10.0.0.2", "10.0.0.3"]), "loadBalancing": balancing}),
        );
        for number in 0..100 {
            let mut avoid = Vec::new();
            for _ in 0..3 {
                let picked = upstream
                    .pick(&Choice { hash: Some(number), avoid: &avoid, ..Choice::default() })
                    .unwrap();
                assert!(!avoid.iter().any(|avoided: &Arc<Endpoint>| avoided.id == picked.id), "{balancing}");
                avoid.push(picked);
            }
            // When all have failed, one of them is better than none.
            assert!(upstream.pick(&Choice { avoid: &avoid, ..Choice::default() }).is_some());
        }
    }
}

#[test]
fn priorities_that_were_tried_are_left_while_there_are_others() {
    let upstream = compiled(json!({"discovery": groups(json!([
        {"endpoints": [at("10.0.0.1"), at("10.0.0.2")]},
        {"endpoints": [at("10.1.0.1")], "priority": 1},
        {"endpoints": [at("10.2.0.1")], "priority": 2},
    ]))}));
    let mut leave = Vec::new();
    for expected in ["10.0.", "10.1.", "10.2."] {
        for number in 0..100 {
            let choice = Choice { hash: Some(number), leave: &leave, ..Choice::default() };
            let picked = upstream.pick(&choice).unwrap();
            assert!(picked.address.to_string().starts_with(expected), "{} for {expected}", picked.address);
            if number == 99 {
                leave.push(picked);
            }
        }
    }
    let all_were_tried = Choice { leave: &leave, ..Choice::default() };
    assert!(upstream.pick(&all_were_tried).unwrap().address.to_string().starts_with("10.0."));
}

#[test]
fn the_original_destination_is_where_it_goes() {
    let dialled: SocketAddr = "10.9.8.7:8080".parse().unwrap();
    let choice = Choice { original: Some(dialled), ..Choice::default() };
    let plain = compiled(json!({"discovery": {"originalDestination": {}}}));
    let picked = plain.pick(&choice).unwrap();
    assert_eq!(picked.address.to_string(), "10.9.8.7:8080");
    assert_eq!(picked.id, plain.pick(&choice).unwrap().id);
    assert!(pick(&plain).is_none());
    assert_eq!(listed(&plain), ["10.9.8.7:8080"]);
    let other_port = compiled(json!({"discovery": {"originalDestination": {"portOverride": 15_006}}}));
    assert_eq!(other_port.pick(&choice).unwrap().address.to_string(), "10.9.8.7:15006");
}
