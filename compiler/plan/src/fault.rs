//! Fault injection.

use std::time::Duration;

use crate::Fraction;

/// Faults of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Delay.
    pub delay: Option<FaultDelay>,
    /// Abort.
    pub abort: Option<FaultAbort>,
}

/// A delay before forwarding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultDelay {
    /// Share of requests; `None` states none, which Envoy reads as 0 %.
    pub percentage: Option<Fraction>,
    /// How long.
    pub fixed: Option<Duration>,
}

/// An answer instead of forwarding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultAbort {
    /// Share of requests; `None` states none, which Envoy reads as 0 %.
    pub percentage: Option<Fraction>,
    /// HTTP status.
    pub http_status: Option<u32>,
    /// gRPC status number.
    pub grpc_status: Option<u32>,
}
