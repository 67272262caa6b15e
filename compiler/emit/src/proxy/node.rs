//! What one proxy needs for itself.

use meshc_contract::proxy::{Admin, Node, PROXY_CONFIG_VERSION, ProxyConfig};
use meshc_plan::{
    BootstrapPlan, InterceptionMode, ProcessUpstream, ProxyPlan, StatsInclusion, StatsSettings, UpstreamName,
};

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
        stats,
        upstreams,
        tracer,
        runtime_values,
        connection_limit,
        // What the life cycle of the pod says.
        termination_drain: _,
        // Lines are written as they come.
        log_files: _,
        file_flush_interval: _,
    } = &proxy.bootstrap;
    if *interception == InterceptionMode::Tproxy {
        site.lacks(&feature::TPROXY, "");
    }
    if !extra_stat_tags.is_empty() || *stats_inclusion != StatsInclusion::default() {
        site.lacks(&feature::STATISTICS, "");
    }
    statistics(stats, site);
    if tracer.is_some() {
        site.lacks(&feature::TRACING, "");
    }
    let log_service = UpstreamName::Process(ProcessUpstream::AccessLogService);
    if upstreams.iter().any(|upstream| upstream.name == log_service) {
        site.lacks(&feature::LOG_SERVICE, "`envoyAccessLogService`");
    }
    if let Some(key) = runtime_values.keys().next() {
        site.lacks(&feature::RUNTIME_VALUES, format_args!("`{key}`"));
    }
    if let Some(limit) = connection_limit {
        site.lacks(&feature::CONNECTION_LIMIT, format_args!("{limit}"));
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

/// The proxy answers Prometheus, in plain text, and sends nothing.
fn statistics(stats: &StatsSettings, site: &mut Site<'_>) {
    let StatsSettings { flush_interval, eviction_interval, histograms, sinks, uncompressed: _ } = stats;
    if flush_interval.is_some() || !sinks.is_empty() {
        site.lacks(&feature::STATISTICS_SINKS, "");
    }
    if eviction_interval.is_some() || !histograms.is_empty() {
        site.lacks(&feature::HISTOGRAMS, "");
    }
}
