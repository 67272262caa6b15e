//! Leaving out endpoints that fail.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Duration;
use crate::null_default::null_default;

/// Passive health checking: an endpoint that fails too often is left out for a while.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct OutlierDetection {
    /// Errors before an endpoint is left out; superseded by `consecutiveGatewayErrors` and
    /// `consecutive5xx_errors`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consecutive_errors: Option<i32>,
    /// Count failures to connect apart from errors that the endpoint answers with. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split_external_local_origin_errors: Option<bool>,
    /// Failures to connect in a row before an endpoint is left out, if they are counted apart. Default: 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consecutive_local_origin_failures: Option<u32>,
    /// Answers 502, 503, 504 in a row before an endpoint is left out. Default and 0: not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consecutive_gateway_errors: Option<u32>,
    /// Answers 5xx in a row before an endpoint is left out. 0 turns it off. Default: 5.
    #[serde(rename = "consecutive5xxErrors")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consecutive_5xx_errors: Option<u32>,
    /// Time between two looks at the counters. Default: 10 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Duration>,
    /// Shortest time that an endpoint is left out, multiplied by how often it was left out before. Default:
    /// 30 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_ejection_time: Option<Duration>,
    /// Largest part of the endpoints, in per cent, that may be left out. Default: 10; a single one may always
    /// be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_ejection_percent: Option<i32>,
    /// Once fewer than this per cent of the endpoints are healthy, all are used, healthy or not. Default: 0,
    /// never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_health_percent: Option<i32>,
    /// Status codes that count as errors in place of 5xx, each 100 to 599.
    #[schemars(inner(range(min = 100, max = 599)))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub outlier_detection_http_error_codes: Vec<u32>,
}
