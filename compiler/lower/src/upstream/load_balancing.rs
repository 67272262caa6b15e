//! How an endpoint is picked: `loadBalancer` of a DestinationRule (translation-spec §3.7).

use meshc_api::istio::{ConsistentHashLb, LoadBalancerSettings, SimpleLb};
use meshc_plan::{ConsistentHash, LoadBalancing, LoadBalancingAlgorithm, LocalityBalancing, SlowStart};

/// Smallest ring when a rule asks for consistent hashing and states no algorithm.
const DEFAULT_RING_SIZE: u64 = 1024;

/// Aggression of a slow start when `warmup` states none: weights grow linearly.
const DEFAULT_AGGRESSION: f64 = 1.0;

/// Smallest weight of a new endpoint in percent when `warmup` states none.
const DEFAULT_MIN_WEIGHT_PERCENT: f64 = 10.0;

/// How an endpoint is picked. `panic_threshold` is in percent; Istio's default is 0, so that a proxy never sends to
/// endpoints that are known to be bad.
pub(super) fn load_balancing(
    settings: Option<&LoadBalancerSettings>,
    panic_threshold: f64,
    locality: LocalityBalancing,
) -> LoadBalancing {
    let algorithm = algorithm(settings);
    let slow_start = match algorithm {
        LoadBalancingAlgorithm::LeastRequest | LoadBalancingAlgorithm::RoundRobin => {
            settings.and_then(slow_start)
        }
        // Envoy has no slow start for the others; istiod drops it as well.
        LoadBalancingAlgorithm::Random
        | LoadBalancingAlgorithm::Provided
        | LoadBalancingAlgorithm::ConsistentHash(_) => None,
    };
    LoadBalancing {
        algorithm,
        slow_start,
        panic_threshold: Some(panic_threshold),
        locality,
        sessions_reach_draining: false,
    }
}

/// Whether a rule sends traffic to the address that the client dialled.
pub(super) fn is_passthrough(settings: Option<&LoadBalancerSettings>) -> bool {
    settings.and_then(|settings| settings.simple) == Some(SimpleLb::Passthrough)
}

fn algorithm(settings: Option<&LoadBalancerSettings>) -> LoadBalancingAlgorithm {
    let Some(settings) = settings else { return LoadBalancingAlgorithm::LeastRequest };
    if let Some(hash) = &settings.consistent_hash {
        return LoadBalancingAlgorithm::ConsistentHash(consistent_hash(hash));
    }
    match settings.simple {
        Some(SimpleLb::Random) => LoadBalancingAlgorithm::Random,
        Some(SimpleLb::RoundRobin) => LoadBalancingAlgorithm::RoundRobin,
        Some(SimpleLb::Passthrough) => LoadBalancingAlgorithm::Provided,
        Some(SimpleLb::LeastConn | SimpleLb::LeastRequest | SimpleLb::Unspecified) | None => {
            LoadBalancingAlgorithm::LeastRequest
        }
    }
}

fn consistent_hash(hash: &ConsistentHashLb) -> ConsistentHash {
    if let Some(maglev) = &hash.maglev {
        return ConsistentHash::Maglev { table_size: maglev.table_size.filter(|size| *size > 0) };
    }
    if let Some(ring) = &hash.ring_hash {
        return ConsistentHash::RingHash { minimum_size: ring.minimum_ring_size.filter(|size| *size > 0) };
    }
    let stated = hash.minimum_ring_size.filter(|size| *size > 0);
    ConsistentHash::RingHash { minimum_size: Some(stated.unwrap_or(DEFAULT_RING_SIZE)) }
}

fn slow_start(settings: &LoadBalancerSettings) -> Option<SlowStart> {
    if let Some(warmup) = &settings.warmup {
        return Some(SlowStart {
            window: warmup.duration.unwrap_or_default().0,
            aggression: Some(warmup.aggression.unwrap_or(DEFAULT_AGGRESSION)),
            min_weight_percent: Some(warmup.minimum_percent.unwrap_or(DEFAULT_MIN_WEIGHT_PERCENT)),
        });
    }
    let window = settings.warmup_duration_secs?.0;
    Some(SlowStart { window, aggression: None, min_weight_percent: None })
}

#[cfg(test)]
mod tests {
    use meshc_api::istio::{Maglev, WarmupConfiguration};

    use super::*;

    fn simple(simple: SimpleLb) -> LoadBalancerSettings {
        LoadBalancerSettings { simple: Some(simple), ..LoadBalancerSettings::default() }
    }

    #[test]
    fn the_less_busy_endpoint_is_picked_unless_a_rule_says_otherwise() {
        assert_eq!(algorithm(None), LoadBalancingAlgorithm::LeastRequest);
        assert_eq!(algorithm(Some(&simple(SimpleLb::Unspecified))), LoadBalancingAlgorithm::LeastRequest);
        assert_eq!(algorithm(Some(&simple(SimpleLb::Random))), LoadBalancingAlgorithm::Random);
    }

    #[test]
    fn consistent_hashing_without_an_algorithm_is_a_ring_of_1024() {
        let hash = ConsistentHashLb { use_source_ip: Some(true), ..ConsistentHashLb::default() };
        assert_eq!(consistent_hash(&hash), ConsistentHash::RingHash { minimum_size: Some(1024) });
        let maglev = ConsistentHashLb { maglev: Some(Maglev { table_size: Some(0) }), ..hash };
        assert_eq!(consistent_hash(&maglev), ConsistentHash::Maglev { table_size: None });
    }

    #[test]
    fn slow_start_is_dropped_where_the_algorithm_has_none() {
        let warmup = Some(WarmupConfiguration {
            duration: Some(meshc_api::Duration::from_secs(30)),
            minimum_percent: None,
            aggression: None,
        });
        let settings = LoadBalancerSettings { warmup: warmup.clone(), ..simple(SimpleLb::RoundRobin) };
        let balancing = load_balancing(Some(&settings), 0.0, LocalityBalancing::None);
        assert_eq!(balancing.slow_start.and_then(|start| start.aggression), Some(1.0));
        let settings = LoadBalancerSettings { warmup, ..simple(SimpleLb::Random) };
        assert!(load_balancing(Some(&settings), 0.0, LocalityBalancing::None).slow_start.is_none());
    }
}
