//! `ReplicaSet` of `apps`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{LabelSelector, PodTemplateSpec};

/// Keeps a number of equal pods running.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
pub struct ReplicaSet {
    /// Number of pods; absent means 1.
    #[serde(default)]
    pub replicas: Option<i32>,
    /// Pods that belong to the ReplicaSet.
    #[serde(default)]
    pub selector: Option<LabelSelector>,
    /// What the pods are; Kubernetes accepts a ReplicaSet without, but it makes no pods.
    #[serde(default)]
    pub template: Option<PodTemplateSpec>,
}
