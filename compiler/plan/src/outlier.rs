//! Outlier detection.

use std::time::Duration;

use crate::StringMatch;

/// Ejection of endpoints that fail; `None` leaves Envoy's default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutlierDetection {
    /// Consecutive 5xx until ejection; 0 turns it off.
    pub consecutive_5xx: Option<u32>,
    /// Consecutive gateway errors until ejection; 0 turns it off.
    pub consecutive_gateway: Option<u32>,
    /// Whether errors of this side are counted apart.
    pub split_local_origin: bool,
    /// Consecutive errors of this side until ejection.
    pub consecutive_local_origin: Option<u32>,
    /// Time between sweeps.
    pub interval: Option<Duration>,
    /// Shortest ejection.
    pub base_ejection_time: Option<Duration>,
    /// Largest share of endpoints that may be ejected, in percent.
    pub max_ejection_percent: Option<u32>,
    /// Response codes that count as errors (`outlierDetectionHttpErrorCodes`), in order.
    pub error_codes: Vec<StringMatch>,
}
