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
    let Some(LoadBalancing {
        algorithm,
        slow_start,
        panic_threshold,
        locality,
        // Routes say that there are sessions, which the proxy does not have.
        sessions_reach_draining: _,
    }) = balancing
    else {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use meshc_contract::proxy;
    use meshc_plan::{LoadBalancing, LoadBalancingAlgorithm, LocalityBalancing, SlowStart};

    use super::super::feature;
    use super::super::findings::at_a_site;
    use super::load_balancing;

    #[test]
    fn without_settings_endpoints_take_turns() {
        let (balancing, lacking, _) = at_a_site(|site| load_balancing(None, site));
        assert_eq!(balancing.algorithm, proxy::LoadBalancing::RoundRobin);
        assert!(!balancing.weighted && lacking.is_empty());
    }

    #[test]
    fn slow_start_and_zones_are_told() {
        let stated = LoadBalancing {
            algorithm: LoadBalancingAlgorithm::LeastRequest,
            slow_start: Some(SlowStart {
                window: Duration::from_secs(1),
                aggression: None,
                min_weight_percent: None,
            }),
            panic_threshold: Some(0.0),
            locality: LocalityBalancing::ZoneAware { min_cluster_size: None, enabled: true },
            sessions_reach_draining: false,
        };
        let (balancing, lacking, _) = at_a_site(|site| load_balancing(Some(&stated), site));
        assert_eq!(balancing.algorithm, proxy::LoadBalancing::LeastRequest);
        assert_eq!(lacking, [feature::SLOW_START.name, feature::ZONE_AWARE.name]);
    }
}
