//! `metadata` of every object.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::Timestamp;
use crate::null_default::null_default;

/// What Kubernetes keeps about every object beside its content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectMeta {
    /// Name, unique among the objects of the kind in the namespace. Empty where `generate_name` is used, and in pod
    /// templates.
    #[serde(default, deserialize_with = "null_default")]
    pub name: String,
    /// Prefix of a name that the API server completes; such an object has no name before it is created.
    #[serde(default)]
    pub generate_name: Option<String>,
    /// Namespace as written; see [`Resource::namespace`](crate::Resource::namespace) for the one that counts.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Labels, for selection.
    #[serde(default, deserialize_with = "null_default")]
    pub labels: BTreeMap<String, String>,
    /// Annotations, for settings.
    #[serde(default, deserialize_with = "null_default")]
    pub annotations: BTreeMap<String, String>,
    /// When the object was created, RFC 3339. Seldom in a git tree; where two objects compete, Istio lets the older
    /// one win.
    #[serde(default)]
    pub creation_timestamp: Option<Timestamp>,
    /// Objects that own this one.
    #[serde(default, deserialize_with = "null_default")]
    pub owner_references: Vec<OwnerReference>,
}

/// An object that owns another: when it is deleted, the other is deleted too.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnerReference {
    /// Group and version of the owner (`apps/v1`).
    pub api_version: String,
    /// Kind of the owner.
    pub kind: String,
    /// Name of the owner, in the same namespace or of cluster scope.
    pub name: String,
    /// Whether the owner is the one that manages the object.
    #[serde(default, deserialize_with = "null_default")]
    pub controller: bool,
}
