//! Retries (translation-spec §2.9.6).

use meshc_api::istio::HttpRetry;
use meshc_plan::Retry;

use crate::context::ProxyContext;

/// Envoy's condition that makes status codes count.
const STATUS_CODES: &str = "retriable-status-codes";
/// What Istio retries unless told otherwise.
const DEFAULT_CONDITIONS: &str =
    "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes";
/// Attempts of Istio's default.
const DEFAULT_ATTEMPTS: i32 = 2;
/// How often Envoy looks for an endpoint that was not tried.
const HOST_SELECTION_ATTEMPTS: u32 = 5;

/// The retry policy of a route: its own, else that of the mesh, else Istio's default; `None` turns retries off. A route
/// with one destination that is picked by a hash sticks to its endpoint.
pub(super) fn retry(cx: &ProxyContext<'_>, stated: Option<&HttpRetry>, sticky: bool) -> Option<Retry> {
    let default = HttpRetry { attempts: Some(DEFAULT_ATTEMPTS), ..HttpRetry::default() };
    let policy = stated.or(cx.mesh.config.default_http_retry_policy.as_ref()).unwrap_or(&default);
    let attempts = u32::try_from(policy.attempts.unwrap_or(0)).ok().filter(|attempts| *attempts > 0)?;
    let (retry_on, retriable_status_codes) = conditions(policy.retry_on.as_deref().unwrap_or_default());
    Some(Retry {
        attempts,
        retry_on,
        retriable_status_codes,
        per_try_timeout: policy.per_try_timeout.map(|time| time.0),
        base_interval: policy.backoff.map(|time| time.0),
        avoid_previous_hosts: policy.retry_ignore_previous_hosts.unwrap_or(!sticky),
        host_selection_attempts: Some(HOST_SELECTION_ATTEMPTS),
        avoid_previous_priorities: policy.retry_remote_localities.unwrap_or(false),
    })
}

/// Tells status codes from Envoy's conditions. Where only codes are stated, Istio leaves a comma in front of the
/// condition that makes them count, which Envoy ignores.
fn conditions(stated: &str) -> (String, Vec<u32>) {
    if stated.is_empty() {
        return (DEFAULT_CONDITIONS.to_owned(), Vec::new());
    }
    let mut codes = Vec::new();
    let mut names = Vec::new();
    for part in stated.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        match part.parse::<u32>() {
            Ok(code) if is_status(code) => codes.push(code),
            _ => names.push(part),
        }
    }
    let mut names = names.join(",");
    if !codes.is_empty() && !names.contains(STATUS_CODES) {
        names.push(',');
        names.push_str(STATUS_CODES);
    }
    (names, codes)
}

/// Whether a number is a status that HTTP registers.
fn is_status(code: u32) -> bool {
    matches!(
        code,
        100..=103 | 200..=208 | 226 | 300..=305 | 307 | 308 | 400..=418 | 421..=426 | 428 | 429 | 431 | 451
            | 500..=508 | 510 | 511
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_status_codes_if_http_knows_them() {
        assert_eq!(conditions("5xx, reset"), ("5xx,reset".to_owned(), vec![]));
        assert_eq!(conditions("reset,503"), ("reset,retriable-status-codes".to_owned(), vec![503]));
        assert_eq!(conditions("503"), (",retriable-status-codes".to_owned(), vec![503]));
        assert_eq!(
            conditions("retriable-status-codes,504"),
            ("retriable-status-codes".to_owned(), vec![504])
        );
        assert_eq!(conditions("499,reset"), ("499,reset".to_owned(), vec![]));
        assert_eq!(conditions(""), (DEFAULT_CONDITIONS.to_owned(), vec![]));
    }
}
