//! Header operations.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_false;

/// What is done to the headers of requests and responses, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HeaderOperations {
    /// Set or added to requests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request: Vec<HeaderOperation>,
    /// Removed from requests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request_remove: Vec<String>,
    /// Set or added to responses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub response: Vec<HeaderOperation>,
    /// Removed from responses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub response_remove: Vec<String>,
}

/// One header that is set or added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HeaderOperation {
    /// Name as written.
    pub name: String,
    /// Value; Envoy expands `%OPERATORS%` in it.
    pub value: String,
    /// Whether it stands beside an existing header instead of replacing it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub append: bool,
}
