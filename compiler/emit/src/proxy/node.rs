//! What one proxy needs for itself.

use meshc_contract::proxy::{Admin, Node, PROXY_CONFIG_VERSION, ProxyConfig};
use meshc_plan::{BootstrapPlan, InterceptionMode, ProxyPlan, StatsInclusion};

use super::findings::Site;
use super::{feature, key_material};

/// The configuration of a proxy without its listeners, tables, upstreams and peers.
pub(super) fn head(proxy: &ProxyPlan, site: &mut Site<'_>) -> ProxyConfig {
    let BootstrapPlan {
        // The service in traces.
        service_cluster: _,
        metadata,
        locality: _,
        concurrency,
        admin_port,
        status_port,
        prometheus_port,
        probes,
        interception,
        outbound_port: _,
        inbound_port: _,
        drain_duration,
        extra_stat_tags,
        stats_inclusion,
    } = &proxy.bootstrap;
    if *interception == InterceptionMode::Tproxy {
        site.lacks(&feature::TPROXY, "");
    }
    if !extra_stat_tags.is_empty() || *stats_inclusion != StatsInclusion::default() {
        site.lacks(&feature::STATISTICS, "");
    }
    ProxyConfig {
        version: PROXY_CONFIG_VERSION,
        node: Node {
            labels: proxy.labels.clone(),
            identity: proxy.identity.clone(),
            mesh: metadata.get("MESH_ID").and_then(|id| id.as_str()).unwrap_or_default().to_owned(),
        },
        identity: key_material::identity_files(),
        admin: Admin {
            port: *admin_port,
            status_port: *status_port,
            prometheus_port: *prometheus_port,
            probes: probes.clone(),
        },
        drain_duration: *drain_duration,
        concurrency: *concurrency,
        listeners: Vec::new(),
        route_tables: [].into(),
        upstreams: [].into(),
        peers: [].into(),
    }
}
