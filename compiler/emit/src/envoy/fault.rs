//! Fault injection.

use meshc_plan::{Fault, FaultAbort, FaultDelay};

use super::values::{duration, fraction};
use super::xds;

/// Faults of a route.
pub(super) fn fault(fault: &Fault) -> xds::HttpFault {
    let Fault { delay, abort } = fault;
    xds::HttpFault { delay: delay.as_ref().map(fault_delay), abort: abort.as_ref().map(fault_abort) }
}

/// The filter itself, which injects nothing: routes do.
pub(super) fn filter() -> xds::HttpFault {
    xds::HttpFault { delay: None, abort: None }
}

fn fault_delay(delay: &FaultDelay) -> xds::FaultDelay {
    let FaultDelay { percentage, fixed } = delay;
    xds::FaultDelay { fixed_delay: duration(*fixed), percentage: percentage.map(fraction) }
}

fn fault_abort(abort: &FaultAbort) -> xds::FaultAbort {
    let FaultAbort { percentage, http_status, grpc_status } = abort;
    xds::FaultAbort {
        http_status: *http_status,
        grpc_status: *grpc_status,
        percentage: percentage.map(fraction),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use meshc_plan::{Fault, FaultAbort, FaultDelay, Fraction, FractionDenominator};
    use serde_json::json;

    #[test]
    fn shares_keep_their_denominator() {
        let share = |numerator, denominator| Some(Fraction { numerator, denominator });
        let faults = Fault {
            delay: Some(FaultDelay {
                percentage: share(1000, FractionDenominator::Million),
                fixed: Some(Duration::from_secs(7)),
            }),
            abort: Some(FaultAbort {
                percentage: share(50, FractionDenominator::Hundred),
                http_status: Some(503),
                grpc_status: None,
            }),
        };
        let expected = json!({
            "delay": {"fixedDelay": "7s", "percentage": {"numerator": 1000, "denominator": "MILLION"}},
            "abort": {"httpStatus": 503, "percentage": {"numerator": 50}},
        });
        assert_eq!(serde_json::to_value(super::fault(&faults)).unwrap(), expected);
    }
}
