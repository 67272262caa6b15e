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
