//! What is in force, as JSON. The configuration holds paths of keys, never keys.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::Admin;

fn spelled(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value)
        .map_or_else(|error| json!({ "error": error.to_string() }).to_string(), |text| text + "\n")
}

/// `/config_dump`.
pub(super) fn config(admin: &Admin) -> String {
    let config = admin.context.shared.load_full();
    let endpoints = |upstream: &crate::upstream::Upstream| -> Vec<Value> {
        let one = |(endpoint, healthy): &(std::sync::Arc<crate::upstream::Endpoint>, bool)| json!({ "address": endpoint.address.to_string(), "host": endpoint.hostname.as_deref(), "healthy": healthy, "active": endpoint.active() });
        upstream.endpoints().iter().map(one).collect()
    };
    let endpoints: serde_json::Map<String, Value> =
        config.upstreams.iter().map(|(name, upstream)| (name.clone(), endpoints(upstream).into())).collect();
    spelled(&json!({
        "digest": config.digest,
        "reload": admin.status.told(),
        "config": config.source,
        "endpoints": endpoints,
    }))
}

/// `/certs`, in Envoy's layout.
pub(super) fn certificates(admin: &Admin) -> String {
    let config = admin.context.shared.load();
    spelled(&json!({ "certificates": config.tls.certificates() }))
}

/// `/server_info`, with Envoy's names where it has them.
pub(super) fn server(admin: &Admin) -> String {
    let config = admin.context.shared.load();
    let seconds = |time: Duration| format!("{}s", time.as_secs());
    spelled(&json!({
        "version": format!("meshc-proxy/{}", env!("CARGO_PKG_VERSION")),
        "state": admin.state().name(),
        "uptime_current_epoch": seconds(admin.started.elapsed()),
        "uptime_all_epochs": seconds(admin.started.elapsed()),
        "concurrency": admin.threads,
        "digest": config.digest,
        "node": config.source.node,
    }))
}
