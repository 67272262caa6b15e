//! `DaemonSet` of `apps`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{LabelSelector, PodTemplateSpec};

/// Keeps one pod running on every node.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
pub struct DaemonSet {
    /// Pods that belong to the DaemonSet.
    #[serde(default)]
    pub selector: Option<LabelSelector>,
    /// What the pods are.
    pub template: PodTemplateSpec,
}
