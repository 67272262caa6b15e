//! Settings of the proxy process (translation-spec §1).

mod process;
mod statistics;

use std::collections::BTreeMap;
use std::time::Duration;

use meshc_api::mesh_config::TracingServiceName;
use meshc_diagnostics::Diagnostics;
use meshc_model::{Interception, Workload};
use meshc_plan::{BootstrapPlan, InterceptionMode};
use serde_json::{Value, json};

pub(crate) use process::states_log_service;

use self::process::Process;
use crate::context::ProxyContext;
use crate::proxy::inbound_capture_port;
use crate::upstream::parse_locality;
use crate::{kubernetes, telemetry};

/// What Istio calls a proxy whose service nobody named.
const DEFAULT_SERVICE_CLUSTER: &str = "istio-proxy";

/// Labels that name the service of a workload, the first one first.
const SERVICE_LABELS: [&str; 3] = ["app", "app.kubernetes.io/name", CANONICAL_NAME];

/// Label with the canonical name of a workload.
const CANONICAL_NAME: &str = "service.istio.io/canonical-name";

/// Settings of the process of a proxy.
pub(crate) fn bootstrap(cx: &ProxyContext<'_>, diags: &mut Diagnostics) -> BootstrapPlan {
    let config = &cx.workload.proxy_config;
    let Process { upstreams, tracer, sinks } = process::process(cx, diags);
    let time = |stated: Option<meshc_api::Duration>, default| {
        stated.map_or(Duration::from_secs(default), |time| time.0)
    };
    let port = |key: &str, default| {
        cx.workload.metadata.get(key).and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    BootstrapPlan {
        service_cluster: service_cluster(cx.workload),
        metadata: metadata(cx),
        locality: cx.workload.locality.as_deref().map(parse_locality),
        concurrency: config
            .concurrency
            .and_then(|count| u32::try_from(count).ok())
            .filter(|count| *count > 0),
        admin_port: u16::try_from(config.proxy_admin_port).ok().filter(|port| *port > 0).unwrap_or(15000),
        status_port: port("ENVOY_STATUS_PORT", 15021),
        prometheus_port: port("ENVOY_PROMETHEUS_PORT", 15090),
        probes: kubernetes::bridge(cx.mesh, cx.workload),
        interception: match cx.workload.interception {
            Interception::Redirect => InterceptionMode::Redirect,
            Interception::Tproxy => InterceptionMode::Tproxy,
            Interception::None => InterceptionMode::None,
        },
        outbound_port: u16::try_from(cx.mesh.config.proxy_listen_port).unwrap_or(15001),
        inbound_port: inbound_capture_port(cx),
        drain_duration: time(config.drain_duration, 45),
        extra_stat_tags: statistics::extra_stat_tags(cx.workload),
        stats_inclusion: statistics::inclusion(cx.workload),
        stats: statistics::settings(cx.workload, sinks, diags),
        upstreams,
        tracer,
        runtime_values: config.runtime_values.clone(),
        connection_limit: connection_limit(cx.workload),
        termination_drain: time(config.termination_drain_duration, 5),
        log_files: telemetry::log_files(cx),
        file_flush_interval: time(config.file_flush_interval, 1),
    }
}

/// The limit of all connections: that of `connectionSettings`, else of the metadata, else of the runtime key that Envoy had
/// for it before.
fn connection_limit(workload: &Workload) -> Option<u32> {
    let config = &workload.proxy_config;
    let settings = config.connection_settings.as_ref();
    let stated = settings.and_then(|settings| settings.global_downstream_connection_limit);
    let text = |text: Option<&String>| text.and_then(|text| text.parse::<u32>().ok());
    stated
        .filter(|limit| *limit > 0)
        .or_else(|| text(workload.metadata.get("GLOBAL_DOWNSTREAM_MAX_CONNECTIONS")))
        .or_else(|| text(config.runtime_values.get("overload.global_downstream_max_connections")))
}

/// `node.cluster`: what `serviceCluster` states, else the service by its labels with the namespace, as
/// `tracingServiceName` says.
pub(crate) fn service_cluster(workload: &Workload) -> String {
    let stated = &workload.proxy_config.service_cluster;
    if !stated.is_empty() && stated != DEFAULT_SERVICE_CLUSTER {
        return stated.clone();
    }
    let namespace = workload.namespace();
    let canonical = workload.labels.get(CANONICAL_NAME).filter(|name| *name != DEFAULT_SERVICE_CLUSTER);
    match (workload.proxy_config.tracing_service_name, canonical) {
        (Some(TracingServiceName::CanonicalNameOnly), Some(name)) => return name.clone(),
        (Some(TracingServiceName::CanonicalNameAndNamespace), Some(name)) => {
            return format!("{name}.{namespace}");
        }
        _ => {}
    }
    let label =
        SERVICE_LABELS.iter().find_map(|key| workload.labels.get(*key).filter(|name| !name.is_empty()));
    format!("{}.{namespace}", label.map_or(workload.workload_name(), String::as_str))
}

/// Metadata of the node that is known at build time: what Istio's own filters and people's dashboards read. Name and
/// addresses of the pod are known only at run time.
fn metadata(cx: &ProxyContext<'_>) -> BTreeMap<String, Value> {
    let workload = cx.workload;
    let mesh_id = &workload.proxy_config.mesh_id;
    let mut metadata: BTreeMap<String, Value> =
        workload.metadata.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    let mut add = |key: &str, value: Value| {
        metadata.entry(key.to_owned()).or_insert(value);
    };
    add("NAMESPACE", json!(workload.namespace()));
    add("SERVICE_ACCOUNT", json!(workload.identity.service_account));
    add("WORKLOAD_NAME", json!(workload.workload_name()));
    add("OWNER", json!(owner(workload)));
    add("LABELS", json!(workload.labels));
    add("CLUSTER_ID", json!(cx.mesh.options.cluster_id));
    add("MESH_ID", json!(if mesh_id.is_empty() { &cx.mesh.config.trust_domain } else { mesh_id }));
    add(
        "INTERCEPTION_MODE",
        json!(match workload.interception {
            Interception::Redirect => "REDIRECT",
            Interception::Tproxy => "TPROXY",
            Interception::None => "NONE",
        }),
    );
    if !workload.containers.is_empty() {
        add("APP_CONTAINERS", json!(workload.containers.join(",")));
    }
    if let Some(network) = &workload.network {
        add("NETWORK", json!(network));
    }
    metadata
}

/// The object that owns the pods, as Istio spells it.
fn owner(workload: &Workload) -> String {
    format!(
        "kubernetes://apis/{}/namespaces/{}/{}s/{}",
        workload.api_version,
        workload.namespace(),
        workload.object.kind.to_ascii_lowercase(),
        workload.object.name
    )
}
