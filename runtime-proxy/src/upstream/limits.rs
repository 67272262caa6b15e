//! How much goes to an upstream at once.

/// There is no room: `UO`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the limits of the upstream are reached")]
pub(crate) struct Overflow;

/// Room for a connection.
#[derive(Debug)]
pub(crate) struct ConnectionPermit {}

/// Room for a request that waits for a connection.
#[derive(Debug)]
pub(crate) struct PendingPermit {}

/// Room for a request.
#[derive(Debug)]
pub(crate) struct RequestPermit {}

/// Room for a retry.
#[derive(Debug)]
pub(crate) struct RetryPermit {}
