//! How an endpoint is picked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    BackendUtilization, ConsistentHashLb, LocalityLoadBalancerSetting, WarmupConfiguration,
    ZoneAwareLoadBalancerSetting,
};
use crate::Duration;

/// How an endpoint is picked. At most one of `simple`, `consistentHash` and `backendUtilization`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LoadBalancerSettings {
    /// An algorithm without parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub simple: Option<SimpleLb>,
    /// The same endpoint for the same value of a header, cookie, address or query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consistent_hash: Option<ConsistentHashLb>,
    /// Weights from the load that the endpoints report about themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend_utilization: Option<BackendUtilization>,
    /// Preference by region and zone; replaces that of the mesh. Works only together with outlier detection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality_lb_setting: Option<LocalityLoadBalancerSetting>,
    /// Preference of the own zone while it has enough endpoints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone_aware_lb_setting: Option<ZoneAwareLoadBalancerSetting>,
    /// Time over which a new endpoint gets its full share; superseded by `warmup`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup_duration_secs: Option<Duration>,
    /// How a new endpoint gets its full share little by little. Acts on round robin and least request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup: Option<WarmupConfiguration>,
}

/// Algorithms without parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum SimpleLb {
    /// The default: least request.
    #[serde(rename = "UNSPECIFIED")]
    Unspecified,
    /// An older name of least request.
    #[serde(rename = "LEAST_CONN")]
    LeastConn,
    /// A random endpoint.
    #[serde(rename = "RANDOM")]
    Random,
    /// The address that the client connected to, without balancing (an `ORIGINAL_DST` cluster).
    #[serde(rename = "PASSTHROUGH")]
    Passthrough,
    /// Each endpoint in turn.
    #[serde(rename = "ROUND_ROBIN")]
    RoundRobin,
    /// The one of two random endpoints that has fewer open requests.
    #[serde(rename = "LEAST_REQUEST")]
    LeastRequest,
}
