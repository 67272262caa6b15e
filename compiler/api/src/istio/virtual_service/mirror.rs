//! Sending copies of requests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Destination, Percent};

/// A destination that gets copies of requests, with `-shadow` appended to the host unless the mesh turns that
/// off. Its answers are thrown away.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["destination"]))]
pub struct HttpMirrorPolicy {
    /// The service that gets the copies.
    #[schemars(required)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<Destination>,
    /// Share of the requests that are copied. Default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentage: Option<Percent>,
}
