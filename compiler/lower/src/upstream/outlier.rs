//! Ejection of endpoints that fail: `outlierDetection` of a DestinationRule (translation-spec §3.8).

use meshc_api::istio;
use meshc_plan::{OutlierDetection, StringMatch};

/// What Envoy is told; values that the rule leaves out stay Envoy's.
pub(super) fn outlier_detection(settings: &istio::OutlierDetection) -> OutlierDetection {
    let split = settings.split_external_local_origin_errors.unwrap_or(false);
    OutlierDetection {
        consecutive_5xx: settings.consecutive_5xx_errors,
        consecutive_gateway: settings.consecutive_gateway_errors,
        split_local_origin: split,
        consecutive_local_origin: settings
            .consecutive_local_origin_failures
            .filter(|count| split && *count > 0),
        interval: settings.interval.map(|time| time.0),
        base_ejection_time: settings.base_ejection_time.map(|time| time.0),
        max_ejection_percent: settings
            .max_ejection_percent
            .and_then(|percent| u32::try_from(percent).ok())
            .filter(|percent| *percent > 0),
        error_codes: settings
            .outlier_detection_http_error_codes
            .iter()
            .map(|code| StringMatch::Exact(code.to_string()))
            .collect(),
    }
}

/// Smallest share of healthy endpoints before Envoy balances over all of them, in percent, if the rule states one.
pub(super) fn min_health_percent(settings: Option<&istio::OutlierDetection>) -> Option<f64> {
    settings?.min_health_percent.filter(|percent| *percent > 0).map(f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_this_side_count_only_when_they_are_split_off() {
        let mut settings = istio::OutlierDetection {
            consecutive_local_origin_failures: Some(9),
            ..istio::OutlierDetection::default()
        };
        assert_eq!(outlier_detection(&settings).consecutive_local_origin, None);
        settings.split_external_local_origin_errors = Some(true);
        assert_eq!(outlier_detection(&settings).consecutive_local_origin, Some(9));
    }

    #[test]
    fn zero_errors_turn_a_detector_off_and_stay_stated() {
        let settings =
            istio::OutlierDetection { consecutive_5xx_errors: Some(0), ..istio::OutlierDetection::default() };
        let outlier = outlier_detection(&settings);
        assert_eq!((outlier.consecutive_5xx, outlier.consecutive_gateway), (Some(0), None));
    }
}
