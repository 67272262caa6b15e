//! What to do when accepting fails (dataplane.md §7.6, 25).

use std::io;
use std::time::Duration;

const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(1);

/// How long to wait until accepting is tried again.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

/// What a failure asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Advice {
    /// The connection was gone before it was accepted: the next one may be there.
    Next,
    /// The process or the host has run out of something; trying at once would only burn time that others need to free it.
    Wait {
        /// How long.
        time: Duration,
        /// Whether it is the first failure in a row, which is worth a line in the log.
        first: bool,
    },
}

impl Backoff {
    /// A connection was accepted.
    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// Accepting failed.
    pub(super) fn failed(&mut self, error: &io::Error) -> Advice {
        use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
        if matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
            return Advice::Next;
        }
        let time = SHORTEST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        let first = self.failures == 0;
        self.failures = self.failures.saturating_add(1);
        Advice::Wait { time, first }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pitfall_25_accepting_waits_longer_and_longer_without_descriptors() {
        let exhausted = io::Error::from_raw_os_error(rustix::io::Errno::MFILE.raw_os_error());
        let mut backoff = Backoff::default();
        let waits: Vec<Advice> = (0..9).map(|_| backoff.failed(&exhausted)).collect();
        let wait = |millis, first| Advice::Wait { time: Duration::from_millis(millis), first };
        assert_eq!(waits[..3], [wait(10, true), wait(20, false), wait(40, false)]);
        assert_eq!(waits[8], wait(1000, false));
        backoff.succeeded();
        assert_eq!(backoff.failed(&exhausted), wait(10, true));
    }

    #[test]
    fn a_connection_that_is_gone_costs_no_time() {
        let gone = io::Error::from(io::ErrorKind::ConnectionAborted);
        assert_eq!(Backoff::default().failed(&gone), Advice::Next);
    }
}
