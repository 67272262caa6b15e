//! Fault injection.

use std::time::Duration;

use ::http::StatusCode;
use meshc_contract::traffic::{Fault, FaultAbort, FaultDelay};

use super::local_reply::LocalReply;
use crate::telemetry::Flags;
use crate::upstream::random;

/// The delay of a request, if it gets one.
pub(super) fn delay(fault: &Fault) -> Option<Duration> {
    let FaultDelay { percentage, fixed } = fault.delay.as_ref()?;
    let fixed = fixed.filter(|fixed| !fixed.is_zero())?;
    percentage.is_some_and(|share| share.takes(random())).then_some(fixed)
}

/// The answer of a request that is aborted.
pub(super) fn abort(fault: &Fault) -> Option<LocalReply> {
    let abort = fault.abort.as_ref()?;
    let FaultAbort { percentage, http_status: _, grpc_status } = abort;
    if !percentage.is_some_and(|share| share.takes(random())) {
        return None;
    }
    let status = u16::try_from(abort.status()).ok().and_then(|code| StatusCode::from_u16(code).ok());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let grpc = grpc_status.and_then(|status| u16::try_from(status).ok());
    let reply = LocalReply::new(status, "fault_filter_abort", "fault filter abort");
    Some(LocalReply { grpc, ..reply }.flagged(Flags::FAULT_INJECTED))
}

#[cfg(test)]
mod tests {
    use meshc_contract::traffic::{Fraction, FractionDenominator};

    use super::*;

    fn share(numerator: u32) -> Option<Fraction> {
        Some(Fraction { numerator, denominator: FractionDenominator::Hundred })
    }

    #[test]
    fn a_share_of_requests_is_hit() {
        let fault = |percentage| Fault {
            delay: Some(FaultDelay { percentage, fixed: Some(Duration::from_secs(1)) }),
            abort: Some(FaultAbort { percentage, http_status: None, grpc_status: Some(14) }),
        };
        assert_eq!(delay(&fault(share(100))), Some(Duration::from_secs(1)));
        let reply = abort(&fault(share(100))).unwrap();
        assert_eq!((reply.status.as_u16(), reply.grpc, reply.flags), (503, Some(14), Flags::FAULT_INJECTED));
        for none in [share(0), None] {
            assert!(delay(&fault(none)).is_none() && abort(&fault(none)).is_none());
        }
    }
}
