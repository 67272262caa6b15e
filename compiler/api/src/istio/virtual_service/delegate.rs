//! Taking the rules of another VirtualService.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Reference to a VirtualService without hosts whose HTTP rules are spliced in. A delegate cannot delegate
/// further.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Delegate {
    /// Name of the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its namespace. Default: that of the referring object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}
