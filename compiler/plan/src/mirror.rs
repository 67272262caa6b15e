//! Mirroring.

use crate::{Fraction, UpstreamName};

/// A copy of requests sent elsewhere; its response is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// Where to.
    pub upstream: UpstreamName,
    /// Share of requests.
    pub fraction: Fraction,
}
