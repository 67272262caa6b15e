//! `envoy.config.cluster.v3` and kinds of clusters.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Any, ClusterLoadAssignment, Double, Duration, Empty, Extension, HealthStatus, Int64, Metadata, Percent,
    RuntimeDouble, SocketAddress,
};

message! {
    /// `envoy.config.cluster.v3.Cluster`.
    Cluster {
        transport_socket_matches: Vec<TransportSocketMatch>,
        name: String,
        alt_stat_name: String,
        r#type: Option<DiscoveryType>,
        cluster_type: Option<Extension>,
        connect_timeout: Option<Duration>,
        lb_policy: Option<LbPolicy>,
        load_assignment: Option<ClusterLoadAssignment>,
        health_checks: Vec<HealthCheck>,
        circuit_breakers: Option<CircuitBreakers>,
        typed_extension_protocol_options: BTreeMap<&'static str, Any>,
        dns_refresh_rate: Option<Duration>,
        dns_jitter: Option<Duration>,
        respect_dns_ttl: bool,
        dns_lookup_family: Option<DnsLookupFamily>,
        typed_dns_resolver_config: Option<Extension>,
        wait_for_warm_on_init: Option<bool>,
        outlier_detection: Option<OutlierDetection>,
        cleanup_interval: Option<Duration>,
        upstream_bind_config: Option<BindConfig>,
        ring_hash_lb_config: Option<RingHashLbConfig>,
        maglev_lb_config: Option<MaglevLbConfig>,
        original_dst_lb_config: Option<OriginalDstLbConfig>,
        least_request_lb_config: Option<SlowStartLbConfig>,
        round_robin_lb_config: Option<SlowStartLbConfig>,
        common_lb_config: Option<CommonLbConfig>,
        transport_socket: Option<Extension>,
        metadata: Option<Metadata>,
        upstream_connection_options: Option<UpstreamConnectionOptions>,
        filters: Vec<Extension>,
    }
}

/// `Cluster.DiscoveryType`; `STATIC` is its default, but printed as a member of a oneof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum DiscoveryType {
    /// Stated endpoints.
    Static,
    /// All addresses of all names.
    StrictDns,
    /// The address of the moment.
    LogicalDns,
    /// The address that was dialled.
    OriginalDst,
}

/// `Cluster.LbPolicy` but its default, `ROUND_ROBIN`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum LbPolicy {
    /// The less busy of two.
    LeastRequest,
    /// Ring hash.
    RingHash,
    /// At random.
    Random,
    /// Maglev.
    Maglev,
    /// The cluster decides.
    ClusterProvided,
}

/// `Cluster.DnsLookupFamily` and `envoy.extensions.clusters.common.dns.v3.DnsLookupFamily`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum DnsLookupFamily {
    /// IPv4.
    V4Only,
    /// IPv6.
    V6Only,
    /// Both.
    All,
}

message! {
    /// `Cluster.TransportSocketMatch`.
    TransportSocketMatch {
        name: &'static str,
        r#match: Option<serde_json::Value>,
        transport_socket: Option<Extension>,
    }
}

message! {
    /// `envoy.config.core.v3.HealthCheck`.
    HealthCheck {
        timeout: Option<Duration>,
        interval: Option<Duration>,
        unhealthy_threshold: Option<u32>,
        healthy_threshold: Option<u32>,
        tcp_health_check: Option<Empty>,
        grpc_health_check: Option<GrpcHealthCheck>,
        no_traffic_interval: Option<Duration>,
        unhealthy_interval: Option<Duration>,
        no_traffic_healthy_interval: Option<Duration>,
    }
}

message! {
    /// `envoy.config.core.v3.HealthCheck.GrpcHealthCheck`.
    GrpcHealthCheck {
        service_name: String,
    }
}

message! {
    /// `CircuitBreakers`.
    CircuitBreakers {
        thresholds: Vec<Thresholds>,
    }
}

message! {
    /// `CircuitBreakers.Thresholds`.
    Thresholds {
        max_connections: Option<u32>,
        max_pending_requests: Option<u32>,
        max_requests: Option<u32>,
        max_retries: Option<u32>,
        retry_budget: Option<RetryBudget>,
    }
}

message! {
    /// `CircuitBreakers.Thresholds.RetryBudget`.
    RetryBudget {
        budget_percent: Option<Percent>,
        budget_interval: Option<Duration>,
        min_retry_concurrency: Option<u32>,
    }
}

message! {
    /// `OutlierDetection`.
    OutlierDetection {
        consecutive_5xx: Option<u32>,
        interval: Option<Duration>,
        base_ejection_time: Option<Duration>,
        max_ejection_percent: Option<u32>,
        enforcing_consecutive_5xx: Option<u32>,
        enforcing_success_rate: Option<u32>,
        consecutive_gateway_failure: Option<u32>,
        enforcing_consecutive_gateway_failure: Option<u32>,
        split_external_local_origin_errors: bool,
        consecutive_local_origin_failure: Option<u32>,
        enforcing_consecutive_local_origin_failure: Option<u32>,
        enforcing_local_origin_success_rate: Option<u32>,
    }
}

message! {
    /// `envoy.config.core.v3.BindConfig`.
    BindConfig {
        source_address: Option<SocketAddress>,
        extra_source_addresses: Vec<ExtraSourceAddress>,
    }
}

message! {
    /// `envoy.config.core.v3.ExtraSourceAddress`.
    ExtraSourceAddress {
        address: Option<SocketAddress>,
    }
}

message! {
    /// `Cluster.RingHashLbConfig`.
    RingHashLbConfig {
        minimum_ring_size: Option<Int64>,
    }
}

message! {
    /// `Cluster.MaglevLbConfig`.
    MaglevLbConfig {
        table_size: Option<Int64>,
    }
}

message! {
    /// `Cluster.OriginalDstLbConfig`.
    OriginalDstLbConfig {
        use_http_header: bool,
        upstream_port_override: Option<u32>,
    }
}

message! {
    /// `Cluster.LeastRequestLbConfig`, `Cluster.RoundRobinLbConfig`.
    SlowStartLbConfig {
        slow_start_config: Option<SlowStartConfig>,
    }
}

message! {
    /// `Cluster.SlowStartConfig`.
    SlowStartConfig {
        slow_start_window: Option<Duration>,
        aggression: Option<RuntimeDouble>,
        min_weight_percent: Option<Percent>,
    }
}

message! {
    /// `Cluster.CommonLbConfig`.
    CommonLbConfig {
        healthy_panic_threshold: Option<Percent>,
        zone_aware_lb_config: Option<ZoneAwareLbConfig>,
        locality_weighted_lb_config: Option<Empty>,
        override_host_status: Option<HealthStatusSet>,
    }
}

message! {
    /// `envoy.config.core.v3.HealthStatusSet`.
    HealthStatusSet {
        statuses: Vec<HealthStatus>,
    }
}

message! {
    /// `Cluster.CommonLbConfig.ZoneAwareLbConfig`.
    ZoneAwareLbConfig {
        routing_enabled: Option<Percent>,
        min_cluster_size: Option<Int64>,
    }
}

message! {
    /// `UpstreamConnectionOptions`.
    UpstreamConnectionOptions {
        tcp_keepalive: Option<TcpKeepalive>,
    }
}

message! {
    /// `envoy.config.core.v3.TcpKeepalive`.
    TcpKeepalive {
        keepalive_probes: Option<u32>,
        keepalive_time: Option<u32>,
        keepalive_interval: Option<u32>,
    }
}

message! {
    /// `envoy.extensions.clusters.dns.v3.DnsCluster`.
    DnsCluster {
        dns_refresh_rate: Option<Duration>,
        dns_failure_refresh_rate: Option<DnsFailureRefreshRate>,
        respect_dns_ttl: bool,
        dns_jitter: Option<Duration>,
        dns_lookup_family: Option<DnsLookupFamily>,
        all_addresses_in_single_endpoint: bool,
        dns_min_refresh_rate: Option<Duration>,
    }
}

message! {
    /// `envoy.extensions.clusters.dns.v3.DnsCluster.RefreshRate`.
    DnsFailureRefreshRate {
        base_interval: Option<Duration>,
        max_interval: Option<Duration>,
    }
}

message! {
    /// `envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig`.
    CaresDnsResolver {
        udp_max_queries: Option<u32>,
        query_timeout_seconds: Option<Int64>,
        query_tries: Option<u32>,
        rotate_nameservers: bool,
        max_udp_channel_duration: Option<Duration>,
        reinit_channel_on_timeout: bool,
        qcache_max_ttl: Option<u32>,
    }
}

message! {
    /// `envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig`.
    DynamicForwardProxyCluster {
        dns_cache_config: Option<DnsCacheConfig>,
        allow_insecure_cluster_options: bool,
    }
}

message! {
    /// `envoy.extensions.common.dynamic_forward_proxy.v3.DnsCacheConfig`.
    DnsCacheConfig {
        name: String,
        dns_lookup_family: Option<DnsLookupFamily>,
        max_hosts: Option<u32>,
    }
}

impl RuntimeDouble {
    /// A value that no runtime key changes; Istio's spelling of "no key" is `(`, since Envoy wants one.
    pub(crate) fn fixed(value: f64) -> Self {
        Self { default_value: (value != 0.0).then_some(Double(value)), runtime_key: "(" }
    }
}
