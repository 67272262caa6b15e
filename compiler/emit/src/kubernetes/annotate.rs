//! Labels and annotations of injected objects and of their pods.

use meshc_contract::metadata::{CONFIG_DIGEST_ANNOTATION, MESH_LABEL, SOURCE_ANNOTATION, WORKLOAD_LABEL};
use meshc_plan::ProxyRole;
use serde_json::Value;

use super::container::PROXY_CONTAINER;
use super::inject::Context;
use super::name;
use super::pods::{self, Fields, default_text};

/// Marks the object itself. What people say about their object with the labels that all tools share stays.
pub(super) fn object(context: &Context<'_>, object: &mut Value) {
    let mesh = name::label_value(&context.manifests.mesh);
    let meta = pods::child(pods::fields(object), "metadata");
    let labels = pods::child(meta, "labels");
    default_text(labels, "app.kubernetes.io/managed-by", "meshc");
    default_text(labels, "app.kubernetes.io/part-of", mesh.as_str());
    default_text(labels, "app.kubernetes.io/component", "injected");
    labels.insert(MESH_LABEL.to_owned(), mesh.into());
    labels.insert(WORKLOAD_LABEL.to_owned(), name::label_value(&context.proxy.workload.name).into());
    if let Some(file) = context.manifests.file(&context.manifest.origin) {
        pods::child(meta, "annotations").insert(SOURCE_ANNOTATION.to_owned(), file.into());
    }
}

/// Marks the pods: labels that Istio's telemetry and other proxies read, the digest whose change replaces the pods, and what
/// tells kubectl and Prometheus the containers apart.
pub(super) fn pods(context: &Context<'_>, pods: &mut Fields) {
    let application = application(pods);
    let meta = pods::child(pods, "metadata");
    let labels = pods::child(meta, "labels");
    for (key, value) in &context.injection.labels {
        default_text(labels, key, value.as_str());
    }
    let annotations = pods::child(meta, "annotations");
    annotations.insert(CONFIG_DIGEST_ANNOTATION.to_owned(), context.config.digest.as_str().into());
    if let (ProxyRole::Sidecar, Some(container)) = (context.proxy.role, application) {
        default_text(annotations, "kubectl.kubernetes.io/default-container", container.as_str());
        default_text(annotations, "kubectl.kubernetes.io/default-logs-container", container);
    }
    let silent = !annotations.keys().any(|key| key.starts_with("prometheus.io/"));
    if context.injection.scraped && silent {
        let port = context.proxy.bootstrap.prometheus_port.to_string();
        for (key, value) in [("scrape", "true"), ("port", &port), ("path", "/stats/prometheus")] {
            default_text(annotations, &format!("prometheus.io/{key}"), value);
        }
    }
}

/// The first container of the application.
fn application(pods: &Fields) -> Option<String> {
    let spec = pods.get("spec")?.as_object()?;
    let mut names = pods::items(spec, "containers").filter_map(pods::name);
    names.find(|name| *name != PROXY_CONTAINER).map(str::to_owned)
}
