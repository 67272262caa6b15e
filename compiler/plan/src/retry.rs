//! Retries.

use std::time::Duration;

/// Retry policy of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// Retries after the first attempt.
    pub attempts: u32,
    /// Envoy's `retry_on`, comma separated.
    pub retry_on: String,
    /// HTTP codes to retry on, in order.
    pub retriable_status_codes: Vec<u32>,
    /// Time for each attempt.
    pub per_try_timeout: Option<Duration>,
    /// Base interval of the back-off.
    pub base_interval: Option<Duration>,
    /// Whether hosts that were tried are avoided.
    pub avoid_previous_hosts: bool,
    /// `host_selection_retry_max_attempts`; `None` states none.
    pub host_selection_attempts: Option<u32>,
    /// Whether localities that were tried are avoided (`retryRemoteLocalities`).
    pub avoid_previous_priorities: bool,
}
