//! Which of several endpoints is next.

mod maglev;
mod ring;
mod schedule;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use meshc_contract::proxy::{ConsistentHash, LoadBalancing};

pub(super) use schedule::Schedule;

use super::endpoint::Endpoint;
use super::random;
use maglev::Maglev;
use ring::Ring;

/// How an endpoint is picked, with its defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    /// In turn, by weight.
    RoundRobin,
    /// The less busy of two; with different weights in turn, by weight and how busy they are.
    LeastRequest,
    /// At random, weights ignored as Envoy does.
    Random,
    /// A ring with at least that many entries.
    Ring(u64),
    /// A table with that many entries.
    Maglev(u64),
}

/// Envoy's bound of rings and tables.
const LARGEST_TABLE: u64 = 5_000_011;

impl Policy {
    /// Takes the settings of the contract.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn compile(settings: LoadBalancing) -> Result<Self, String> {
        Ok(match settings {
            LoadBalancing::RoundRobin => Self::RoundRobin,
            LoadBalancing::LeastRequest => Self::LeastRequest,
            LoadBalancing::Random => Self::Random,
            LoadBalancing::ConsistentHash(ConsistentHash::RingHash { minimum_size }) => {
                Self::Ring(minimum_size.unwrap_or(1_024))
            }
            LoadBalancing::ConsistentHash(ConsistentHash::Maglev { table_size }) => {
                let size = table_size.unwrap_or(65_537);
                if size > LARGEST_TABLE || !is_prime(size) {
                    return Err(format!(
                        "the size of a Maglev table must be prime and at most {LARGEST_TABLE}, not {size}"
                    ));
                }
                Self::Maglev(size)
            }
        })
    }

    /// Whether it picks by a hash.
    pub(super) fn is_hash(self) -> bool {
        matches!(self, Self::Ring(_) | Self::Maglev(_))
    }
}

fn is_prime(number: u64) -> bool {
    number >= 2
        && (2..).take_while(|factor| factor * factor <= number).all(|factor| !number.is_multiple_of(factor))
}

/// Endpoints of which one is picked.
#[derive(Debug)]
pub(super) struct Picker {
    endpoints: Vec<Arc<Endpoint>>,
    balancer: Balancer,
}

#[derive(Debug)]
enum Balancer {
    Turn(AtomicUsize),
    WeightedTurn(Schedule),
    LessBusy,
    WeightedLessBusy(Schedule),
    Random,
    Ring(Ring),
    Maglev(Maglev),
}

impl Picker {
    /// Of endpoints with their weights, ordered by address.
    pub(super) fn new(policy: Policy, endpoints: Vec<Arc<Endpoint>>, weights: Vec<f64>) -> Self {
        let equal = weights.windows(2).all(|pair| pair.first() == pair.last());
        let balancer = match policy {
            // Proxies that start together begin with different endpoints.
            Policy::RoundRobin if equal => Balancer::Turn(AtomicUsize::new(random() as usize)),
            Policy::RoundRobin => Balancer::WeightedTurn(Schedule::new(weights)),
            Policy::LeastRequest if equal => Balancer::LessBusy,
            Policy::LeastRequest => Balancer::WeightedLessBusy(Schedule::new(weights)),
            Policy::Random => Balancer::Random,
            Policy::Ring(size) => Balancer::Ring(Ring::new(&keys(&endpoints), &weights, size)),
            Policy::Maglev(size) => Balancer::Maglev(Maglev::new(&keys(&endpoints), &weights, size)),
        };
        Self { endpoints, balancer }
    }

    /// Picks one by a number, the hash of a request or a random one. Further attempts for the same number give others, if they can.
    pub(super) fn pick(&self, number: u64, attempt: u32) -> Option<&Arc<Endpoint>> {
        if self.endpoints.len() <= 1 {
            return self.endpoints.first();
        }
        let index = match &self.balancer {
            Balancer::Turn(next) => next.fetch_add(1, Ordering::Relaxed) % self.endpoints.len(),
            Balancer::WeightedTurn(schedule) => schedule.next(|_, weight| weight),
            Balancer::LessBusy => self.less_busy(),
            Balancer::WeightedLessBusy(schedule) => {
                schedule.next(|index, weight| weight / (self.active(index) + 1.0))
            }
            Balancer::Random => self.index(random()),
            Balancer::Ring(ring) => ring.pick(number, attempt)?,
            Balancer::Maglev(table) => table.pick(number, attempt)?,
        };
        self.endpoints.get(index)
    }

    /// All of them.
    pub(super) fn endpoints(&self) -> impl Iterator<Item = &Arc<Endpoint>> {
        self.endpoints.iter()
    }

    fn index(&self, number: u64) -> usize {
        (number % self.endpoints.len() as u64) as usize
    }

    /// Two different ones at random, and of them the one with fewer requests.
    fn less_busy(&self) -> usize {
        let number = random();
        let one = self.index(number);
        let step = 1 + ((number >> 32) as usize) % (self.endpoints.len() - 1);
        let other = (one + step) % self.endpoints.len();
        if self.active(other) < self.active(one) { other } else { one }
    }

    fn active(&self, index: usize) -> f64 {
        self.endpoints.get(index).map_or(0.0, |endpoint| f64::from(endpoint.active()))
    }
}

/// What endpoints are hashed by: their addresses, as with Envoy.
fn keys(endpoints: &[Arc<Endpoint>]) -> Vec<String> {
    endpoints.iter().map(|endpoint| endpoint.address.to_string()).collect()
}

#[cfg(test)]
mod tests;
