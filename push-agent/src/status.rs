//! Whether an object is as its specification says, by the rules of kstatus, which kubectl's and Flux's waiting follow.

mod workloads;

use meshc_contract::ObjectRef;
use serde_json::Value;

/// How far the cluster is with an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Status {
    /// It is as specified.
    Current,
    /// A controller is still at it.
    InProgress(String),
    /// It will not become as specified by itself.
    Failed(String),
}

/// Whether objects of a kind can be other than current. The built-in kinds without a controller are what they are.
pub(crate) fn can_wait(object: &ObjectRef) -> bool {
    match (object.group.as_str(), object.kind.as_str()) {
        ("", kind) => matches!(kind, "Namespace" | "Pod" | "PersistentVolumeClaim" | "ReplicationController"),
        ("apps", _) | ("batch", "Job") | ("apiextensions.k8s.io", _) => true,
        (group, _) => group.contains('.') && !group.ends_with(".k8s.io"),
    }
}

/// How far the cluster is with an object.
pub(crate) fn status(object: &ObjectRef, live: &Value) -> Status {
    let live = Live(live);
    if live.0.pointer("/metadata/deletionTimestamp").is_some() {
        return waiting("it is being deleted");
    }
    let observed = live.number("/status/observedGeneration");
    let generation = live.number("/metadata/generation");
    if let (Some(observed), Some(generation)) = (observed, generation)
        && observed < generation
    {
        return waiting("its controller has not seen it yet");
    }
    match (object.group.as_str(), object.kind.as_str()) {
        ("apps", "Deployment") => workloads::deployment(&live, observed),
        ("apps", "StatefulSet") => workloads::stateful_set(&live, observed),
        ("apps", "DaemonSet") => workloads::daemon_set(&live, observed),
        ("apps", "ReplicaSet") | ("", "ReplicationController") => workloads::replica_set(&live, observed),
        ("batch", "Job") => workloads::job(&live),
        ("argoproj.io", "Rollout") => workloads::rollout(&live),
        ("", "Pod") => workloads::pod(&live),
        ("", "Namespace") => phase(&live, "Active"),
        ("", "PersistentVolumeClaim") => phase(&live, "Bound"),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(&live),
        _ => other(&live),
    }
}

fn waiting(reason: impl Into<String>) -> Status {
    Status::InProgress(reason.into())
}

struct Live<'v>(&'v Value);

impl Live<'_> {
    fn number(&self, pointer: &str) -> Option<i64> {
        self.0.pointer(pointer).and_then(Value::as_i64)
    }

    /// A count of the status; one that is left out is none.
    fn count(&self, field: &str) -> i64 {
        self.number(&format!("/status/{field}")).unwrap_or_default()
    }

    fn text(&self, pointer: &str) -> &str {
        self.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// Status, reason and message of a condition.
    fn condition(&self, kind: &str) -> Option<(&str, &str, &str)> {
        let conditions = self.0.pointer("/status/conditions")?.as_array()?;
        let found = conditions.iter().find(|condition| condition.get("type").is_some_and(|t| t == kind))?;
        let text = |key: &str| found.get(key).and_then(Value::as_str).unwrap_or_default();
        Some((text("status"), text("reason"), text("message")))
    }

    fn is(&self, kind: &str) -> bool {
        self.condition(kind).is_some_and(|(status, _, _)| status == "True")
    }
}

fn phase(live: &Live<'_>, wanted: &str) -> Status {
    match live.text("/status/phase") {
        found if found == wanted => Status::Current,
        "" => waiting(format!("it is not {wanted} yet")),
        found => waiting(format!("it is {found}")),
    }
}

fn definition(live: &Live<'_>) -> Status {
    if let Some(("False", _, message)) = live.condition("NamesAccepted") {
        return Status::Failed(format!("its names are not accepted: {message}"));
    }
    if live.is("Established") { Status::Current } else { waiting("it is not established") }
}

/// Kinds that others define: what they say in the conditions that all share.
fn other(live: &Live<'_>) -> Status {
    if let Some(("True", _, message)) = live.condition("Stalled") {
        return Status::Failed(format!("it is stalled: {message}"));
    }
    if let Some(("True", _, message)) = live.condition("Reconciling") {
        return waiting(format!("it is being reconciled: {message}"));
    }
    match live.condition("Ready") {
        Some((status, _, message)) if status != "True" => waiting(format!("it is not ready: {message}")),
        _ => Status::Current,
    }
}

#[cfg(test)]
mod tests {
    use meshc_contract::ObjectRef;
    use serde_json::{Value, json};

    use super::{Status, can_wait, status};

    fn of(group: &str, kind: &str, live: Value) -> &'static str {
        let object =
            ObjectRef { group: group.into(), kind: kind.into(), namespace: "a".into(), name: "b".into() };
        match status(&object, &live) {
            Status::Current => "current",
            Status::InProgress(_) => "in progress",
            Status::Failed(_) => "failed",
        }
    }

    fn deployment(change: impl FnOnce(&mut Value)) -> &'static str {
        let mut live = json!({
            "metadata": {"generation": 2},
            "spec": {"replicas": 2},
            "status": {
                "observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2,
                "conditions": [
                    {"type": "Available", "status": "True"},
                    {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
                ],
            },
        });
        change(&mut live);
        of("apps", "Deployment", live)
    }

    #[test]
    fn a_deployment_is_current_when_all_new_replicas_are_available_and_no_old_ones_left() {
        assert_eq!(deployment(|_| {}), "current");
        for field in ["observedGeneration", "updatedReplicas", "readyReplicas", "availableReplicas"] {
            assert_eq!(deployment(|live| live["status"][field] = json!(1)), "in progress", "{field}");
        }
        assert_eq!(deployment(|live| live["status"]["replicas"] = json!(3)), "in progress");
        assert_eq!(deployment(|live| live["status"] = json!({})), "in progress");
        assert_eq!(deployment(|live| live["status"]["conditions"] = json!([])), "in progress");
        assert_eq!(
            deployment(|live| live["status"]["conditions"][1]["reason"] = "ProgressDeadlineExceeded".into()),
            "failed"
        );
        assert_eq!(deployment(|live| live["metadata"]["deletionTimestamp"] = "now".into()), "in progress");
    }

    #[test]
    fn a_stateful_set_is_current_when_its_revisions_agree_beyond_the_partition() {
        let set = |partition: i64, updated: i64, revision: &str| {
            let live = json!({
                "metadata": {"generation": 1},
                "spec": {"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": partition}}},
                "status": {"observedGeneration": 1, "replicas": 3, "readyReplicas": 3, "updatedReplicas": updated,
                           "currentRevision": "one", "updateRevision": revision},
            });
            of("apps", "StatefulSet", live)
        };
        assert_eq!(set(0, 3, "one"), "current");
        assert_eq!(set(0, 1, "two"), "in progress");
        assert_eq!(set(2, 1, "two"), "current");
        assert_eq!(set(2, 0, "two"), "in progress");
    }

    #[test]
    fn a_daemon_set_is_current_when_every_node_has_the_new_pod() {
        let set = |updated: i64| {
            let live = json!({
                "metadata": {"generation": 1},
                "status": {"observedGeneration": 1, "desiredNumberScheduled": 2, "currentNumberScheduled": 2,
                           "updatedNumberScheduled": updated, "numberReady": 2, "numberAvailable": 2},
            });
            of("apps", "DaemonSet", live)
        };
        assert_eq!((set(2), set(1)), ("current", "in progress"));
    }

    #[test]
    fn jobs_pods_namespaces_and_definitions_say_how_they_are() {
        let condition =
            |kind: &str, status: &str| json!({"status": {"conditions": [{"type": kind, "status": status}]}});
        assert_eq!(of("batch", "Job", json!({})), "in progress");
        assert_eq!(of("batch", "Job", json!({"status": {"startTime": "t"}})), "current");
        assert_eq!(of("batch", "Job", condition("Failed", "True")), "failed");
        assert_eq!(of("", "Pod", json!({"status": {"phase": "Failed"}})), "failed");
        assert_eq!(of("", "Pod", json!({"status": {"phase": "Running"}})), "in progress");
        assert_eq!(of("", "Namespace", json!({"status": {"phase": "Active"}})), "current");
        assert_eq!(of("", "Namespace", json!({"status": {"phase": "Terminating"}})), "in progress");
        let crd = |live| of("apiextensions.k8s.io", "CustomResourceDefinition", live);
        assert_eq!(crd(condition("Established", "True")), "current");
        assert_eq!(crd(condition("NamesAccepted", "False")), "failed");
        assert_eq!(of("example.com", "Thing", json!({})), "current");
        assert_eq!(of("example.com", "Thing", condition("Ready", "False")), "in progress");
        assert_eq!(of("example.com", "Thing", condition("Stalled", "True")), "failed");
    }

    #[test]
    fn what_waits_for_a_person_is_not_waited_for() {
        let paused = deployment(|live| {
            live["spec"]["paused"] = json!(true);
            live["status"]["updatedReplicas"] = json!(0);
        });
        assert_eq!(paused, "current");
        let rollout = |phase: &str, observed: &str| {
            let live = json!({
                "metadata": {"generation": 2},
                "status": {"phase": phase, "observedGeneration": observed, "message": "m"},
            });
            of("argoproj.io", "Rollout", live)
        };
        assert_eq!(rollout("Paused", "2"), "current");
        assert_eq!(rollout("Healthy", "2"), "current");
        assert_eq!(rollout("Healthy", "1"), "in progress");
        assert_eq!(rollout("Progressing", "2"), "in progress");
        assert_eq!(rollout("Degraded", "2"), "failed");
    }

    #[test]
    fn kinds_without_a_controller_are_not_waited_for() {
        let waits = |group: &str, kind: &str| {
            can_wait(&ObjectRef {
                group: group.into(),
                kind: kind.into(),
                namespace: "a".into(),
                name: "b".into(),
            })
        };
        assert!(waits("apps", "Deployment") && waits("", "Pod") && waits("cert-manager.io", "Certificate"));
        assert!(
            !waits("", "ConfigMap") && !waits("networking.k8s.io", "NetworkPolicy") && !waits("policy", "X")
        );
    }
}
