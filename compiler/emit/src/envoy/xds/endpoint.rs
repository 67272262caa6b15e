//! `envoy.config.endpoint.v3`.

use serde::Serialize;

use super::{Address, Locality, Metadata};

message! {
    /// `envoy.config.endpoint.v3.ClusterLoadAssignment`.
    ClusterLoadAssignment {
        cluster_name: String,
        endpoints: Vec<LocalityLbEndpoints>,
    }
}

message! {
    /// `envoy.config.endpoint.v3.LocalityLbEndpoints`.
    LocalityLbEndpoints {
        locality: Option<Locality>,
        lb_endpoints: Vec<LbEndpoint>,
        load_balancing_weight: Option<u32>,
        priority: u32,
    }
}

message! {
    /// `envoy.config.endpoint.v3.LbEndpoint`.
    LbEndpoint {
        endpoint: Option<Endpoint>,
        health_status: Option<HealthStatus>,
        metadata: Option<Metadata>,
        load_balancing_weight: Option<u32>,
    }
}

message! {
    /// `envoy.config.endpoint.v3.Endpoint`.
    Endpoint {
        address: Option<Address>,
        hostname: String,
    }
}

/// `envoy.config.core.v3.HealthStatus`; its default, `UNKNOWN`, is stated in sets only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum HealthStatus {
    /// It takes traffic.
    Healthy,
    /// It does not.
    Unhealthy,
    /// It takes no new traffic.
    Draining,
    /// It takes traffic when others are not enough.
    Degraded,
    /// Nobody said.
    Unknown,
}
