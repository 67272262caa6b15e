//! Histograms with Envoy's buckets, which Istio keeps.

use std::sync::atomic::{AtomicU64, Ordering};

/// Upper bounds of the buckets; what is above the last one counts only in `+Inf`.
pub(super) const BOUNDS: [f64; 19] = [
    0.5,
    1.0,
    5.0,
    10.0,
    25.0,
    50.0,
    100.0,
    250.0,
    500.0,
    1_000.0,
    2_500.0,
    5_000.0,
    10_000.0,
    30_000.0,
    60_000.0,
    300_000.0,
    600_000.0,
    1_800_000.0,
    3_600_000.0,
];

/// A number that one thread adds to and others read.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    /// Adds to it. Only the thread that owns it may: there is no read-modify-write on the bus, which would cost more than the sum.
    pub(super) fn add(&self, amount: u64) {
        self.0.store(self.get().wrapping_add(amount), Ordering::Relaxed);
    }

    /// What it is.
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A histogram that one thread adds to and others read.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    /// Values in each bucket alone, the last one for what is above all bounds.
    buckets: [Count; BOUNDS.len() + 1],
    /// Sum in thousandths, so that it is a whole number.
    thousandths: Count,
}

impl Histogram {
    /// Adds a value, in thousandths of the unit of the bounds.
    pub(super) fn observe(&self, thousandths: u64) {
        #[expect(clippy::cast_precision_loss, reason = "a bucket does not care for the last digits")]
        let value = thousandths as f64 / 1_000.0;
        let bucket = BOUNDS.iter().position(|bound| value <= *bound).unwrap_or(BOUNDS.len());
        if let Some(count) = self.buckets.get(bucket) {
            count.add(1);
        }
        self.thousandths.add(thousandths);
    }
}

/// The sum of several histograms.
#[derive(Debug, Default, Clone)]
pub(super) struct Merged {
    /// Values in each bucket alone.
    pub(super) buckets: [u64; BOUNDS.len() + 1],
    /// Sum in thousandths.
    pub(super) thousandths: u64,
}

impl Merged {
    /// Adds a histogram.
    pub(super) fn add(&mut self, other: &Histogram) {
        for (sum, count) in self.buckets.iter_mut().zip(&other.buckets) {
            *sum += count.get();
        }
        self.thousandths += other.thousandths.get();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_in_the_first_bucket_that_holds_it() {
        let histogram = Histogram::default();
        for thousandths in [0, 500, 501, 3_600_000_000, 3_600_000_001] {
            histogram.observe(thousandths);
        }
        let mut merged = Merged::default();
        merged.add(&histogram);
        assert_eq!(
            (merged.buckets[0], merged.buckets[1], merged.buckets[18], merged.buckets[19]),
            (2, 1, 1, 1)
        );
        assert_eq!(merged.thousandths, 7_200_001_002);
    }
}
