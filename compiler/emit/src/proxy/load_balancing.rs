//! Load balancing.

use meshc_contract::proxy;
use meshc_plan::{ConsistentHash, LoadBalancing, LoadBalancingAlgorithm, LocalityBalancing};

use super::feature;
use super::findings::Site;

/// How an endpoint is picked.
pub(super) struct Balancing {
    pub(super) algorithm: proxy::LoadBalancing,
    pub(super) panic_threshold: Option<f64>,
    /// Whether weights of groups count.
    pub(super) weighted: bool,
}

/// Balancing of an upstream; where nothing is stated, endpoints take turns, as with Envoy.
pub(super) fn load_balancing(balancing: Option<&LoadBalancing>, site: &mut Site<'_>) -> Balancing {
    let Some(LoadBalancing { algorithm, slow_start, panic_threshold, locality }) = balancing else {
        return Balancing {
            algorithm: proxy::LoadBalancing::RoundRobin,
            panic_threshold: None,
            weighted: false,
        };
    };
    if slow_start.is_some() {
        site.lacks(&feature::SLOW_START, "");
    }
    let weighted = match locality {
        LocalityBalancing::None => false,
        LocalityBalancing::Weighted => true,
        LocalityBalancing::ZoneAware { min_cluster_size: _, enabled } => {
            if *enabled {
                site.lacks(&feature::ZONE_AWARE, "");
            }
            false
        }
    };
    Balancing {
        algorithm: match algorithm {
            // Where the upstream decides itself there is one endpoint.
            LoadBalancingAlgorithm::RoundRobin | LoadBalancingAlgorithm::Provided => {
                proxy::LoadBalancing::RoundRobin
            }
            LoadBalancingAlgorithm::LeastRequest => proxy::LoadBalancing::LeastRequest,
            LoadBalancingAlgorithm::Random => proxy::LoadBalancing::Random,
            LoadBalancingAlgorithm::ConsistentHash(hash) => {
                proxy::LoadBalancing::ConsistentHash(match hash {
                    ConsistentHash::RingHash { minimum_size } => {
                        proxy::ConsistentHash::RingHash { minimum_size: *minimum_size }
                    }
                    ConsistentHash::Maglev { table_size } => {
                        proxy::ConsistentHash::Maglev { table_size: *table_size }
                    }
                })
            }
        },
        panic_threshold: *panic_threshold,
        weighted,
    }
}
