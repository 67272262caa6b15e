//! How much goes to an upstream at once. Permits are counted by atomics, over all threads, and given back when they are dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use meshc_contract::proxy::{PoolLimits, RetryBudget};

/// There is no room: `UO`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the limits of the upstream are reached")]
pub(crate) struct Overflow;

/// What is on its way. It outlives changed settings, so that what began under the old ones is still counted.
#[derive(Debug, Default)]
struct Counters {
    connections: AtomicU32,
    pending: AtomicU32,
    requests: AtomicU32,
    retries: AtomicU32,
}

/// The limits of an upstream with what is on its way.
#[derive(Debug)]
pub(super) struct Limits {
    counters: Arc<Counters>,
    connections: u32,
    pending: u32,
    requests: u32,
    retries: Retries,
}

#[derive(Debug, Clone, Copy)]
enum Retries {
    AtMost(u32),
    Budget(RetryBudget),
}

impl Limits {
    pub(super) fn new(settings: &PoolLimits, previous: Option<&Self>) -> Self {
        let retries = match settings.retry_budget {
            Some(budget) => Retries::Budget(budget),
            None => Retries::AtMost(settings.max_retries.unwrap_or(u32::MAX)),
        };
        Self {
            counters: previous.map(|previous| previous.counters.clone()).unwrap_or_default(),
            connections: settings.max_connections.unwrap_or(u32::MAX),
            pending: settings.max_pending_requests.unwrap_or(u32::MAX),
            requests: settings.max_requests.unwrap_or(u32::MAX),
            retries,
        }
    }

    pub(super) fn begin_connection(&self) -> Result<ConnectionPermit, Overflow> {
        take(&self.counters.connections, self.connections)?;
        Ok(ConnectionPermit(self.counters.clone()))
    }

    pub(super) fn begin_pending(&self) -> Result<PendingPermit, Overflow> {
        take(&self.counters.pending, self.pending)?;
        Ok(PendingPermit(self.counters.clone()))
    }

    pub(super) fn begin_request(&self) -> Result<RequestPermit, Overflow> {
        take(&self.counters.requests, self.requests)?;
        Ok(RequestPermit(self.counters.clone()))
    }

    pub(super) fn begin_retry(&self) -> Result<RetryPermit, Overflow> {
        let limit = match self.retries {
            Retries::AtMost(limit) => limit,
            Retries::Budget(budget) => self.budget(budget),
        };
        take(&self.counters.retries, limit)?;
        Ok(RetryPermit(self.counters.clone()))
    }

    /// A share of the requests that are on their way or wait, but never less than the minimum (Envoy's retry budget).
    fn budget(&self, budget: RetryBudget) -> u32 {
        let Counters { pending, requests, .. } = self.counters.as_ref();
        let on_their_way =
            f64::from(pending.load(Ordering::Relaxed)) + f64::from(requests.load(Ordering::Relaxed));
        // Casting a float saturates, and a share that is no number is none.
        let share = (on_their_way * budget.percent / 100.0) as u32;
        share.max(budget.min_concurrency)
    }
}

/// Counts one more unless the limit is reached, without ever exceeding it in between.
fn take(counter: &AtomicU32, limit: u32) -> Result<(), Overflow> {
    let more = |count: u32| (count < limit).then(|| count + 1);
    counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).map(|_| ()).map_err(|_| Overflow)
}

/// Room for a connection.
#[derive(Debug)]
pub(crate) struct ConnectionPermit(Arc<Counters>);

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Room for a request that waits for a connection.
#[derive(Debug)]
pub(crate) struct PendingPermit(Arc<Counters>);

impl Drop for PendingPermit {
    fn drop(&mut self) {
        self.0.pending.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Room for a request.
#[derive(Debug)]
pub(crate) struct RequestPermit(Arc<Counters>);

impl Drop for RequestPermit {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Room for a retry.
#[derive(Debug)]
pub(crate) struct RetryPermit(Arc<Counters>);

impl Drop for RetryPermit {
    fn drop(&mut self) {
        self.0.retries.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn without_limits_there_is_always_room() {
        let limits = Limits::new(&PoolLimits::default(), None);
        let permits: Vec<_> = (0..10_000).map(|_| limits.begin_request().unwrap()).collect();
        assert_eq!(limits.counters.requests.load(Ordering::Relaxed), 10_000);
        drop(permits);
        assert_eq!(limits.counters.requests.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn zero_is_a_limit() {
        let limits = Limits::new(&PoolLimits { max_retries: Some(0), ..PoolLimits::default() }, None);
        assert_eq!(limits.begin_retry().unwrap_err(), Overflow);
    }

    #[test]
    fn a_budget_is_a_share_of_what_is_on_its_way() {
        let budget = Some(RetryBudget { percent: 20.0, min_concurrency: 1 });
        let limits = Limits::new(&PoolLimits { retry_budget: budget, ..PoolLimits::default() }, None);
        let first = limits.begin_retry().unwrap();
        assert_eq!(limits.begin_retry().unwrap_err(), Overflow);
        let _requests: Vec<_> = (0..9).map(|_| limits.begin_request().unwrap()).collect();
        assert_eq!(limits.begin_retry().unwrap_err(), Overflow);
        let _pending = limits.begin_pending().unwrap();
        let second = limits.begin_retry().unwrap();
        assert_eq!(limits.begin_retry().unwrap_err(), Overflow);
        drop((first, second));
        assert!(limits.begin_retry().is_ok());
    }

    #[test]
    fn what_began_under_old_settings_is_counted_under_new_ones() {
        let one = PoolLimits { max_connections: Some(1), ..PoolLimits::default() };
        let old = Limits::new(&one, None);
        let permit = old.begin_connection().unwrap();
        let new = Limits::new(&one, Some(&old));
        drop(old);
        assert_eq!(new.begin_connection().unwrap_err(), Overflow);
        drop(permit);
        assert!(new.begin_connection().is_ok());
    }

    proptest! {
        /// Whatever is begun and ended, by however many threads.
        #[test]
        fn permits_never_exceed_their_limit(limit in 1_u32..8, steps in prop::collection::vec(any::<bool>(), 0..64)) {
            let settings = PoolLimits { max_requests: Some(limit), ..PoolLimits::default() };
            let limits = Limits::new(&settings, None);
            std::thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| {
                        let mut held = Vec::new();
                        for begin in &steps {
                            match limits.begin_request() {
                                Ok(permit) if *begin => held.push(permit),
                                _ => drop(held.pop()),
                            }
                            assert!(limits.counters.requests.load(Ordering::Relaxed) <= limit);
                        }
                    });
                }
            });
            prop_assert_eq!(limits.counters.requests.load(Ordering::Relaxed), 0);
        }
    }
}
