//! How far kinds that run pods are.

use serde_json::Value;

use super::{Live, Status, waiting};

/// A deadline that never comes.
const NEVER: i64 = 2_147_483_647;

pub(super) fn deployment(live: &Live<'_>, observed: Option<i64>) -> Status {
    let progressing = live.condition("Progressing");
    if let Some((_, "ProgressDeadlineExceeded", message)) = progressing {
        return Status::Failed(format!("its progress deadline is exceeded: {message}"));
    }
    if observed.is_none() {
        return waiting("its controller has not seen it yet");
    }
    // Nothing happens until a person lets it go on.
    if live.0.pointer("/spec/paused") == Some(&Value::Bool(true)) {
        return Status::Current;
    }
    let wanted = live.number("/spec/replicas").unwrap_or(1);
    let (replicas, updated) = (live.count("replicas"), live.count("updatedReplicas"));
    let (ready, available) = (live.count("readyReplicas"), live.count("availableReplicas"));
    if updated < wanted {
        return waiting(format!("{updated} of {wanted} replicas are updated"));
    }
    if replicas > updated {
        return waiting(format!("{} replicas of the old version are still there", replicas - updated));
    }
    if ready < wanted || available < wanted {
        return waiting(format!("{} of {wanted} replicas are available", available.min(ready)));
    }
    let no_deadline = live.number("/spec/progressDeadlineSeconds") == Some(NEVER);
    let progressed = matches!(progressing, Some(("True", "NewReplicaSetAvailable", _)));
    if !progressed && !no_deadline {
        return waiting("its new ReplicaSet is not available");
    }
    if live.is("Available") { Status::Current } else { waiting("it is not available") }
}

pub(super) fn stateful_set(live: &Live<'_>, observed: Option<i64>) -> Status {
    if live.text("/spec/updateStrategy/type") == "OnDelete" {
        return Status::Current;
    }
    if observed.is_none() {
        return waiting("its controller has not seen it yet");
    }
    let wanted = live.number("/spec/replicas").unwrap_or(1);
    let (ready, updated) = (live.count("readyReplicas"), live.count("updatedReplicas"));
    if live.count("replicas") < wanted || ready < wanted {
        return waiting(format!("{ready} of {wanted} replicas are ready"));
    }
    let partition = live.number("/spec/updateStrategy/rollingUpdate/partition").unwrap_or_default();
    if partition > 0 {
        let wanted = (wanted - partition).max(0);
        return match updated < wanted {
            true => waiting(format!("{updated} of {wanted} replicas are updated")),
            false => Status::Current,
        };
    }
    if live.text("/status/currentRevision") != live.text("/status/updateRevision") {
        return waiting(format!("{updated} of {wanted} replicas are updated"));
    }
    Status::Current
}

pub(super) fn daemon_set(live: &Live<'_>, observed: Option<i64>) -> Status {
    if live.text("/spec/updateStrategy/type") == "OnDelete" {
        return Status::Current;
    }
    if observed.is_none() {
        return waiting("its controller has not seen it yet");
    }
    let wanted = live.count("desiredNumberScheduled");
    for (field, text) in [
        ("currentNumberScheduled", "scheduled"),
        ("updatedNumberScheduled", "updated"),
        ("numberReady", "ready"),
        ("numberAvailable", "available"),
    ] {
        if live.count(field) < wanted {
            return waiting(format!("{} of {wanted} pods are {text}", live.count(field)));
        }
    }
    Status::Current
}

pub(super) fn replica_set(live: &Live<'_>, observed: Option<i64>) -> Status {
    if observed.is_none() {
        return waiting("its controller has not seen it yet");
    }
    let wanted = live.number("/spec/replicas").unwrap_or(1);
    let available = live.count("availableReplicas").min(live.count("readyReplicas"));
    if available < wanted || live.count("replicas") > wanted {
        return waiting(format!("{available} of {wanted} replicas are available"));
    }
    Status::Current
}

/// Argo Rollouts sum up in a phase. One that is paused waits for a person.
pub(super) fn rollout(live: &Live<'_>) -> Status {
    let generation = live.number("/metadata/generation").unwrap_or_default().to_string();
    if live.text("/status/observedGeneration") != generation {
        return waiting("its controller has not seen it yet");
    }
    match live.text("/status/phase") {
        "Healthy" | "Paused" => Status::Current,
        "Degraded" => Status::Failed(format!("it is degraded: {}", live.text("/status/message"))),
        _ => waiting(format!("it is not healthy: {}", live.text("/status/message"))),
    }
}

/// A Job that has started is current: when it ends is its own affair.
pub(super) fn job(live: &Live<'_>) -> Status {
    if let Some(("True", _, message)) = live.condition("Failed") {
        return Status::Failed(format!("it failed: {message}"));
    }
    if live.is("Complete") || !live.text("/status/startTime").is_empty() {
        return Status::Current;
    }
    match live.0.pointer("/spec/suspend") {
        Some(Value::Bool(true)) => Status::Current,
        _ => waiting("it has not started"),
    }
}

pub(super) fn pod(live: &Live<'_>) -> Status {
    match live.text("/status/phase") {
        "Succeeded" => Status::Current,
        "Failed" => Status::Failed(format!("it failed: {}", live.text("/status/message"))),
        "Running" if live.is("Ready") => Status::Current,
        _ => waiting("it is not ready"),
    }
}
