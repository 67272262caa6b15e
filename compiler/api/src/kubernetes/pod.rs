//! `Pod` of the core group.

use schemars::JsonSchema;
use serde::Deserialize;

use super::PodSpec;
use crate::null_default::null_default;

/// A pod that stands alone, without an object that replaces it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
pub struct Pod {
    /// What runs in it.
    pub spec: PodSpec,
    /// What is known about it at run time; only in trees that were exported from a cluster.
    #[serde(default, deserialize_with = "null_default")]
    pub status: PodStatus,
}

/// What is known about a pod at run time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct PodStatus {
    /// Its address.
    #[serde(default, rename = "podIP")]
    pub pod_ip: Option<String>,
    /// Its addresses of all families.
    #[serde(default, rename = "podIPs", deserialize_with = "null_default")]
    pub pod_ips: Vec<PodIp>,
}

/// One address of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct PodIp {
    /// The address.
    pub ip: String,
}
