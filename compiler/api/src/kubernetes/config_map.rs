//! `ConfigMap` of the core group.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::null_default::null_default;

/// Values by key. Istio keeps its mesh configuration in the ConfigMap `istio`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigMap {
    /// Values as text.
    #[serde(default, deserialize_with = "null_default")]
    pub data: BTreeMap<String, String>,
    /// Values in base64.
    #[serde(default, deserialize_with = "null_default")]
    pub binary_data: BTreeMap<String, String>,
    /// Whether the values cannot be changed.
    #[serde(default)]
    pub immutable: Option<bool>,
}
