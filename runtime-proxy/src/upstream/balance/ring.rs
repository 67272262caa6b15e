//! Ring hash: Envoy's ring, entry by entry, so that every proxy picks the same endpoint.

use super::super::xxhash::xxh64;

/// A ring of hashes with their endpoints, by hash.
#[derive(Debug)]
pub(super) struct Ring(Vec<(u64, u32)>);

/// Envoy's `maximum_ring_size`.
const LARGEST: f64 = 8_388_608.0;

impl Ring {
    /// Of the addresses of endpoints, their weights, and at least so many entries in all.
    pub(super) fn new(keys: &[String], weights: &[f64], minimum_size: u64) -> Self {
        let total: f64 = weights.iter().sum();
        let smallest = weights.iter().copied().filter(|weight| *weight > 0.0).fold(total, f64::min) / total;
        // The lightest endpoint gets a whole number of entries, the others in proportion.
        let scale = ((smallest * minimum_size.max(1) as f64).ceil() / smallest).min(LARGEST);
        let mut entries = Vec::new();
        let (mut current, mut target) = (0.0, 0.0);
        for ((endpoint, key), weight) in (0_u32..).zip(keys).zip(weights) {
            target += scale * weight / total;
            let mut number = 0_u64;
            while current < target {
                entries.push((xxh64(format!("{key}_{number}").as_bytes(), 0), endpoint));
                number += 1;
                current += 1.0;
            }
        }
        entries.sort_unstable();
        Self(entries)
    }

    /// The endpoint of the first entry at or after a hash; further attempts go on around the ring.
    pub(super) fn pick(&self, hash: u64, attempt: u32) -> Option<usize> {
        let first = self.0.partition_point(|(entry, _)| *entry < hash);
        let index = (first + attempt as usize) % self.0.len().max(1);
        self.0.get(index).map(|(_, endpoint)| *endpoint as usize)
    }
}
