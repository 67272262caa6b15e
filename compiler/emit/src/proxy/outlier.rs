//! Outlier detection.

use meshc_contract::proxy;
use meshc_plan::OutlierDetection;

/// Ejection of endpoints.
pub(super) fn outlier(detection: &OutlierDetection) -> proxy::OutlierDetection {
    let OutlierDetection {
        consecutive_5xx,
        consecutive_gateway,
        split_local_origin,
        consecutive_local_origin,
        interval,
        base_ejection_time,
        max_ejection_percent,
        error_codes,
    } = detection;
    proxy::OutlierDetection {
        consecutive_5xx: *consecutive_5xx,
        consecutive_gateway: *consecutive_gateway,
        split_local_origin: *split_local_origin,
        consecutive_local_origin: *consecutive_local_origin,
        interval: *interval,
        base_ejection_time: *base_ejection_time,
        max_ejection_percent: *max_ejection_percent,
        error_codes: error_codes.clone(),
    }
}
