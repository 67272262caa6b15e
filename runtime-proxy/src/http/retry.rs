//! Retries: which failures are worth another attempt (Envoy's `retry_on` and `retry_grpc_on`), and how long to wait before it.

use std::time::Duration;

use ::http::{HeaderMap, StatusCode};
use meshc_contract::traffic;

use super::names::ENVOY_RATE_LIMITED;

/// Base of the back-off where the route says nothing.
const BASE: Duration = Duration::from_millis(25);
/// The longest back-off, in bases.
const MOST: u32 = 10;

/// The retry policy of a route.
#[derive(Debug)]
pub(super) struct Retry {
    /// Attempts after the first.
    pub(super) attempts: u32,
    /// Time for each attempt.
    pub(super) per_try_timeout: Option<Duration>,
    /// Whether endpoints that were tried are avoided.
    pub(super) avoid_previous_hosts: bool,
    /// Whether priorities that were tried are avoided.
    pub(super) avoid_previous_priorities: bool,
    base: Duration,
    conditions: Conditions,
    status_codes: Vec<u16>,
    /// gRPC statuses.
    grpc: Vec<u16>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a condition of Envoy's")]
struct Conditions {
    five_xx: bool,
    gateway_error: bool,
    reset: bool,
    reset_before_request: bool,
    connect_failure: bool,
    refused_stream: bool,
    retriable_4xx: bool,
    status_codes: bool,
    rate_limited: bool,
}

/// How an attempt ended without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// There was no connection.
    Connect,
    /// The upstream refused the stream: it has not looked at the request.
    Refused,
    /// The connection or stream ended before any of the request was sent.
    ResetBeforeRequest,
    /// The connection or stream ended.
    Reset,
    /// The attempt took too long.
    PerTryTimeout,
    /// There is no room at the upstream.
    Overflow,
}

impl Retry {
    /// Reads a policy. A condition that Envoy does not know either changes nothing, nor do those of HTTP/3 and `retriable-headers`:
    /// a policy of Istio's cannot name the headers.
    pub(super) fn compile(source: &traffic::Retry) -> Self {
        let traffic::Retry {
            attempts,
            retry_on,
            retriable_status_codes,
            per_try_timeout,
            base_interval,
            avoid_previous_hosts,
            host_selection_attempts: _,
            avoid_previous_priorities,
        } = source;
        let mut conditions = Conditions::default();
        let mut grpc = Vec::new();
        for condition in retry_on.split(',').map(str::trim) {
            match condition {
                "5xx" => conditions.five_xx = true,
                "gateway-error" => conditions.gateway_error = true,
                "reset" => conditions.reset = true,
                "reset-before-request" => conditions.reset_before_request = true,
                "connect-failure" => conditions.connect_failure = true,
                "refused-stream" => conditions.refused_stream = true,
                "retriable-4xx" => conditions.retriable_4xx = true,
                "retriable-status-codes" => conditions.status_codes = true,
                "envoy-ratelimited" => conditions.rate_limited = true,
                "cancelled" => grpc.push(1),
                "deadline-exceeded" => grpc.push(4),
                "resource-exhausted" => grpc.push(8),
                "internal" => grpc.push(13),
                "unavailable" => grpc.push(14),
                _ => {}
            }
        }
        Self {
            attempts: *attempts,
            per_try_timeout: per_try_timeout.filter(|limit| !limit.is_zero()),
            avoid_previous_hosts: *avoid_previous_hosts,
            avoid_previous_priorities: *avoid_previous_priorities,
            base: base_interval.filter(|base| !base.is_zero()).unwrap_or(BASE),
            conditions,
            status_codes: retriable_status_codes
                .iter()
                .filter_map(|code| u16::try_from(*code).ok())
                .collect(),
            grpc,
        }
    }

    /// Whether an answer is worth another attempt. Where it says that the limit of a rate is reached, that alone counts.
    pub(super) fn of_response(&self, status: StatusCode, headers: &HeaderMap, grpc: Option<u16>) -> bool {
        let code = status.as_u16();
        let conditions = self.conditions;
        if headers.contains_key(ENVOY_RATE_LIMITED) {
            return conditions.rate_limited;
        }
        (conditions.five_xx && status.is_server_error())
            || (conditions.gateway_error && (502..=504).contains(&code))
            || (conditions.retriable_4xx && code == 409)
            || (conditions.status_codes && self.status_codes.contains(&code))
            || grpc.is_some_and(|grpc| self.grpc.contains(&grpc))
    }

    /// Whether an attempt that was lost is worth another one.
    pub(super) fn of_loss(&self, lost: Lost) -> bool {
        let conditions = self.conditions;
        if lost == Lost::Overflow {
            return false;
        }
        conditions.reset
            || conditions.five_xx
            || conditions.gateway_error
            || match lost {
                Lost::Connect => conditions.connect_failure || conditions.reset_before_request,
                Lost::Refused => conditions.refused_stream,
                Lost::ResetBeforeRequest => conditions.reset_before_request,
                Lost::Reset | Lost::PerTryTimeout | Lost::Overflow => false,
            }
    }

    /// How long to wait before the next attempt: anything up to twice as long each time, at most ten bases.
    pub(super) fn back_off(&self, retry: u32, random: u64) -> Duration {
        let factor = 1_u32.checked_shl(retry.min(5)).unwrap_or(MOST).min(MOST);
        let most = u64::try_from((self.base * factor).as_micros()).unwrap_or(u64::MAX).max(1);
        Duration::from_micros(random % most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry(retry_on: &str, codes: &[u32]) -> Retry {
        Retry::compile(&traffic::Retry {
            attempts: 2,
            retry_on: retry_on.to_owned(),
            retriable_status_codes: codes.to_vec(),
            per_try_timeout: None,
            base_interval: None,
            avoid_previous_hosts: true,
            host_selection_attempts: Some(5),
            avoid_previous_priorities: false,
        })
    }

    #[test]
    fn istios_default_retries_what_the_upstream_did_not_take() {
        let default =
            retry("connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes", &[503]);
        let status =
            |code: u16| default.of_response(StatusCode::from_u16(code).unwrap(), &HeaderMap::new(), None);
        assert!(status(503) && !status(500) && !status(502) && !status(409));
        assert!(default.of_loss(Lost::Connect) && default.of_loss(Lost::Refused));
        assert!(!default.of_loss(Lost::Reset) && !default.of_loss(Lost::PerTryTimeout));
        assert!(
            default.of_response(StatusCode::OK, &HeaderMap::new(), Some(14))
                && default.of_response(StatusCode::OK, &HeaderMap::new(), Some(1))
        );
        assert!(!default.of_response(StatusCode::OK, &HeaderMap::new(), Some(13)));
    }

    #[test]
    fn a_reset_counts_as_5xx() {
        for condition in ["5xx", "gateway-error", "reset"] {
            let policy = retry(condition, &[]);
            assert!(policy.of_loss(Lost::Reset) && policy.of_loss(Lost::PerTryTimeout), "{condition}");
            assert!(!policy.of_loss(Lost::Overflow), "{condition}");
        }
        assert!(retry("gateway-error", &[]).of_response(StatusCode::BAD_GATEWAY, &HeaderMap::new(), None));
        assert!(!retry("gateway-error", &[]).of_response(
            StatusCode::INTERNAL_SERVER_ERROR,
            &HeaderMap::new(),
            None
        ));
        assert!(retry("retriable-4xx", &[]).of_response(StatusCode::CONFLICT, &HeaderMap::new(), None));
        assert!(!retry("503", &[503]).of_response(StatusCode::SERVICE_UNAVAILABLE, &HeaderMap::new(), None));
    }

    #[test]
    fn the_limit_of_a_rate_is_a_condition_of_its_own() {
        let mut limited = HeaderMap::new();
        limited.insert(ENVOY_RATE_LIMITED, "true".parse().unwrap());
        for (conditions, retried) in [("5xx,retriable-status-codes", false), ("envoy-ratelimited", true)] {
            let policy = retry(conditions, &[429]);
            assert_eq!(
                policy.of_response(StatusCode::TOO_MANY_REQUESTS, &limited, None),
                retried,
                "{conditions}"
            );
            assert_eq!(
                policy.of_response(StatusCode::SERVICE_UNAVAILABLE, &limited, None),
                retried,
                "{conditions}"
            );
        }
        assert!(retry("5xx", &[]).of_response(StatusCode::SERVICE_UNAVAILABLE, &HeaderMap::new(), None));
    }

    #[test]
    fn what_needs_http3_or_headers_that_nobody_names_changes_nothing() {
        let policy = retry("retriable-headers,http3-post-connect-failure", &[503]);
        assert!(!policy.of_response(StatusCode::SERVICE_UNAVAILABLE, &HeaderMap::new(), Some(14)));
        assert!(
            !policy.of_loss(Lost::Connect) && !policy.of_loss(Lost::Reset) && !policy.of_loss(Lost::Refused)
        );
    }

    #[test]
    fn the_back_off_doubles_up_to_ten_bases() {
        let policy = retry("5xx", &[]);
        let longest = |retry| (0..1_000_000).step_by(499).map(|random| policy.back_off(retry, random)).max();
        assert!(longest(0).unwrap() <= Duration::from_millis(25));
        assert!(longest(1).unwrap() > Duration::from_millis(40));
        assert!(longest(9).unwrap() <= Duration::from_millis(250));
        assert!(longest(9).unwrap() > Duration::from_millis(200));
    }
}
