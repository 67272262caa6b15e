//! `Rollout` of Argo Rollouts (`argoproj.io`).

use schemars::JsonSchema;
use serde::Deserialize;

use super::{LabelSelector, PodTemplateSpec};

/// Does what a Deployment does, with canary and blue-green strategies.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    /// Number of pods; absent means 1.
    #[serde(default)]
    pub replicas: Option<i32>,
    /// Pods that belong to the Rollout.
    #[serde(default)]
    pub selector: Option<LabelSelector>,
    /// What the pods are. Absent where `workload_ref` names an object that has the template.
    #[serde(default)]
    pub template: Option<PodTemplateSpec>,
    /// The object, usually a Deployment, whose template is used.
    #[serde(default)]
    pub workload_ref: Option<WorkloadRef>,
}

/// The object whose template a Rollout uses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadRef {
    /// Group and version (`apps/v1`).
    #[serde(default)]
    pub api_version: Option<String>,
    /// Kind.
    #[serde(default)]
    pub kind: Option<String>,
    /// Name, in the same namespace.
    #[serde(default)]
    pub name: Option<String>,
}
