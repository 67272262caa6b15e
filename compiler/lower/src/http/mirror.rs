//! Copies of requests (translation-spec §2.9.5).

use meshc_api::istio::{Destination, HttpMirrorPolicy, HttpRoute};
use meshc_plan::{Fraction, Mirror, UpstreamName};

use super::percent::{hundredths, millionths};

/// Copies that a route sends: `mirror`, then `mirrors`. A share of 0 sends none.
pub(super) fn mirrors(route: &HttpRoute, upstream: impl Fn(&Destination) -> UpstreamName) -> Vec<Mirror> {
    let single = route.mirror.as_ref().zip(share(route));
    let several =
        route.mirrors.iter().filter_map(|policy| policy.destination.as_ref().zip(policy_share(policy)));
    single
        .into_iter()
        .chain(several)
        .map(|(destination, fraction)| Mirror { upstream: upstream(destination), fraction })
        .collect()
}

/// `mirrorPercentage` wins over the older `mirrorPercent`; without both, everything is copied.
fn share(route: &HttpRoute) -> Option<Fraction> {
    match (&route.mirror_percentage, route.mirror_percent) {
        (Some(percentage), _) => (percentage.value > 0.0).then(|| millionths(percentage)),
        (None, Some(percent)) => (percent > 0).then(|| hundredths(percent)),
        (None, None) => Some(hundredths(100)),
    }
}

fn policy_share(policy: &HttpMirrorPolicy) -> Option<Fraction> {
    match &policy.percentage {
        Some(percentage) => (percentage.value > 0.0).then(|| millionths(percentage)),
        None => Some(hundredths(100)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(json: &str) -> usize {
        let route: HttpRoute = serde_json::from_str(json).unwrap();
        mirrors(&route, |_| UpstreamName::BlackHole).len()
    }

    #[test]
    fn an_explicit_share_of_nothing_sends_no_copies() {
        assert_eq!(count(r#"{"mirror": {"host": "a"}}"#), 1);
        assert_eq!(count(r#"{"mirror": {"host": "a"}, "mirrorPercent": 0}"#), 0);
        assert_eq!(count(r#"{"mirror": {"host": "a"}, "mirrorPercentage": {"value": 0}}"#), 0);
        assert_eq!(count(r#"{"mirrors": [{"destination": {"host": "a"}, "percentage": {"value": 0}}]}"#), 0);
        assert_eq!(
            count(r#"{"mirrors": [{"destination": {"host": "a"}}, {"destination": {"host": "b"}}]}"#),
            2
        );
    }
}
