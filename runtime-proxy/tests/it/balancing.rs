//! Which server gets a request.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::http::{Backend, HttpProxy, get, http, start, to};
use crate::proxy::upstream;

const NAMES: [&str; 3] = ["a", "b", "c"];

fn backends() -> Vec<Backend> {
    NAMES.iter().map(|name| Backend::saying(name)).collect()
}

fn over(backends: &[Backend], balancing: Value) -> HttpProxy {
    let endpoint = |backend: &Backend| json!({"address": {"ip": [backend.address.ip().to_string(), backend.address.port()]}});
    let mut all = upstream(backends[0].address);
    all["discovery"]["endpoints"]["groups"][0]["endpoints"] = backends.iter().map(endpoint).collect();
    all["loadBalancing"] = balancing;
    let mut route = to("server");
    route["action"]["forward"]["hashPolicies"] = json!([{"header": "x-user"}]);
    start("outbound", &http(&json!([route])), &[("server", all)])
}

/// How many of some requests each server answers.
fn shares(proxy: &HttpProxy, requests: usize) -> BTreeMap<String, usize> {
    let mut shares = BTreeMap::new();
    for _ in 0..requests {
        *shares.entry(get(proxy.port, "/", &[]).body).or_default() += 1;
    }
    shares
}

#[test]
fn turns_are_taken_over_all_threads() {
    let proxy = over(&backends(), json!("roundRobin"));
    let shares = shares(&proxy, 30);
    assert!(NAMES.iter().all(|name| shares.get(*name) == Some(&10)), "{shares:?}");
}

#[test]
fn random_and_least_request_reach_everybody() {
    for balancing in ["random", "leastRequest"] {
        let shares = shares(&over(&backends(), json!(balancing)), 60);
        assert_eq!(shares.len(), 3, "{balancing}: {shares:?}");
    }
}

#[test]
fn a_header_picks_the_same_server_with_every_proxy() {
    for kind in [json!({"ringHash": {}}), json!({"maglev": {}})] {
        let backends = backends();
        let balancing = json!({"consistentHash": kind});
        let (one, other) = (over(&backends, balancing.clone()), over(&backends, balancing));
        let mut reached = BTreeMap::new();
        for number in 0..20 {
            let user = format!("user-{number}");
            let ask = |proxy: &HttpProxy| get(proxy.port, "/", &[("x-user", &user)]).body;
            let first = ask(&one);
            assert_eq!((&ask(&one), &ask(&other)), (&first, &first), "{kind} {user}");
            *reached.entry(first).or_insert(0) += 1;
        }
        assert!(reached.len() > 1, "{kind}: {reached:?}");
    }
}
