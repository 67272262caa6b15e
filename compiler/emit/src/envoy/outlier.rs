//! Outlier detection (translation-spec §3.8).

use meshc_plan::{OutlierDetection, StringMatch};

use super::values::{duration, string_match};
use super::xds;

/// Ejection of endpoints. A count that is stated is enforced, unless it is 0; success rates never eject.
pub(super) fn outlier(detection: &OutlierDetection) -> xds::OutlierDetection {
    let OutlierDetection {
        consecutive_5xx,
        consecutive_gateway,
        split_local_origin,
        consecutive_local_origin,
        interval,
        base_ejection_time,
        max_ejection_percent,
        error_codes: _,
    } = detection;
    let enforced = |count: &Option<u32>| count.map(|count| if count == 0 { 0 } else { 100 });
    xds::OutlierDetection {
        consecutive_5xx: *consecutive_5xx,
        interval: duration(*interval),
        base_ejection_time: duration(*base_ejection_time),
        max_ejection_percent: *max_ejection_percent,
        enforcing_consecutive_5xx: enforced(consecutive_5xx),
        enforcing_success_rate: Some(0),
        consecutive_gateway_failure: *consecutive_gateway,
        enforcing_consecutive_gateway_failure: enforced(consecutive_gateway),
        split_external_local_origin_errors: *split_local_origin,
        consecutive_local_origin_failure: *consecutive_local_origin,
        enforcing_consecutive_local_origin_failure: enforced(consecutive_local_origin),
        enforcing_local_origin_success_rate: split_local_origin.then_some(0),
    }
}

/// Response codes that count as errors.
pub(super) fn error_matcher(codes: &[StringMatch]) -> Option<xds::HttpOutlierDetection> {
    let mut rules: Vec<xds::MatchPredicate> = codes.iter().map(status).collect();
    let error_matcher = match rules.len() {
        0 | 1 => rules.pop(),
        _ => Some(xds::MatchPredicate {
            or_match: Some(xds::MatchSet { rules }),
            http_response_headers_match: None,
        }),
    };
    error_matcher.map(|matcher| xds::HttpOutlierDetection { error_matcher: Some(matcher) })
}

fn status(code: &StringMatch) -> xds::MatchPredicate {
    let header = xds::HeaderMatcher {
        name: ":status".to_owned(),
        present_match: None,
        string_match: Some(string_match(code)),
        invert_match: false,
        treat_missing_header_as_empty: false,
    };
    xds::MatchPredicate {
        or_match: None,
        http_response_headers_match: Some(xds::HttpHeadersMatch { headers: vec![header] }),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use meshc_plan::{OutlierDetection, StringMatch};
    use serde_json::json;

    #[test]
    fn what_is_stated_is_enforced_and_zero_turns_it_off() {
        let detection = OutlierDetection {
            consecutive_5xx: Some(0),
            consecutive_gateway: Some(4),
            interval: Some(Duration::from_secs(30)),
            max_ejection_percent: Some(80),
            ..OutlierDetection::default()
        };
        let expected = json!({
            "consecutive5xx": 0, "interval": "30s", "maxEjectionPercent": 80, "enforcingConsecutive5xx": 0,
            "enforcingSuccessRate": 0, "consecutiveGatewayFailure": 4, "enforcingConsecutiveGatewayFailure": 100,
        });
        assert_eq!(serde_json::to_value(super::outlier(&detection)).unwrap(), expected);
    }

    #[test]
    fn several_error_codes_are_alternatives() {
        let code = |code: &str| StringMatch::Exact(code.into());
        let one = json!({"errorMatcher": {"httpResponseHeadersMatch": {"headers": [{"name": ":status", "stringMatch": {"exact": "429"}}]}}});
        assert_eq!(serde_json::to_value(super::error_matcher(&[code("429")])).unwrap(), one);
        let two = serde_json::to_value(super::error_matcher(&[code("429"), code("503")])).unwrap();
        assert_eq!(two["errorMatcher"]["orMatch"]["rules"].as_array().map(Vec::len), Some(2));
        assert!(super::error_matcher(&[]).is_none());
    }
}
