//! Timeouts (translation-spec §2.9.5).

use std::time::Duration;

/// Time for the whole response. Istio turns Envoy's 15 s off: a route without a timeout waits without end.
pub(super) fn timeout(stated: Option<meshc_api::Duration>) -> Duration {
    stated.map_or(Duration::ZERO, |time| time.0)
}
