//! Turns by weight: earliest deadline first, as Envoy schedules endpoints and localities of different weights.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::{Mutex, PoisonError};

use super::random;

/// Turns by weight.
#[derive(Debug)]
pub(in super::super) struct Schedule {
    weights: Vec<f64>,
    queue: Mutex<BinaryHeap<Turn>>,
}

#[derive(Debug)]
struct Turn {
    deadline: f64,
    index: usize,
}

impl Schedule {
    /// Of these weights; what has none gets no turn, unless nothing has any.
    pub(in super::super) fn new(weights: Vec<f64>) -> Self {
        let positive = |weight: &f64| *weight > 0.0;
        let weights = if weights.iter().any(positive) { weights } else { vec![1.0; weights.len()] };
        // A random start: proxies that start together do not all begin with the heaviest.
        let start = |weight: f64| (random() >> 11) as f64 / (1_u64 << 53) as f64 / weight;
        let turns = weights.iter().enumerate().filter(|(_, weight)| positive(weight));
        let queue = turns.map(|(index, weight)| Turn { deadline: start(*weight), index }).collect();
        Self { weights, queue: Mutex::new(queue) }
    }

    /// Whose turn it is. `weight` may lower the weight of an index for the time being.
    pub(in super::super) fn next(&self, weight: impl Fn(usize, f64) -> f64) -> usize {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Turn { deadline, index }) = queue.pop() else { return 0 };
        let weight = weight(index, self.weights.get(index).copied().unwrap_or(1.0));
        queue.push(Turn { deadline: deadline + 1.0 / weight.max(f64::MIN_POSITIVE), index });
        index
    }
}

impl Ord for Turn {
    /// The earliest is the greatest, as the heap wants it.
    fn cmp(&self, other: &Self) -> Ordering {
        other.deadline.total_cmp(&self.deadline).then(other.index.cmp(&self.index))
    }
}

impl PartialOrd for Turn {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Turn {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Turn {}
