//! The container of the proxy.

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_plan::{
    BootstrapPlan, CaptureMode, Injection, ProxyContainer, ProxyRole, ProxyTarget, TrafficCapture,
    WorkloadLabels,
};
use serde_json::{Value, json};

use super::inject::Context;
use super::pods::Fields;
use super::{at_origin, life_cycle, overlay};
use crate::envoy::{CANONICAL_REVISION, CANONICAL_SERVICE, CONFIG_DIRECTORY};
use crate::proxy::{CONFIG_FILE, feature};

/// Its name. Dashboards and people look for it.
pub(super) const PROXY_CONTAINER: &str = "istio-proxy";

/// Where the images of Envoy and of Istio have the program.
const ENVOY: &str = "/usr/local/bin/envoy";

/// Where the image of the bundled proxy has the program.
const MESHC_PROXY: &str = "/usr/local/bin/meshc-proxy";

/// Worker threads where nothing states them: what Istio's default limit of two CPUs gives.
const DEFAULT_CONCURRENCY: u32 = 2;

/// The container. `stated` are fields that people state about it, `mounts` what it sees of volumes,
/// `pause` the seconds before it is told to stop.
pub(super) fn container(
    context: &Context<'_>,
    stated: Option<Fields>,
    mounts: Vec<Value>,
    pause: Option<u64>,
) -> Value {
    let Context { options, injection, proxy, emitted, .. } = context;
    let ProxyContainer { image, volume_mounts, .. } = &injection.container;
    let mut fields = Fields::new();
    let mut set = |key: &str, value: Value| {
        fields.insert(key.to_owned(), value);
    };
    set("name", PROXY_CONTAINER.into());
    let (program, default_image, arguments) = match emitted.target() {
        ProxyTarget::Envoy => (ENVOY, &options.proxy_image, envoy_arguments(context)),
        ProxyTarget::MeshcProxy => (MESHC_PROXY, &options.meshc_proxy_image, proxy_arguments()),
    };
    set("image", image.as_ref().unwrap_or(default_image).as_str().into());
    set("command", json!([program]));
    set("args", arguments.into());
    set("env", environment(&proxy.labels));
    let prometheus = proxy.bootstrap.prometheus_port;
    set("ports", json!([{"containerPort": prometheus, "name": "http-envoy-prom", "protocol": "TCP"}]));
    set("startupProbe", startup_probe(&proxy.bootstrap));
    set("readinessProbe", readiness_probe(&proxy.bootstrap, &injection.container));
    set("resources", resources(&injection.container));
    set("securityContext", security_context(injection.capture.as_ref()));
    let stated_mounts = volume_mounts.iter().map(|(name, mount)| named(name, mount));
    set("volumeMounts", mounts.into_iter().chain(stated_mounts).collect());
    if proxy.role == ProxyRole::Sidecar {
        set("restartPolicy", "Always".into());
    }
    if let Some(seconds) = pause {
        set("lifecycle", life_cycle::pause(seconds));
    }
    if let Some(stated) = stated {
        overlay::lay_over(&mut fields, stated);
    }
    Value::Object(fields)
}

/// Says that annotations state log levels which the program does not have.
pub(super) fn report_log_levels(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let Context { manifest, injection, emitted, .. } = context;
    let ProxyContainer { log_level, component_log_level, .. } = &injection.container;
    let stated = log_level.is_some() || component_log_level.is_some();
    if !stated || emitted.target() == ProxyTarget::Envoy {
        return;
    }
    let message = format!(
        "the proxy of {} is asked for what `meshc-proxy` does not have: {}",
        manifest.object,
        feature::LOG_LEVELS.name
    );
    let finding = Diagnostic::new(&codes::NOT_DONE_BY_PROXY, message)
        .consequence(feature::LOG_LEVELS.consequence)
        .help("take the annotation away");
    diagnostics.push(at_origin(finding, &manifest.origin));
}

/// A value with its name, which Kubernetes writes into it.
pub(super) fn named(name: &str, value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(fields) = value.as_object_mut() {
        fields.insert("name".to_owned(), name.into());
    }
    value
}

/// The command line of the bundled proxy, whose configuration says everything else.
fn proxy_arguments() -> Vec<String> {
    let config = format!("{CONFIG_DIRECTORY}/{CONFIG_FILE}");
    ["run".to_owned(), "--config".to_owned(), config].into()
}

/// The command line of Envoy: what is known only where the pod runs, which the kubelet fills in, and what the bootstrap cannot
/// say.
fn envoy_arguments(context: &Context<'_>) -> Vec<String> {
    let Context { manifests, injection: Injection { container, .. }, proxy, config, .. } = context;
    let BootstrapPlan { service_cluster, concurrency, drain_duration, file_flush_interval, .. } =
        &proxy.bootstrap;
    let role = match proxy.role {
        ProxyRole::Sidecar => "sidecar",
        ProxyRole::Gateway => "router",
    };
    let node =
        format!("{role}~$(POD_IP)~$(POD_NAME).$(POD_NAMESPACE)~$(POD_NAMESPACE).svc.{}", manifests.domain);
    let log_level = container.log_level.as_deref().unwrap_or("warning");
    let component_log_level = container.component_log_level.as_deref().unwrap_or("misc:error");
    let drain_seconds = drain_duration.as_secs().to_string();
    let flush_millis = file_flush_interval.as_millis().to_string();
    let concurrency = concurrency.unwrap_or(DEFAULT_CONCURRENCY).to_string();
    let bootstrap = format!("{CONFIG_DIRECTORY}/bootstrap.json");
    [
        ("--config-path", bootstrap.as_str()),
        ("--service-node", &node),
        ("--service-cluster", service_cluster),
        ("--concurrency", &concurrency),
        ("--drain-time-s", &drain_seconds),
        ("--drain-strategy", "immediate"),
        ("--file-flush-interval-msec", &flush_millis),
        ("--log-level", log_level),
        ("--component-log-level", component_log_level),
    ]
    .into_iter()
    .flat_map(|(option, value)| [option.to_owned(), value.to_owned()])
    // Nothing restarts the process within its pod, and memory shared by all pods of a node would let them meet.
    .chain(["--disable-hot-restart".to_owned()])
    // Files of resources are read as strictly as the bootstrap.
    .chain(config.is_split().then(|| "--reject-unknown-dynamic-fields".to_owned()))
    .collect()
}

/// What is known only where the pod runs, and what distinguishes its configuration from that of others of its namespace.
fn environment(labels: &WorkloadLabels) -> Value {
    let field =
        |name: &str, path: &str| json!({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}});
    json!([
        field("POD_NAME", "metadata.name"),
        field("POD_NAMESPACE", "metadata.namespace"),
        field("POD_IP", "status.podIP"),
        {"name": CANONICAL_SERVICE, "value": labels.canonical_service},
        {"name": CANONICAL_REVISION, "value": labels.canonical_revision},
    ])
}

/// Containers that come later start when the proxy takes traffic.
fn startup_probe(bootstrap: &BootstrapPlan) -> Value {
    json!({
        "httpGet": {"path": "/healthz/ready", "port": bootstrap.status_port},
        "periodSeconds": 1,
        "timeoutSeconds": 3,
        "failureThreshold": 600,
    })
}

fn readiness_probe(bootstrap: &BootstrapPlan, container: &ProxyContainer) -> Value {
    let ProxyContainer { readiness_initial_delay, readiness_period, readiness_failures, .. } = container;
    let mut probe = json!({
        "httpGet": {"path": "/healthz/ready", "port": bootstrap.status_port},
        "periodSeconds": readiness_period.unwrap_or(15),
        "timeoutSeconds": 3,
        "failureThreshold": readiness_failures.unwrap_or(4),
    });
    if let Some(seconds) = readiness_initial_delay.filter(|seconds| *seconds > 0) {
        probe["initialDelaySeconds"] = seconds.into();
    }
    probe
}

/// Istio's defaults, unless anything is stated.
pub(super) fn resources(container: &ProxyContainer) -> Value {
    let ProxyContainer { requests, limits, .. } = container;
    if requests.is_empty() && limits.is_empty() {
        return json!({
            "limits": {"cpu": "2", "memory": "1Gi"},
            "requests": {"cpu": "100m", "memory": "128Mi"},
        });
    }
    let stated: BTreeMap<&str, &BTreeMap<String, String>> =
        [("limits", limits), ("requests", requests)].into_iter().filter(|(_, map)| !map.is_empty()).collect();
    json!(stated)
}

/// The proxy needs nothing of the system, but for TPROXY, whose sockets take connections to addresses of others.
fn security_context(capture: Option<&TrafficCapture>) -> Value {
    let transparent = capture.is_some_and(|capture| capture.mode == CaptureMode::Tproxy);
    let capabilities =
        if transparent { json!({"add": ["NET_ADMIN"], "drop": ["ALL"]}) } else { json!({"drop": ["ALL"]}) };
    let (user, group) = capture.map_or((1337, 1337), |capture| (capture.proxy_user, capture.proxy_group));
    json!({
        "allowPrivilegeEscalation": false,
        "capabilities": capabilities,
        "privileged": false,
        "readOnlyRootFilesystem": true,
        "runAsGroup": group,
        "runAsNonRoot": !transparent,
        "runAsUser": if transparent { 0 } else { user },
        "seccompProfile": {"type": "RuntimeDefault"},
    })
}
