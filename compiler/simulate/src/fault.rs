//! Injected faults.

use meshc_plan::{Fault, FaultAbort, Fraction};

use crate::verdict::AbortStatus;

/// Share of requests that are aborted, with their status, and share of those that are delayed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shares {
    /// Aborted, between 0 and 1.
    pub(crate) abort: f64,
    /// Status of the answer.
    pub(crate) status: AbortStatus,
    /// Delayed, between 0 and 1.
    pub(crate) delay: f64,
}

/// What a fault does. A share that is not stated is none.
pub(crate) fn shares(fault: &Fault) -> Shares {
    let Fault { delay, abort } = fault;
    Shares {
        abort: abort.as_ref().map_or(0.0, |abort| share(abort.percentage)),
        status: abort.as_ref().map_or(AbortStatus { http: 500, grpc: None }, status),
        delay: delay.as_ref().map_or(0.0, |delay| share(delay.percentage)),
    }
}

fn share(fraction: Option<Fraction>) -> f64 {
    fraction.map_or(0.0, Fraction::share)
}

fn status(abort: &FaultAbort) -> AbortStatus {
    AbortStatus { http: abort.status(), grpc: abort.grpc_status }
}

#[cfg(test)]
mod tests {
    use meshc_plan::FractionDenominator;

    use super::*;

    #[test]
    fn a_share_that_is_not_stated_is_none() {
        let percentage = Some(Fraction { numerator: 2_500, denominator: FractionDenominator::TenThousand });
        let abort = |percentage| FaultAbort { percentage, http_status: None, grpc_status: Some(14) };
        let some = Fault { delay: None, abort: Some(abort(percentage)) };
        assert_eq!(
            shares(&some),
            Shares { abort: 0.25, status: AbortStatus { http: 503, grpc: Some(14) }, delay: 0.0 }
        );
        assert!(shares(&Fault { delay: None, abort: Some(abort(None)) }).abort.abs() < f64::EPSILON);
    }
}
