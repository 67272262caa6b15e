//! `StatefulSet` of `apps`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{LabelSelector, PodTemplateSpec};
use crate::null_default::null_default;

/// Keeps a number of pods with stable names running.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatefulSet {
    /// Number of pods; absent means 1.
    #[serde(default)]
    pub replicas: Option<i32>,
    /// Pods that belong to the StatefulSet.
    #[serde(default)]
    pub selector: Option<LabelSelector>,
    /// Name of the headless Service that gives the pods DNS names.
    #[serde(default, deserialize_with = "null_default")]
    pub service_name: String,
    /// What the pods are.
    pub template: PodTemplateSpec,
}
