//! Settings of the proxy process (translation-spec §1).

use std::collections::BTreeMap;
use std::time::Duration;

use meshc_api::mesh_config::TracingServiceName;
use meshc_model::{Interception, Workload};
use meshc_plan::{BootstrapPlan, InterceptionMode, StatsInclusion};
use serde_json::{Value, json};

use crate::context::ProxyContext;
use crate::kubernetes;
use crate::proxy::inbound_capture_port;
use crate::upstream::parse_locality;

/// What Istio calls a proxy whose service nobody named.
const DEFAULT_SERVICE_CLUSTER: &str = "istio-proxy";

/// Labels that name the service of a workload, the first one first.
const SERVICE_LABELS: [&str; 3] = ["app", "app.kubernetes.io/name", CANONICAL_NAME];

/// Label with the canonical name of a workload.
const CANONICAL_NAME: &str = "service.istio.io/canonical-name";

/// Settings of the process of a proxy.
pub(crate) fn bootstrap(cx: &ProxyContext<'_>) -> BootstrapPlan {
    let config = &cx.workload.proxy_config;
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
        drain_duration: config.drain_duration.map_or(Duration::from_secs(45), |time| time.0),
        extra_stat_tags: extra_stat_tags(cx.workload),
        stats_inclusion: stats_inclusion(cx.workload),
    }
}

/// `node.cluster`: what `serviceCluster` states, else the service by its labels with the namespace, as
/// `tracingServiceName` says.
fn service_cluster(workload: &Workload) -> String {
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

/// Texts of an annotation that are separated by commas, if it is there.
fn list<'a>(workload: &'a Workload, annotation: &str) -> Option<Vec<&'a str>> {
    let text = workload.annotations.get(annotation)?;
    Some(text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect())
}

/// `extraStatTags` of ProxyConfig and of the annotation, each once.
fn extra_stat_tags(workload: &Workload) -> Vec<String> {
    let stated = list(workload, "sidecar.istio.io/extraStatTags").unwrap_or_default();
    let all = workload.proxy_config.extra_stat_tags.iter().map(String::as_str).chain(stated);
    let mut tags: Vec<String> = Vec::new();
    for tag in all {
        if !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }
    tags
}

/// Statistics that are kept besides Istio's: an annotation replaces the list of ProxyConfig.
fn stats_inclusion(workload: &Workload) -> StatsInclusion {
    let matcher = workload.proxy_config.proxy_stats_matcher.clone().unwrap_or_default();
    let pick = |annotation: &str, configured: Vec<String>| match list(workload, annotation) {
        Some(stated) => stated.into_iter().map(str::to_owned).collect(),
        None => configured,
    };
    StatsInclusion {
        prefixes: pick("sidecar.istio.io/statsInclusionPrefixes", matcher.inclusion_prefixes),
        suffixes: pick("sidecar.istio.io/statsInclusionSuffixes", matcher.inclusion_suffixes),
        regexps: pick("sidecar.istio.io/statsInclusionRegexps", matcher.inclusion_regexps),
    }
}
