//! Load balancing (translation-spec §3.7).

use meshc_plan::{ConsistentHash, LoadBalancing, LoadBalancingAlgorithm, LocalityBalancing, SlowStart};

use super::xds::{self, Empty, Int64, LbPolicy, Percent};

/// The fields of a cluster that say how an endpoint is picked.
#[derive(Default)]
pub(super) struct BalancingFields {
    pub(super) policy: Option<LbPolicy>,
    pub(super) ring_hash: Option<xds::RingHashLbConfig>,
    pub(super) maglev: Option<xds::MaglevLbConfig>,
    pub(super) least_request: Option<xds::SlowStartLbConfig>,
    pub(super) round_robin: Option<xds::SlowStartLbConfig>,
    pub(super) common: Option<xds::CommonLbConfig>,
}

/// Balancing of one cluster. `picks_itself` is true of clusters that know their endpoint already.
pub(super) fn load_balancing(
    balancing: Option<&LoadBalancing>,
    explicit_common: bool,
    picks_itself: bool,
) -> BalancingFields {
    let mut fields = BalancingFields::default();
    if let Some(LoadBalancing { algorithm, slow_start, panic_threshold, locality, sessions_reach_draining }) =
        balancing
    {
        let starting = || {
            slow_start.as_ref().map(|start| xds::SlowStartLbConfig { slow_start_config: Some(slow(start)) })
        };
        match algorithm {
            LoadBalancingAlgorithm::RoundRobin => fields.round_robin = starting(),
            LoadBalancingAlgorithm::LeastRequest => {
                fields.policy = Some(LbPolicy::LeastRequest);
                fields.least_request = starting();
            }
            LoadBalancingAlgorithm::Random => fields.policy = Some(LbPolicy::Random),
            LoadBalancingAlgorithm::Provided => fields.policy = Some(LbPolicy::ClusterProvided),
            LoadBalancingAlgorithm::ConsistentHash(ConsistentHash::RingHash { minimum_size }) => {
                fields.policy = Some(LbPolicy::RingHash);
                fields.ring_hash =
                    minimum_size.map(|size| xds::RingHashLbConfig { minimum_ring_size: Some(Int64(size)) });
            }
            LoadBalancingAlgorithm::ConsistentHash(ConsistentHash::Maglev { table_size }) => {
                fields.policy = Some(LbPolicy::Maglev);
                fields.maglev = table_size.map(|size| xds::MaglevLbConfig { table_size: Some(Int64(size)) });
            }
        }
        fields.common = common(*panic_threshold, locality, *sessions_reach_draining);
    }
    if picks_itself {
        fields.policy = Some(LbPolicy::ClusterProvided);
    }
    fields.common = fields.common.or_else(|| explicit_common.then_some(xds::CommonLbConfig::default()));
    fields
}

fn slow(start: &SlowStart) -> xds::SlowStartConfig {
    let SlowStart { window, aggression, min_weight_percent } = start;
    xds::SlowStartConfig {
        slow_start_window: Some((*window).into()),
        aggression: aggression.map(xds::RuntimeDouble::fixed),
        min_weight_percent: min_weight_percent.map(Percent::new),
    }
}

/// Envoy's default with the endpoints that drain; they still get no requests that state no endpoint.
fn with_draining() -> xds::HealthStatusSet {
    use xds::HealthStatus::{Degraded, Draining, Healthy, Unknown};
    xds::HealthStatusSet { statuses: vec![Healthy, Draining, Unknown, Degraded] }
}

fn common(
    panic_threshold: Option<f64>,
    locality: &LocalityBalancing,
    sessions_reach_draining: bool,
) -> Option<xds::CommonLbConfig> {
    let (zone_aware, weighted) = match locality {
        LocalityBalancing::None => (None, None),
        LocalityBalancing::Weighted => (None, Some(Empty {})),
        LocalityBalancing::ZoneAware { min_cluster_size, enabled } => {
            let config = xds::ZoneAwareLbConfig {
                routing_enabled: (!enabled).then_some(Percent::new(0.0)),
                min_cluster_size: min_cluster_size.map(Int64),
            };
            (Some(config), None)
        }
    };
    let result = xds::CommonLbConfig {
        healthy_panic_threshold: panic_threshold.map(Percent::new),
        zone_aware_lb_config: zone_aware,
        locality_weighted_lb_config: weighted,
        override_host_status: sessions_reach_draining.then(with_draining),
    };
    (result != xds::CommonLbConfig::default()).then_some(result)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use meshc_plan::{ConsistentHash, LoadBalancing, LoadBalancingAlgorithm, LocalityBalancing, SlowStart};
    use serde_json::{Value, json};

    fn emitted(algorithm: LoadBalancingAlgorithm, locality: LocalityBalancing) -> Value {
        let balancing = LoadBalancing {
            algorithm,
            slow_start: Some(SlowStart {
                window: Duration::from_secs(30),
                aggression: Some(1.0),
                min_weight_percent: Some(10.0),
            }),
            panic_threshold: Some(0.0),
            locality,
            sessions_reach_draining: true,
        };
        let fields = super::load_balancing(Some(&balancing), false, false);
        json!({
            "policy": fields.policy, "ring": fields.ring_hash, "maglev": fields.maglev,
            "least": fields.least_request, "round": fields.round_robin, "common": fields.common,
        })
    }

    #[test]
    fn slow_start_belongs_to_the_algorithms_that_weigh_endpoints() {
        let slow = json!({"slowStartConfig": {
            "slowStartWindow": "30s",
            "aggression": {"defaultValue": 1, "runtimeKey": "("},
            "minWeightPercent": {"value": 10},
        }});
        let least = emitted(LoadBalancingAlgorithm::LeastRequest, LocalityBalancing::None);
        assert_eq!((&least["policy"], &least["least"]), (&json!("LEAST_REQUEST"), &slow));
        let round = emitted(LoadBalancingAlgorithm::RoundRobin, LocalityBalancing::None);
        assert_eq!((&round["policy"], &round["round"]), (&json!(null), &slow));
        let ring = ConsistentHash::RingHash { minimum_size: Some(1024) };
        let ring = emitted(LoadBalancingAlgorithm::ConsistentHash(ring), LocalityBalancing::None);
        assert_eq!((&ring["ring"], &ring["least"]), (&json!({"minimumRingSize": "1024"}), &json!(null)));
    }

    #[test]
    fn sessions_reach_endpoints_that_drain() {
        let fields = emitted(LoadBalancingAlgorithm::Random, LocalityBalancing::None);
        let statuses = json!(["HEALTHY", "DRAINING", "UNKNOWN", "DEGRADED"]);
        assert_eq!(fields["common"]["overrideHostStatus"], json!({"statuses": statuses}));
    }

    #[test]
    fn a_panic_threshold_of_zero_is_an_empty_percentage() {
        let weighted = emitted(LoadBalancingAlgorithm::Random, LocalityBalancing::Weighted);
        assert_eq!(weighted["common"]["healthyPanicThreshold"], json!({}));
        assert_eq!(weighted["common"]["localityWeightedLbConfig"], json!({}));
        let zones = LocalityBalancing::ZoneAware { min_cluster_size: Some(3), enabled: false };
        let aware = emitted(LoadBalancingAlgorithm::Random, zones);
        assert_eq!(
            aware["common"]["zoneAwareLbConfig"],
            json!({"routingEnabled": {}, "minClusterSize": "3"})
        );
    }
}
