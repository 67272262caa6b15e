//! A share of traffic.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A share in per cent.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Percent {
    /// 0.0 to 100.0. Envoy gets it in millionths: the value times 10 000, cut to a whole number. Default: 0.
    pub value: f64,
}
