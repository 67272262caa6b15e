//! Which workloads have a proxy, and what it is told about itself.

use std::collections::{BTreeMap, BTreeSet};

use meshc_model::{Interception, Workload, WorkloadRole};
use serde_json::Value;

use crate::support::{Scenario, scenarios};

/// What is compared of one proxy.
#[derive(Debug, PartialEq)]
struct Facts {
    role: String,
    labels: BTreeMap<String, String>,
    service_account: String,
    services: BTreeSet<String>,
    interception: String,
    metadata: BTreeMap<String, String>,
    /// Empty for gateways, whose only container is the proxy.
    pod_ports: Value,
    proxy_config: Value,
}

impl Facts {
    /// The fields that differ, with both values.
    fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let mut field = |name: &str, a: String, b: String| {
            if a != b {
                found.push(format!("{name}: {a} is {b}"));
            }
        };
        let text = |value: &dyn std::fmt::Debug| format!("{value:?}");
        field("role", text(&self.role), text(&other.role));
        field("labels", text(&self.labels), text(&other.labels));
        field("service account", text(&self.service_account), text(&other.service_account));
        field("services", text(&self.services), text(&other.services));
        field("interception", text(&self.interception), text(&other.interception));
        field("metadata", text(&self.metadata), text(&other.metadata));
        field("ports", self.pod_ports.to_string(), other.pod_ports.to_string());
        field("settings", self.proxy_config.to_string(), other.proxy_config.to_string());
        found
    }
}

/// Labels that the controllers of Kubernetes give to each pod.
const POD_LABELS: [&str; 3] =
    ["pod-template-hash", "apps.kubernetes.io/pod-index", "statefulset.kubernetes.io/pod-name"];

/// Keys of the metadata that are not from `ISTIO_META_*`.
const OWN_KEYS: [&str; 13] = [
    "CLUSTER_ID",
    "INSTANCE_IPS",
    "INTERCEPTION_MODE",
    "ISTIO_VERSION",
    "MESH_ID",
    "NAME",
    "NAMESPACE",
    "NODE_NAME",
    "OWNER",
    "POD_PORTS",
    "PROXY_CONFIG",
    "SERVICE_ACCOUNT",
    "WORKLOAD_NAME",
];

/// The same value with all numbers spelt as floats.
fn with_floats(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().into(),
        Value::Array(items) => items.into_iter().map(with_floats).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, with_floats(value))).collect(),
        other => other,
    }
}

fn recorded(proxy: &Value) -> Facts {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let map = |value: &Value| -> BTreeMap<String, String> {
        value.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), text(value))).collect()
    };
    let mut labels = map(&proxy["labels"]);
    POD_LABELS.iter().for_each(|label| drop(labels.remove(*label)));
    let metadata = &proxy["metadata"];
    let mut own = map(metadata);
    OWN_KEYS.iter().for_each(|key| drop(own.remove(*key)));
    Facts {
        role: text(&proxy["type"]),
        labels,
        service_account: text(&proxy["serviceAccount"]),
        services: proxy["services"].as_array().into_iter().flatten().map(text).collect(),
        interception: text(&metadata["INTERCEPTION_MODE"]),
        metadata: own,
        pod_ports: serde_json::from_str(metadata["POD_PORTS"].as_str().unwrap_or("[]"))
            .expect("POD_PORTS is JSON"),
        proxy_config: with_floats(metadata["PROXY_CONFIG"].clone()),
    }
}

fn resolved(workload: &Workload) -> Facts {
    let port = |port: &meshc_model::ContainerPort| {
        let mut all = serde_json::json!({"containerPort": port.number, "protocol": port.protocol});
        if !port.name.is_empty() {
            all["name"] = port.name.clone().into();
        }
        all
    };
    Facts {
        role: match workload.proxy {
            Some(WorkloadRole::Gateway) => "router".to_owned(),
            _ => "sidecar".to_owned(),
        },
        labels: workload.labels.clone(),
        service_account: workload.identity.service_account.clone(),
        services: workload.targets.iter().map(|target| target.service.host().to_owned()).collect(),
        interception: match workload.interception {
            Interception::Redirect => "REDIRECT",
            Interception::Tproxy => "TPROXY",
            Interception::None => "NONE",
        }
        .to_owned(),
        metadata: workload.metadata.clone(),
        pod_ports: match workload.proxy {
            Some(WorkloadRole::Gateway) => Value::Array(Vec::new()),
            _ => workload.container_ports.iter().map(port).collect(),
        },
        proxy_config: with_floats(serde_json::to_value(&workload.proxy_config).expect("settings are JSON")),
    }
}

#[test]
fn workloads_have_the_proxies_that_istiod_saw() {
    let (mut equal, mut total) = (0, 0);
    for Scenario { name, proxies, mesh, .. } in scenarios() {
        let id = |proxy: &Value| proxy["id"].as_str().expect("proxies have ids").to_owned();
        let mut expected: BTreeMap<String, Facts> =
            proxies.iter().map(|proxy| (id(proxy), recorded(proxy))).collect();
        for workload in mesh.workloads.values().filter(|workload| workload.proxy.is_some()) {
            let id = workload.reference.to_string();
            total += 1;
            match expected.remove(&id) {
                None => println!("{name}: {id} should have no proxy"),
                Some(facts) if facts == resolved(workload) => equal += 1,
                Some(facts) => {
                    println!("{name}: {id} differs: {:#?}", facts.differences(&resolved(workload)))
                }
            }
        }
        for id in expected.keys() {
            total += 1;
            println!("{name}: {id} has no proxy");
        }
    }
    println!("{equal} of {total} proxies are equal");
    assert_eq!(equal, total);
}
