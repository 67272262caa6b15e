//! `Job` of `batch`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::PodTemplateSpec;

/// Runs pods until a number of them has succeeded.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
pub struct Job {
    /// Pods that run at the same time; absent means 1.
    #[serde(default)]
    pub parallelism: Option<i32>,
    /// Pods that must succeed; absent means 1 where `parallelism` is absent too.
    #[serde(default)]
    pub completions: Option<i32>,
    /// Whether no pods are made for now.
    #[serde(default)]
    pub suspend: Option<bool>,
    /// What the pods are.
    pub template: PodTemplateSpec,
}
