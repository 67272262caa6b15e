//! `ServiceAccount` of the core group.

use schemars::JsonSchema;
use serde::Deserialize;

use super::LocalObjectReference;
use crate::null_default::null_default;

/// An account that pods run as; in the mesh, a SPIFFE identity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAccount {
    /// Whether its token is mounted into pods; absent means true.
    #[serde(default)]
    pub automount_service_account_token: Option<bool>,
    /// Secrets with credentials of image registries.
    #[serde(default, deserialize_with = "null_default")]
    pub image_pull_secrets: Vec<LocalObjectReference>,
}
