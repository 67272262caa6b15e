//! Preference of the own zone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LocalityFailover;
use crate::null_default::null_default;

/// Zone-aware routing of Envoy: requests stay in the zone of the client as far as its endpoints can carry
/// them.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ZoneAwareLoadBalancerSetting {
    /// The region that takes over when the own region has no healthy endpoint.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub failover: Vec<LocalityFailover>,
    /// Labels that rank the endpoints, as in the locality setting.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub failover_priority: Vec<String>,
    /// Smallest number of endpoints in the own region for which the zone counts.
    #[schemars(range(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_cluster_size: Option<u32>,
    /// Whether the setting counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}
