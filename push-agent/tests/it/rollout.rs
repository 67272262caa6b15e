//! Stands in for the controller of Deployments: writes the status that it would write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};

use crate::api::Api;
use crate::server::Server;
use crate::wait::PAUSE;

/// Rolls out the Deployments of some namespaces until it is dropped. Those whose image is called `broken` exceed their deadline,
/// those whose image is called `slow` never get ready.
pub(crate) struct Rollouts {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Rollouts {
    pub(crate) fn start(server: &Server, namespaces: &[&str]) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let api = Api::connect(server);
        let namespaces: Vec<String> = namespaces.iter().map(|name| (*name).to_owned()).collect();
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                for namespace in &namespaces {
                    roll_out(&api, namespace);
                }
                thread::sleep(PAUSE);
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Rollouts {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn roll_out(api: &Api, namespace: &str) {
    let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments");
    for deployment in api.items(&path) {
        let generation = &deployment["metadata"]["generation"];
        if &deployment["status"]["observedGeneration"] == generation {
            continue;
        }
        let name = deployment["metadata"]["name"].as_str().unwrap();
        let status = json!({"status": status(&deployment)});
        // It may be gone or changed by now.
        let _ = api.send("PATCH", &format!("{path}/{name}/status"), "application/merge-patch+json", &status);
    }
}

fn status(deployment: &Value) -> Value {
    let generation = &deployment["metadata"]["generation"];
    let replicas = &deployment["spec"]["replicas"];
    let image = deployment["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap();
    let condition =
        |kind: &str, status: &str, reason: &str| json!({"type": kind, "status": status, "reason": reason});
    if image.contains("broken") {
        return json!({
            "observedGeneration": generation, "replicas": replicas, "updatedReplicas": replicas,
            "readyReplicas": null, "availableReplicas": null,
            "conditions": [condition("Progressing", "False", "ProgressDeadlineExceeded")],
        });
    }
    if image.contains("slow") {
        return json!({
            "observedGeneration": generation, "replicas": replicas, "updatedReplicas": replicas,
            "readyReplicas": null, "availableReplicas": null,
            "conditions": [condition("Progressing", "True", "ReplicaSetUpdated")],
        });
    }
    json!({
        "observedGeneration": generation, "replicas": replicas, "updatedReplicas": replicas,
        "readyReplicas": replicas, "availableReplicas": replicas,
        "conditions": [
            condition("Available", "True", "MinimumReplicasAvailable"),
            condition("Progressing", "True", "NewReplicaSetAvailable"),
        ],
    })
}
