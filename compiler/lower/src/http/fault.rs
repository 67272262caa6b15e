//! Faults that are injected on purpose (translation-spec §2.9.8).

use meshc_api::istio::{HttpFaultAbort, HttpFaultDelay, HttpFaultInjection};
use meshc_plan::{Fault, FaultAbort, FaultDelay};

use super::percent::{hundredths, millionths};

/// Faults of a route. An abort without a status is none.
pub(super) fn fault(stated: &HttpFaultInjection) -> Option<Fault> {
    let delay = stated.delay.as_ref().map(delay);
    let abort = stated.abort.as_ref().and_then(abort);
    (delay.is_some() || abort.is_some()).then_some(Fault { delay, abort })
}

fn delay(stated: &HttpFaultDelay) -> FaultDelay {
    let percentage = match &stated.percentage {
        Some(percentage) => millionths(percentage),
        None => hundredths(u32::try_from(stated.percent.unwrap_or(0)).unwrap_or(0)),
    };
    FaultDelay { percentage: Some(percentage), fixed: stated.fixed_delay.map(|time| time.0) }
}

fn abort(stated: &HttpFaultAbort) -> Option<FaultAbort> {
    let http_status = stated.http_status.and_then(|status| u32::try_from(status).ok());
    let grpc_status = stated.grpc_status.as_deref().and_then(grpc_status);
    if http_status.is_none() && grpc_status.is_none() {
        return None;
    }
    Some(FaultAbort { percentage: stated.percentage.as_ref().map(millionths), http_status, grpc_status })
}

/// Number of a gRPC status by name or number.
fn grpc_status(text: &str) -> Option<u32> {
    const NAMES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    NAMES.iter().position(|name| *name == text).and_then(|index| u32::try_from(index).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Fault> {
        fault(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn a_delay_without_a_share_delays_nothing_but_says_so() {
        let delay = read(r#"{"delay": {"fixedDelay": "1s"}}"#).unwrap().delay.unwrap();
        assert_eq!(delay.percentage, Some(hundredths(0)));
    }

    #[test]
    fn a_grpc_status_has_a_name_or_a_number() {
        let status = |text: &str| {
            let json = format!(r#"{{"abort": {{"grpcStatus": "{text}", "percentage": {{"value": 100}}}}}}"#);
            read(&json).and_then(|fault| fault.abort).and_then(|abort| abort.grpc_status)
        };
        assert_eq!(status("UNAVAILABLE"), Some(14));
        assert_eq!(status("7"), Some(7));
        assert_eq!(status("NOPE"), None);
    }

    #[test]
    fn an_abort_without_a_status_is_none() {
        assert_eq!(read(r#"{"abort": {"percentage": {"value": 1}}}"#), None);
    }
}
