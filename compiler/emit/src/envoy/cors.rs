//! CORS.

use meshc_plan::{Cors, Fraction, FractionDenominator};

use super::values::{runtime_fraction, string_match};
use super::xds;

/// CORS policy of a route, in force for every request.
pub(super) fn cors(cors: &Cors) -> xds::CorsPolicy {
    let Cors {
        allow_origins,
        allow_methods,
        allow_headers,
        expose_headers,
        max_age,
        allow_credentials,
        forward_not_matching_preflights,
    } = cors;
    let always = Fraction { numerator: 100, denominator: FractionDenominator::Hundred };
    xds::CorsPolicy {
        allow_origin_string_match: allow_origins.iter().map(string_match).collect(),
        allow_methods: allow_methods.join(","),
        allow_headers: allow_headers.join(","),
        expose_headers: expose_headers.join(","),
        max_age: max_age.map(|age| age.as_secs().to_string()).unwrap_or_default(),
        allow_credentials: *allow_credentials,
        filter_enabled: Some(runtime_fraction(always)),
        forward_not_matching_preflights: Some(*forward_not_matching_preflights),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use meshc_plan::{Cors, StringMatch};
    use serde_json::json;

    #[test]
    fn lists_are_joined_and_the_filter_is_always_on() {
        let policy = Cors {
            allow_origins: vec![
                StringMatch::Exact("https://a.example".into()),
                StringMatch::Prefix("https://b".into()),
            ],
            allow_methods: vec!["GET".into(), "POST".into()],
            allow_headers: vec!["x-a".into()],
            expose_headers: Vec::new(),
            max_age: Some(Duration::from_secs(86_400)),
            allow_credentials: Some(false),
            forward_not_matching_preflights: true,
        };
        let expected = json!({
            "allowOriginStringMatch": [{"exact": "https://a.example"}, {"prefix": "https://b"}],
            "allowMethods": "GET,POST", "allowHeaders": "x-a", "maxAge": "86400", "allowCredentials": false,
            "filterEnabled": {"defaultValue": {"numerator": 100}}, "forwardNotMatchingPreflights": true,
        });
        assert_eq!(serde_json::to_value(super::cors(&policy)).unwrap(), expected);
    }
}
