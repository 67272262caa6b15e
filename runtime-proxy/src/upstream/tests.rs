//! Whole upstreams.

mod ejecting;
mod picking;
mod reaching;
mod replacing;

use std::sync::Arc;

use meshc_contract::proxy::Upstream as Settings;
use serde_json::{Value, json};

use super::{Choice, Endpoint, Upstream};
use crate::tls::Store;
use crate::tls::tests::authority;

/// Settings with these parts replaced.
pub(super) fn settings(parts: Value) -> Settings {
    let mut settings = json!({
        "discovery": {"endpoints": {"groups": [], "refreshRate": "30s", "family": "all"}},
        "connectTimeout": "5s",
        "protocol": "http1",
        "loadBalancing": "roundRobin",
        "tls": "none",
    });
    let (Value::Object(all), Value::Object(parts)) = (&mut settings, parts) else { panic!("no objects") };
    all.extend(parts);
    serde_json::from_value(settings).unwrap()
}

/// Groups of endpoints.
pub(super) fn groups(groups: Value) -> Value {
    json!({"endpoints": {"groups": groups, "refreshRate": "30s", "family": "all"}})
}

/// An endpoint on port 80.
pub(super) fn at(ip: &str) -> Value {
    json!({"address": {"ip": [ip, 80]}})
}

/// A name on port 80.
pub(super) fn name(name: &str) -> Value {
    json!({"address": {"name": [name, 80]}})
}

/// One group of endpoints.
pub(super) fn endpoints(ips: &[&str]) -> Value {
    groups(json!([{"endpoints": ips.iter().map(|ip| at(ip)).collect::<Vec<_>>()}]))
}

fn store() -> Store {
    Store::new(&authority::config(authority::WORKLOAD, std::path::Path::new("/none")))
}

pub(super) fn compiled(parts: Value) -> Arc<Upstream> {
    Upstream::compile("test", &settings(parts), None, &store()).unwrap()
}

pub(super) fn recompiled(parts: Value, previous: &Arc<Upstream>) -> Arc<Upstream> {
    Upstream::compile("test", &settings(parts), Some(previous), &store()).unwrap()
}

pub(super) fn pick(upstream: &Upstream) -> Option<Arc<Endpoint>> {
    upstream.pick(&Choice::default())
}

/// Addresses of all endpoints, those that are not healthy with a `!`.
pub(super) fn listed(upstream: &Upstream) -> Vec<String> {
    let spelled = |(endpoint, healthy): &(Arc<Endpoint>, bool)| {
        format!("{}{}", endpoint.address, if *healthy { "" } else { "!" })
    };
    upstream.endpoints().iter().map(spelled).collect()
}

/// How many of so many picks go to addresses that begin so.
pub(super) fn picks(upstream: &Upstream, count: usize, start: &str) -> usize {
    let picked = (0..count).filter_map(|_| pick(upstream));
    picked.filter(|endpoint| endpoint.address.to_string().starts_with(start)).count()
}
