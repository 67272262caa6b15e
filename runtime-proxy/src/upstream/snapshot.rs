//! What picking an endpoint reads: made as a whole whenever endpoints or their health change.

use std::sync::Arc;

use tokio::time::Instant;

use super::balance::{Picker, Policy, Schedule};
use super::endpoint::Endpoint;
use super::health::{self, Health, OVERPROVISIONING};
use super::{Choice, random};

/// What picking an endpoint reads.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// When an ejection ends, so that it is out of date.
    pub(super) changes_at: Option<Instant>,
    /// Those that take load.
    priorities: Vec<Priority>,
    /// Those that would if others were left out.
    spare: Vec<Priority>,
}

/// The endpoints of a locality and priority.
#[derive(Debug)]
pub(super) struct Locality {
    /// Weight among the localities of the priority.
    pub(super) weight: Option<u32>,
    /// Endpoints, by address.
    pub(super) candidates: Vec<Candidate>,
}

/// One of them.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    /// The endpoint.
    pub(super) endpoint: Arc<Endpoint>,
    /// Its weight.
    pub(super) weight: u32,
    /// Whether it is healthy.
    pub(super) healthy: bool,
}

#[derive(Debug)]
struct Priority {
    /// Percent of all load.
    load: u64,
    /// Percent of all load that its health would bear.
    available: u64,
    /// One for each locality, or one for all of them.
    pickers: Vec<Picker>,
    /// The localities in turn, if there is more than one.
    schedule: Option<Schedule>,
}

/// How often another endpoint is looked for before the first that was not tried is taken (Istio's
/// `host_selection_retry_max_attempts`, and the first).
const ATTEMPTS: u32 = 6;

impl Snapshot {
    /// Of the localities of each priority. The panic threshold is in percent.
    pub(super) fn new(
        priorities: &[Vec<Locality>],
        policy: Policy,
        panic_threshold: f64,
        changes_at: Option<Instant>,
    ) -> Self {
        let healths: Vec<_> = priorities.iter().map(|localities| count(localities.iter())).collect();
        let loads = health::loads(&healths, panic_threshold);
        let (priorities, spare) = priorities
            .iter()
            .zip(loads)
            .map(|(localities, load)| Priority::new(localities, load, policy))
            .filter(|priority| priority.load > 0 || priority.available > 0)
            .partition(|priority| priority.load > 0);
        Self { changes_at, priorities, spare }
    }

    /// Picks an endpoint; `None` if none can take anything.
    pub(super) fn pick(&self, choice: &Choice<'_>) -> Option<Arc<Endpoint>> {
        let number = || choice.hash.unwrap_or_else(random);
        if !choice.leave.is_empty()
            && let Some(priority) = self.other(choice.leave, number())
        {
            return priority.pick(choice);
        }
        let priority = match self.priorities.as_slice() {
            [] => return None,
            [only] => only,
            several => by_load(several.iter().map(|priority| (priority, priority.load)), number())?,
        };
        priority.pick(choice)
    }

    /// By what is left of loads without the priorities that some endpoints are of (Envoy's `previous_priorities`); `None` if nobody is.
    fn other(&self, leave: &[Arc<Endpoint>], number: u64) -> Option<&Priority> {
        let is_left = |priority: &&Priority| {
            let mut endpoints = priority.pickers.iter().flat_map(Picker::endpoints);
            !endpoints.any(|endpoint| leave.iter().any(|left| left.id == endpoint.id))
        };
        let left: Vec<_> = self.priorities.iter().chain(&self.spare).filter(is_left).collect();
        let parts: Vec<u64> = left.iter().map(|priority| priority.available).collect();
        let loads = health::shared(&parts, parts.iter().sum::<u64>().min(100));
        by_load(left.into_iter().zip(loads), number)
    }
}

/// The priority that a number falls to. Loads are 100 together; if they are none, nobody takes it.
fn by_load<'p>(priorities: impl Iterator<Item = (&'p Priority, u64)>, number: u64) -> Option<&'p Priority> {
    let mut wanted = number % 100;
    for (priority, load) in priorities {
        if wanted < load {
            return Some(priority);
        }
        wanted -= load;
    }
    None
}

fn count<'l>(localities: impl Iterator<Item = &'l Locality>) -> Health {
    let mut health = Health { all: 0, healthy: 0 };
    for candidate in localities.flat_map(|locality| &locality.candidates) {
        health.all += 1;
        health.healthy += usize::from(candidate.healthy);
    }
    health
}

impl Priority {
    fn new(localities: &[Locality], load: health::Load, policy: Policy) -> Self {
        let available = health::available(count(localities.iter()));
        let weighted = !load.panic && localities.iter().any(|locality| locality.weight.is_some());
        let taken = |locality: &Locality| -> Vec<Candidate> {
            locality.candidates.iter().filter(|candidate| load.panic || candidate.healthy).cloned().collect()
        };
        let mut parts: Vec<(Vec<Candidate>, f64)> = if weighted {
            localities.iter().map(|locality| (taken(locality), effective_weight(locality))).collect()
        } else {
            let mut all: Vec<_> = localities.iter().flat_map(taken).collect();
            all.sort_by(|one, other| one.endpoint.address.cmp(&other.endpoint.address));
            vec![(all, 1.0)]
        };
        parts.retain(|(candidates, weight)| !candidates.is_empty() && *weight > 0.0);
        if policy.is_hash() {
            // One ring or table for all, in which localities have their shares.
            return Self { load: load.percent, available, pickers: hashed(&parts, policy), schedule: None };
        }
        let schedule =
            (parts.len() > 1).then(|| Schedule::new(parts.iter().map(|(_, weight)| *weight).collect()));
        let pickers = parts.iter().map(|(candidates, _)| {
            let weights = candidates.iter().map(|candidate| f64::from(candidate.weight)).collect();
            Picker::new(
                policy,
                candidates.iter().map(|candidate| candidate.endpoint.clone()).collect(),
                weights,
            )
        });
        Self { load: load.percent, available, pickers: pickers.collect(), schedule }
    }

    fn pick(&self, choice: &Choice<'_>) -> Option<Arc<Endpoint>> {
        let mut last = None;
        for attempt in 0..ATTEMPTS {
            let picker = match &self.schedule {
                Some(schedule) => self.pickers.get(schedule.next(|_, weight| weight))?,
                None => self.pickers.first()?,
            };
            let endpoint = picker.pick(choice.hash.unwrap_or_else(random), attempt)?;
            if !is_avoided(endpoint, choice) {
                return Some(endpoint.clone());
            }
            last = Some(endpoint);
        }
        let mut untried = self.pickers.iter().flat_map(Picker::endpoints);
        untried.find(|endpoint| !is_avoided(endpoint, choice)).or(last).cloned()
    }
}

fn is_avoided(endpoint: &Arc<Endpoint>, choice: &Choice<'_>) -> bool {
    choice.avoid.iter().any(|avoided| avoided.id == endpoint.id)
}

/// The weight of a locality, less what its health cannot bear (Envoy's locality weighted load balancing).
fn effective_weight(locality: &Locality) -> f64 {
    let Health { all, healthy } = count(std::iter::once(locality));
    if all == 0 {
        return 0.0;
    }
    let weight = locality.weight.map_or(all as f64, f64::from);
    weight * (OVERPROVISIONING as f64 / 100.0 * healthy as f64 / all as f64).min(1.0)
}

fn hashed(parts: &[(Vec<Candidate>, f64)], policy: Policy) -> Vec<Picker> {
    let mut all = Vec::new();
    for (candidates, share) in parts {
        let total: f64 = candidates.iter().map(|candidate| f64::from(candidate.weight)).sum();
        let weight = |candidate: &Candidate| share * f64::from(candidate.weight) / total;
        all.extend(candidates.iter().map(|candidate| (candidate.endpoint.clone(), weight(candidate))));
    }
    all.sort_by(|(one, _), (other, _)| one.address.cmp(&other.address));
    let (endpoints, weights) = all.into_iter().unzip();
    vec![Picker::new(policy, endpoints, weights)]
}
