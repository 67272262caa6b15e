//! Spans of time that Envoy can keep.

use crate::Duration;
use crate::admission::{At, Report};

/// At least a millisecond, and whole milliseconds, if stated.
pub(super) fn at_least_a_millisecond(at: &At<'_>, duration: Option<Duration>, report: &mut Report) {
    let Some(duration) = duration else { return };
    let nanos = duration.0.as_nanos();
    if nanos < 1_000_000 {
        report.refuse(at, format!("`{duration}` is shorter than a millisecond"));
    } else if !nanos.is_multiple_of(1_000_000) {
        report.refuse(at, format!("`{duration}` is not a whole number of milliseconds"));
    }
}

/// As [`at_least_a_millisecond`], and 0 turns the timeout off.
pub(super) fn zero_or_at_least_a_millisecond(at: &At<'_>, duration: Option<Duration>, report: &mut Report) {
    at_least_a_millisecond(at, duration.filter(|duration| *duration != Duration::ZERO), report);
}

/// At least a millisecond, as the published CRD asks where the webhook does not look.
pub(super) fn in_schema(at: &At<'_>, duration: Option<Duration>, report: &mut Report) {
    if let Some(duration) = duration.filter(|duration| duration.0.as_millis() == 0) {
        report.refuse_in_schema(at, format!("`{duration}` is shorter than a millisecond"));
    }
}
