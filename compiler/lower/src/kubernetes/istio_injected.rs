//! Pods that Istio's injector has been at: what it put in is taken out, so that the proxy is not put in twice.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::probe::ORIGINAL_PROBES;
use super::{INIT_CONTAINER, PROXY_CONTAINER};

/// Annotation in which Istio's injector lists what it put in.
const STATUS: &str = "sidecar.istio.io/status";
/// Annotation with containers that it laid its own over.
const OVERRIDES: &str = "proxy.istio.io/overrides";
/// Variable of its container with the annotations for Prometheus that it replaced.
const ORIGINAL_SCRAPING: &str = "ISTIO_PROMETHEUS_ANNOTATIONS";
/// Annotations that it replaces, by the keys of that variable.
const SCRAPING: [(&str, &str); 3] =
    [("scrape", "prometheus.io/scrape"), ("port", "prometheus.io/port"), ("path", "prometheus.io/path")];

/// The content of [`STATUS`].
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    init_containers: Option<Vec<String>>,
    containers: Option<Vec<String>>,
    volumes: Option<Vec<String>>,
}

/// The content of [`OVERRIDES`].
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Overrides {
    init_containers: Vec<Value>,
    containers: Vec<Value>,
}

/// Takes out of pods what Istio's injector put in. Whether it had been there.
pub(super) fn strip(pods: &mut Value) -> bool {
    let annotation = |pods: &Value, key: &str| -> Option<String> {
        Some(pods.get("metadata")?.get("annotations")?.get(key)?.as_str()?.to_owned())
    };
    let Some(status) = annotation(pods, STATUS) else { return false };
    let Status { init_containers, containers, volumes } = serde_json::from_str(&status).unwrap_or_default();
    let overrides = annotation(pods, OVERRIDES).and_then(|text| serde_json::from_str(&text).ok());
    let overrides: Overrides = overrides.unwrap_or_default();
    let variables = variables(pods);
    if let Some(spec) = pods.get_mut("spec").and_then(Value::as_object_mut) {
        for (list, names) in
            [("initContainers", init_containers), ("containers", containers), ("volumes", volumes)]
        {
            remove(spec, list, &names.unwrap_or_default());
        }
        let stated = overrides.init_containers.into_iter().chain(overrides.containers);
        for container in stated {
            let list = if name(&container) == Some(INIT_CONTAINER) { "initContainers" } else { "containers" };
            let entry = spec.entry(list).or_insert_with(|| Value::Array(Vec::new()));
            if let Some(containers) = entry.as_array_mut() {
                containers.push(container);
            }
        }
        if let Some(originals) =
            variables.get(ORIGINAL_PROBES).and_then(|text| serde_json::from_str(text).ok())
        {
            restore_probes(spec, &originals);
        }
    }
    if let Some(annotations) = pods.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        for key in [STATUS, OVERRIDES, "istio.io/rev"] {
            annotations.remove(key);
        }
        restore_scraping(annotations, variables.get(ORIGINAL_SCRAPING));
    }
    true
}

fn name(item: &Value) -> Option<&str> {
    item.get("name").and_then(Value::as_str)
}

/// Variables with a literal value of the container that was put in.
fn variables(pods: &Value) -> BTreeMap<String, String> {
    let lists = ["/spec/initContainers", "/spec/containers"].into_iter();
    let containers = lists.filter_map(|list| pods.pointer(list)?.as_array()).flatten();
    let mut proxies = containers.filter(|container| name(container) == Some(PROXY_CONTAINER));
    let env = proxies.find_map(|proxy| proxy.get("env")?.as_array());
    let pair =
        |variable: &Value| Some((name(variable)?.to_owned(), variable.get("value")?.as_str()?.to_owned()));
    env.into_iter().flatten().filter_map(pair).collect()
}

fn remove(spec: &mut Map<String, Value>, list: &str, names: &[String]) {
    let Some(items) = spec.get_mut(list).and_then(Value::as_array_mut) else { return };
    items.retain(|item| name(item).is_none_or(|name| !names.iter().any(|listed| listed == name)));
    if items.is_empty() {
        spec.remove(list);
    }
}

fn restore_probes(spec: &mut Map<String, Value>, originals: &BTreeMap<String, Value>) {
    for list in ["initContainers", "containers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            for path in [
                "/livenessProbe",
                "/readinessProbe",
                "/startupProbe",
                "/lifecycle/postStart",
                "/lifecycle/preStop",
            ] {
                if let Some(action) = container.pointer_mut(path).and_then(Value::as_object_mut) {
                    restore_probe(action, originals);
                }
            }
        }
    }
}

fn restore_probe(probe: &mut Map<String, Value>, originals: &BTreeMap<String, Value>) {
    let path = probe.get("httpGet").and_then(|action| action.get("path")).and_then(Value::as_str);
    let Some(original) = path.and_then(|path| originals.get(path)) else { return };
    probe.remove("httpGet");
    for action in ["httpGet", "tcpSocket", "grpc"] {
        if let Some(stated) = original.get(action) {
            probe.insert(action.to_owned(), stated.clone());
        }
    }
}

fn restore_scraping(annotations: &mut Map<String, Value>, originals: Option<&String>) {
    let of_agent = annotations.get("prometheus.io/path").and_then(Value::as_str) == Some("/stats/prometheus")
        && annotations.get("prometheus.io/port").and_then(Value::as_str) == Some("15020");
    if !of_agent {
        return;
    }
    let originals: BTreeMap<String, String> =
        originals.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    for (key, annotation) in SCRAPING {
        annotations.remove(annotation);
        if let Some(value) = originals.get(key).filter(|value| !value.is_empty()) {
            annotations.insert(annotation.to_owned(), Value::String(value.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::strip;

    #[test]
    fn what_istio_put_in_is_taken_out_and_what_it_changed_is_restored() {
        let mut pods = json!({
            "metadata": {"annotations": {
                "sidecar.istio.io/status":
                    r#"{"initContainers":["istio-init","istio-proxy"],"containers":null,"volumes":["istio-data"]}"#,
                "proxy.istio.io/overrides": r#"{"initContainers":[{"name":"istio-proxy","resources":{}}]}"#,
                "prometheus.io/scrape": "true", "prometheus.io/port": "15020", "prometheus.io/path": "/stats/prometheus",
                "mine": "stays",
            }},
            "spec": {
                "initContainers": [
                    {"name": "istio-init"},
                    {"name": "istio-proxy", "env": [
                        {"name": "ISTIO_KUBE_APP_PROBERS",
                         "value": r#"{"/app-health/app/readyz":{"tcpSocket":{"port":8080},"timeoutSeconds":1}}"#},
                        {"name": "ISTIO_PROMETHEUS_ANNOTATIONS", "value": r#"{"scrape":"true","path":"","port":"9090"}"#},
                    ]},
                ],
                "containers": [{"name": "app", "readinessProbe": {
                    "httpGet": {"path": "/app-health/app/readyz", "port": 15020}, "periodSeconds": 3,
                }}],
                "volumes": [{"name": "istio-data"}, {"name": "mine"}],
            },
        });
        assert!(strip(&mut pods));
        let expected = json!({
            "metadata": {"annotations": {
                "prometheus.io/scrape": "true", "prometheus.io/port": "9090", "mine": "stays",
            }},
            "spec": {
                "containers": [
                    {"name": "app", "readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 3}},
                    {"name": "istio-proxy", "resources": {}},
                ],
                "volumes": [{"name": "mine"}],
            },
        });
        assert_eq!(pods, expected);
        assert!(!strip(&mut pods), "nothing is left to take out");
    }
}
