//! Cross-origin rules (translation-spec §2.9.8).

use std::time::Duration;

use meshc_api::istio::{CorsPolicy, UnmatchedPreflights};
use meshc_plan::{Cors, StringMatch};

use super::matching::string_match;

/// Cross-origin rules of a route. `allowOrigin` counts only where `allowOrigins` is absent; fractions of a second of
/// `maxAge` are cut off.
pub(super) fn cors(stated: &CorsPolicy) -> Cors {
    let allow_origins = if stated.allow_origins.is_empty() {
        stated.allow_origin.iter().cloned().map(StringMatch::Exact).collect()
    } else {
        stated.allow_origins.iter().filter_map(string_match).collect()
    };
    Cors {
        allow_origins,
        allow_methods: stated.allow_methods.clone(),
        allow_headers: stated.allow_headers.clone(),
        expose_headers: stated.expose_headers.clone(),
        max_age: stated.max_age.map(|age| Duration::from_secs(age.0.as_secs())),
        allow_credentials: stated.allow_credentials,
        forward_not_matching_preflights: stated.unmatched_preflights != Some(UnmatchedPreflights::Ignore),
    }
}
