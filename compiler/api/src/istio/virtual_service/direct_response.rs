//! Answering with a fixed response.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A fixed response in place of forwarding.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["status"]))]
pub struct HttpDirectResponse {
    /// Status code, 200 to 599.
    #[schemars(required)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u32>,
    /// Body. Default: empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<HttpBody>,
}

/// Body of a fixed response, at most 1 MB: one of the fields.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpBody {
    /// Text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub string: Option<String>,
    /// Bytes in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<String>,
}
