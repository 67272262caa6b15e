//! Annotations of pods that say something about the container of their proxy.

use std::collections::BTreeMap;

use meshc_model::Workload;
use meshc_plan::ProxyContainer;
use serde_json::Value;

/// Annotations that Istio's injector acts on and meshc does not, with the reason that is given.
const WITHOUT_EFFECT: [(&str, &str); 6] = [
    ("sidecar.istio.io/agentLogLevel", "no agent runs beside the proxy"),
    (
        "sidecar.istio.io/bootstrapOverride",
        "the bootstrap is compiled; other bootstraps are not laid over it yet",
    ),
    ("sidecar.istio.io/enableCoreDump", "the proxy writes no core dumps"),
    ("sidecar.istio.io/nativeSidecar", "the proxy always is a native sidecar"),
    ("proxy.istio.io/overrides", "it is a note of Istio's injector to itself"),
    (
        "prometheus.istio.io/merge-metrics",
        "metrics of the application are not merged with those of the proxy",
    ),
];

/// What cannot be read, by annotation. Whoever only wants the rest lets them go.
#[derive(Debug, Default)]
pub(crate) struct Complaints(Vec<Complaint>);

/// What is wrong with an annotation.
#[derive(Debug)]
pub(super) struct Complaint {
    pub(super) key: &'static str,
    pub(super) problem: String,
}

impl Complaints {
    pub(super) fn add(&mut self, key: &'static str, problem: String) {
        self.0.push(Complaint { key, problem });
    }

    pub(super) fn into_inner(self) -> Vec<Complaint> {
        self.0
    }
}

/// What the annotations of a workload say.
pub(super) fn container(workload: &Workload, complaints: &mut Complaints) -> ProxyContainer {
    let text = |key: &str| workload.annotations.get(key).filter(|text| !text.is_empty()).cloned();
    let amounts = |cpu: &str, memory: &str| {
        let pairs = [("cpu", text(cpu)), ("memory", text(memory))];
        pairs.into_iter().filter_map(|(name, amount)| Some((name.to_owned(), amount?))).collect()
    };
    let mut number = |key: &'static str| {
        let stated = text(key)?;
        let number = stated.trim().parse().ok();
        if number.is_none() {
            complaints.add(key, format!("`{stated}` is not a number"));
        }
        number
    };
    ProxyContainer {
        image: text("sidecar.istio.io/proxyImage"),
        requests: amounts("sidecar.istio.io/proxyCPU", "sidecar.istio.io/proxyMemory"),
        limits: amounts("sidecar.istio.io/proxyCPULimit", "sidecar.istio.io/proxyMemoryLimit"),
        log_level: text("sidecar.istio.io/logLevel"),
        component_log_level: text("sidecar.istio.io/componentLogLevel"),
        readiness_initial_delay: number("readiness.status.sidecar.istio.io/initialDelaySeconds"),
        readiness_period: number("readiness.status.sidecar.istio.io/periodSeconds"),
        readiness_failures: number("readiness.status.sidecar.istio.io/failureThreshold"),
        volumes: by_name(text("sidecar.istio.io/userVolume"), "sidecar.istio.io/userVolume", complaints),
        volume_mounts: by_name(
            text("sidecar.istio.io/userVolumeMount"),
            "sidecar.istio.io/userVolumeMount",
            complaints,
        ),
    }
}

/// JSON with values by name, or a list of values that have a name.
fn by_name(text: Option<String>, key: &'static str, complaints: &mut Complaints) -> BTreeMap<String, Value> {
    let Some(text) = text else { return BTreeMap::new() };
    let named = |mut value: Value| {
        let name = value.as_object_mut()?.remove("name")?;
        Some((name.as_str()?.to_owned(), value))
    };
    let found = match serde_json::from_str(&text) {
        Ok(Value::Object(map)) => Some(map.into_iter().collect()),
        Ok(Value::Array(items)) => items.into_iter().map(named).collect(),
        Ok(_) | Err(_) => None,
    };
    found.unwrap_or_else(|| {
        complaints.add(key, "it is not JSON of the form {\"name\": {…}}".to_owned());
        BTreeMap::new()
    })
}

/// Annotations of a workload that do nothing, with the reason.
pub(super) fn without_effect(workload: &Workload) -> impl Iterator<Item = (&'static str, &'static str)> {
    WITHOUT_EFFECT.into_iter().filter(|(key, _)| workload.annotations.contains_key(*key))
}
