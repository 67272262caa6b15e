//! What is known of a name, and when it is asked for again.

use std::net::IpAddr;
use std::time::Duration;

use super::Answer;

/// The shortest time between two questions, whatever the TTL says.
const SHORTEST: Duration = Duration::from_secs(2);

/// Consecutive answers without an address that empty a name: the first may be of a server that has just started.
const NOTHING_UNTIL_EMPTY: u32 = 2;

/// What is known of a name in one family.
#[derive(Debug, Default)]
pub(super) struct Record {
    addresses: Vec<IpAddr>,
    answered: bool,
    nothing: u32,
    failures: u32,
}

impl Record {
    /// A name that nobody is asked for.
    pub(super) fn fixed(addresses: Vec<IpAddr>) -> Self {
        Self { addresses, answered: true, ..Self::default() }
    }

    /// The addresses, in the order of the answer.
    pub(super) fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }

    /// Whether there was an answer, or the failure of one.
    pub(super) fn is_answered(&self) -> bool {
        self.answered
    }

    /// Takes an answer and says after what time to ask again: the TTL within bounds; soon when something is wrong.
    pub(super) fn take(&mut self, answer: Answer, refresh_rate: Duration) -> Duration {
        self.answered = true;
        match answer {
            Answer::Addresses(addresses, ttl) => {
                *self = Self { addresses, answered: true, ..Self::default() };
                ttl.max(SHORTEST).min(refresh_rate)
            }
            Answer::Nothing => {
                self.nothing = self.nothing.saturating_add(1);
                self.failures = 0;
                if self.nothing < NOTHING_UNTIL_EMPTY {
                    return SHORTEST.min(refresh_rate);
                }
                self.addresses.clear();
                refresh_rate
            }
            // What is known stays: an endpoint is rather there than gone because a DNS server is.
            Answer::Failure => {
                let pause = SHORTEST.saturating_mul(1 << self.failures.min(16));
                self.failures = self.failures.saturating_add(1);
                pause.min(refresh_rate)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFRESH: Duration = Duration::from_secs(30);

    fn addresses(last: u8, ttl: u64) -> Answer {
        Answer::Addresses(vec![[10, 0, 0, last].into()], Duration::from_secs(ttl))
    }

    fn seconds(record: &mut Record, answer: Answer) -> u64 {
        record.take(answer, REFRESH).as_secs()
    }

    #[test]
    fn the_ttl_counts_between_two_seconds_and_the_refresh_rate() {
        let mut record = Record::default();
        assert!(!record.is_answered());
        for (ttl, pause) in [(0, 2), (1, 2), (5, 5), (30, 30), (3_600, 30)] {
            assert_eq!(seconds(&mut record, addresses(1, ttl)), pause);
        }
        assert_eq!(record.take(addresses(1, 0), Duration::from_secs(1)), Duration::from_secs(1));
        assert!(record.is_answered());
    }

    #[test]
    fn failures_keep_what_is_known_and_are_asked_about_less_and_less() {
        let mut record = Record::default();
        record.take(addresses(1, 5), REFRESH);
        let pauses: Vec<_> = (0..6).map(|_| seconds(&mut record, Answer::Failure)).collect();
        assert_eq!(pauses, [2, 4, 8, 16, 30, 30]);
        assert_eq!(record.addresses().len(), 1);
        assert_eq!(seconds(&mut record, addresses(2, 5)), 5);
        assert_eq!(seconds(&mut record, Answer::Failure), 2);
    }

    #[test]
    fn a_name_is_empty_after_two_consecutive_answers_without_an_address() {
        let mut record = Record::default();
        record.take(addresses(1, 5), REFRESH);
        assert_eq!(seconds(&mut record, Answer::Nothing), 2);
        assert_eq!(record.addresses().len(), 1);
        record.take(addresses(1, 5), REFRESH);
        record.take(Answer::Nothing, REFRESH);
        // A failure in between tells nothing of the name.
        record.take(Answer::Failure, REFRESH);
        assert_eq!(record.addresses().len(), 1);
        assert_eq!(seconds(&mut record, Answer::Nothing), 30);
        assert!(record.addresses().is_empty());
        record.take(addresses(3, 5), REFRESH);
        assert_eq!(record.addresses().len(), 1);
    }
}
