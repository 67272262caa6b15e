//! What of a request picks its endpoint.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::duration;

/// What of a request picks the endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum HashPolicy {
    /// A header.
    Header(String),
    /// A cookie, made when missing if it has a lifetime.
    Cookie {
        /// Name.
        name: String,
        /// Lifetime.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "duration::optional")]
        #[schemars(with = "Option<String>")]
        ttl: Option<Duration>,
        /// Path.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        /// Further attributes, in order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attributes: Vec<(String, String)>,
    },
    /// The source address.
    SourceIp,
    /// A query parameter.
    QueryParameter(String),
}
