//! Maglev: Envoy's table, entry by entry, so that every proxy picks the same endpoint.

use super::super::xxhash::xxh64;

/// A table of endpoints.
#[derive(Debug)]
pub(super) struct Maglev(Vec<u32>);

struct Row {
    endpoint: u32,
    offset: u64,
    skip: u64,
    weight: f64,
    target: f64,
    next: u64,
}

/// No endpoint yet.
const EMPTY: u32 = u32::MAX;

impl Maglev {
    /// Of the addresses of endpoints and their weights. The size is prime.
    pub(super) fn new(keys: &[String], weights: &[f64], size: u64) -> Self {
        let heaviest = weights.iter().copied().fold(0.0, f64::max);
        let mut rows: Vec<Row> = (0_u32..)
            .zip(keys)
            .zip(weights)
            .filter(|(_, weight)| **weight > 0.0)
            .map(|((endpoint, key), weight)| Row {
                endpoint,
                offset: xxh64(key.as_bytes(), 0) % size,
                skip: xxh64(key.as_bytes(), 1) % (size - 1).max(1) + 1,
                weight: *weight,
                target: 0.0,
                next: 0,
            })
            .collect();
        let mut table = vec![EMPTY; if rows.is_empty() { 0 } else { size as usize }];
        let mut left = table.len();
        let mut round = 1.0;
        while left > 0 {
            for row in &mut rows {
                // The heaviest takes an entry in each round, others when their weight has added up to it.
                if left > 0 && round * row.weight >= row.target {
                    row.target += heaviest;
                    take(row, &mut table, size);
                    left -= 1;
                }
            }
            round += 1.0;
        }
        Self(table)
    }

    /// The endpoint of a hash; further attempts look elsewhere.
    pub(super) fn pick(&self, hash: u64, attempt: u32) -> Option<usize> {
        let hash = if attempt == 0 { hash } else { hash ^ (u64::MAX - u64::from(attempt) + 1) };
        let index = hash.checked_rem(self.0.len() as u64)?;
        self.0.get(usize::try_from(index).ok()?).map(|endpoint| *endpoint as usize)
    }
}

/// The next free entry of the permutation of an endpoint.
fn take(row: &mut Row, table: &mut [u32], size: u64) {
    loop {
        let index = (row.offset + row.skip * row.next) % size;
        row.next += 1;
        if let Some(entry) = table.get_mut(index as usize)
            && *entry == EMPTY
        {
            *entry = row.endpoint;
            return;
        }
    }
}
