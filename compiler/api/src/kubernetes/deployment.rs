//! `Deployment` of `apps`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{LabelSelector, PodTemplateSpec};

/// Keeps a number of equal pods running and replaces them step by step.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// Number of pods; absent means 1.
    #[serde(default)]
    pub replicas: Option<i32>,
    /// Pods that belong to the Deployment.
    #[serde(default)]
    pub selector: Option<LabelSelector>,
    /// What the pods are.
    pub template: PodTemplateSpec,
}
