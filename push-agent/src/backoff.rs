//! How long to pause after failures.

use std::time::Duration;

/// The first pause.
const FIRST: Duration = Duration::from_secs(1);

/// Pauses that double up to a limit. There is one agent a cluster, so chance would spread nothing.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    most: Duration,
    failures: u32,
}

impl Backoff {
    pub(crate) fn new(most: Duration) -> Self {
        Self { most, failures: 0 }
    }

    /// How often in a row it failed.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// Counts a failure and returns the pause after it.
    pub(crate) fn failed(&mut self) -> Duration {
        let pause = 2_u32.checked_pow(self.failures).and_then(|factor| FIRST.checked_mul(factor));
        self.failures = self.failures.saturating_add(1);
        pause.unwrap_or(self.most).min(self.most)
    }

    /// Starts again.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Backoff;

    #[test]
    fn pauses_double_up_to_the_limit_and_start_again_after_success() {
        let mut backoff = Backoff::new(Duration::from_secs(10));
        let pauses: Vec<u64> = (0..6).map(|_| backoff.failed().as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 10, 10]);
        assert_eq!(backoff.failures(), 6);
        backoff.reset();
        assert_eq!((backoff.failed().as_secs(), backoff.failures()), (1, 1));
        assert!((0..100).all(|_| backoff.failed() <= Duration::from_secs(10)));
    }
}
