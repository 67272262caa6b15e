//! Load balancing.

use std::time::Duration;

/// How an endpoint is picked.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadBalancing {
    /// The algorithm.
    pub algorithm: LoadBalancingAlgorithm,
    /// Slow start of new endpoints.
    pub slow_start: Option<SlowStart>,
    /// `healthy_panic_threshold` in percent; `None` leaves Envoy's 50.
    pub panic_threshold: Option<f64>,
    /// Locality.
    pub locality: LocalityBalancing,
    /// Whether requests that state their endpoint (persistent sessions) reach one that drains.
    pub sessions_reach_draining: bool,
}

/// The algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadBalancingAlgorithm {
    /// In turn.
    RoundRobin,
    /// The less busy of two, Istio's default.
    LeastRequest,
    /// At random.
    Random,
    /// The upstream itself decides (original destination).
    Provided,
    /// Consistent hashing.
    ConsistentHash(ConsistentHash),
}

/// Consistent hashing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsistentHash {
    /// Ring hash with this smallest ring, if stated.
    RingHash {
        /// Smallest number of entries.
        minimum_size: Option<u64>,
    },
    /// Maglev with this table size, if stated.
    Maglev {
        /// Number of entries, prime.
        table_size: Option<u64>,
    },
}

/// Slow start of new endpoints (`warmup`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SlowStart {
    /// Length.
    pub window: Duration,
    /// Aggression; `None` states none (deprecated `warmupDurationSecs`).
    pub aggression: Option<f64>,
    /// Smallest weight in percent; `None` states none.
    pub min_weight_percent: Option<f64>,
}

/// How localities are weighed.
#[derive(Debug, Clone, PartialEq)]
pub enum LocalityBalancing {
    /// Not stated.
    None,
    /// `locality_weighted_lb_config`.
    Weighted,
    /// `zone_aware_lb_config`.
    ZoneAware {
        /// Smallest number of endpoints.
        min_cluster_size: Option<u64>,
        /// Whether routing by zone is on.
        enabled: bool,
    },
}
