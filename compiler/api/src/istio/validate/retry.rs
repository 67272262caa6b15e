//! Retries of a route.

use super::{durations, status};
use crate::admission::{At, Report};
use crate::istio::HttpRetry;

/// Conditions of Envoy for HTTP and gRPC.
const CONDITIONS: &[&str] = &[
    "5xx",
    "gateway-error",
    "reset",
    "reset-before-request",
    "connect-failure",
    "retriable-4xx",
    "refused-stream",
    "retriable-status-codes",
    "retriable-headers",
    "envoy-ratelimited",
    "http3-post-connect-failure",
    "cancelled",
    "deadline-exceeded",
    "internal",
    "resource-exhausted",
    "unavailable",
];

/// Attempts that are not negative, no settings where there are none, conditions that Envoy knows.
pub(super) fn check(at: &At<'_>, retries: Option<&HttpRetry>, report: &mut Report) {
    let Some(retries) = retries else { return };
    let attempts = retries.attempts.unwrap_or_default();
    let conditions = retries.retry_on.as_deref().unwrap_or_default();
    if attempts < 0 {
        report.refuse(&at.field("attempts"), "attempts must not be negative");
    }
    let configured = retries.per_try_timeout.is_some()
        || !conditions.is_empty()
        || retries.retry_remote_localities.is_some()
        || retries.retry_ignore_previous_hosts.is_some()
        || retries.backoff.is_some();
    if attempts == 0 && configured {
        report.refuse(at, "`attempts` is 0, which turns retries off, so nothing else can be set");
    }
    durations::at_least_a_millisecond(&at.field("perTryTimeout"), retries.per_try_timeout, report);
    durations::at_least_a_millisecond(&at.field("backoff"), retries.backoff, report);
    if !conditions.is_empty() {
        for condition in conditions.split(',').filter(|condition| !is_condition(condition)) {
            report.refuse(
                &at.field("retryOn"),
                format!("`{condition}` is neither a condition of Envoy such as `connect-failure` nor a status code"),
            );
        }
    }
}

fn is_condition(text: &str) -> bool {
    CONDITIONS.contains(&text) || text.parse().is_ok_and(status::is_known)
}
