//! Leaving out endpoints that fail.

use super::durations;
use crate::admission::{At, Report};
use crate::istio::OutlierDetection;

/// Intervals and shares that can be, and local failures only where they are counted.
pub(super) fn check(at: &At<'_>, outliers: Option<&OutlierDetection>, report: &mut Report) {
    let Some(outliers) = outliers else { return };
    durations::at_least_a_millisecond(&at.field("baseEjectionTime"), outliers.base_ejection_time, report);
    durations::at_least_a_millisecond(&at.field("interval"), outliers.interval, report);
    if outliers.consecutive_errors.is_some_and(|errors| errors != 0) {
        report.warn(
            &at.field("consecutiveErrors"),
            "`consecutiveErrors` is deprecated: use `consecutiveGatewayErrors` or `consecutive5xxErrors`",
        );
    }
    let split = outliers.split_external_local_origin_errors == Some(true);
    if !split && outliers.consecutive_local_origin_failures.is_some_and(|failures| failures > 0) {
        report.refuse(
            &at.field("consecutiveLocalOriginFailures"),
            "failures to connect are not counted unless `splitExternalLocalOriginErrors` is true",
        );
    }
    let shares = [
        ("maxEjectionPercent", outliers.max_ejection_percent),
        ("minHealthPercent", outliers.min_health_percent),
    ];
    for (field, share) in shares {
        if let Some(share) = share.filter(|share| !(0..=100).contains(share)) {
            report.refuse(&at.field(field), format!("a share of {share} % is not between 0 % and 100 %"));
        }
    }
    for (index, code) in outliers.outlier_detection_http_error_codes.iter().enumerate() {
        if !(100..=599).contains(code) {
            report.refuse(
                &at.item("outlierDetectionHttpErrorCodes", index),
                format!("status {code} is not between 100 and 599"),
            );
        }
    }
}
