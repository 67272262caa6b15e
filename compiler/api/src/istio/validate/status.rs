//! Status codes of HTTP.

use crate::admission::{At, Report};

/// A status that Envoy can answer with. Istio takes 600 too, which Envoy does not.
pub(super) fn check(at: &At<'_>, status: i64, report: &mut Report) {
    if !(200..=600).contains(&status) {
        report.refuse(at, format!("status {status} is not between 200 and 599"));
    }
}

/// Whether a status code has a name.
pub(super) fn is_known(status: u16) -> bool {
    matches!(
        status,
        100..=103
            | 200..=208
            | 226
            | 300..=305
            | 307..=308
            | 400..=418
            | 421..=426
            | 428..=429
            | 431
            | 451
            | 500..=508
            | 510..=511
    )
}
