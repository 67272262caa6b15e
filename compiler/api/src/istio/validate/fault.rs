//! Faults that are injected on purpose.

use super::{durations, status, string_match};
use crate::admission::{At, Report};
use crate::istio::{HttpFaultAbort, HttpFaultDelay, HttpFaultInjection, Percent};

const GRPC_STATUSES: &[&str] = &[
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "UNAUTHENTICATED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
];

/// A delay, an abort or both.
pub(super) fn check(at: &At<'_>, fault: Option<&HttpFaultInjection>, report: &mut Report) {
    let Some(HttpFaultInjection { delay, abort }) = fault else { return };
    if delay.is_none() && abort.is_none() {
        report.refuse(at, "a fault needs a `delay` or an `abort`");
    }
    if let Some(delay) = delay {
        self::delay(&at.field("delay"), delay, report);
    }
    if let Some(abort) = abort {
        self::abort(&at.field("abort"), abort, report);
    }
}

fn delay(at: &At<'_>, delay: &HttpFaultDelay, report: &mut Report) {
    let HttpFaultDelay { percent: _, fixed_delay, exponential_delay, percentage: share } = delay;
    string_match::at_most_one(
        at,
        [("fixedDelay", fixed_delay.is_some()), ("exponentialDelay", exponential_delay.is_some())],
        report,
    );
    percentage(at, share.as_ref(), report);
    durations::at_least_a_millisecond(&at.field("fixedDelay"), *fixed_delay, report);
    if exponential_delay.is_some() {
        report.refuse(&at.field("exponentialDelay"), "Istio has no exponential delays: use `fixedDelay`");
    }
}

fn abort(at: &At<'_>, abort: &HttpFaultAbort, report: &mut Report) {
    let HttpFaultAbort { http_status, grpc_status, http2_error, percentage: share } = abort;
    string_match::at_most_one(
        at,
        [
            ("httpStatus", http_status.is_some()),
            ("grpcStatus", grpc_status.is_some()),
            ("http2Error", http2_error.is_some()),
        ],
        report,
    );
    percentage(at, share.as_ref(), report);
    if let Some(code) = http_status {
        status::check(&at.field("httpStatus"), i64::from(*code), report);
    }
    if let Some(name) = grpc_status.as_deref().filter(|name| !GRPC_STATUSES.contains(name)) {
        report.refuse(
            &at.field("grpcStatus"),
            format!("`{name}` is not a status of gRPC such as `UNAVAILABLE`"),
        );
    }
    if http2_error.is_some() {
        report.refuse(&at.field("http2Error"), "Istio cannot abort with errors of HTTP/2");
    }
    if http_status.is_none() && grpc_status.is_none() && http2_error.is_none() {
        report.warn(at, "the abort has no status, so nothing is aborted");
    }
}

/// 0, or what a millionth can express, up to 100.
fn percentage(at: &At<'_>, percentage: Option<&Percent>, report: &mut Report) {
    if let Some(Percent { value }) = percentage
        && *value != 0.0
        && !(0.0001..=100.0).contains(value)
    {
        report.refuse(&at.field("percentage"), format!("{value} is neither 0 nor between 0.0001 and 100"));
    }
}
