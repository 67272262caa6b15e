//! Volumes and where containers see them.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::null_default::null_default;

/// A volume of a pod. Its source stays in the document; meshc only needs to know which names are taken.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Volume {
    /// Name, unique in the pod.
    pub name: String,
}

/// A volume as one container sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VolumeMount {
    /// Name of the volume.
    pub name: String,
    /// Path in the container.
    pub mount_path: String,
    /// Whether the container cannot write there.
    #[serde(default, deserialize_with = "null_default")]
    pub read_only: bool,
}
