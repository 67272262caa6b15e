//! `envoy.config.listener.v3` and listener filters.

use serde::Serialize;

use super::{AccessLog, Address, Any, CidrRange, Duration, Empty, Extension, Int32Range, Metadata};

message! {
    /// `envoy.config.listener.v3.Listener`.
    Listener {
        name: String,
        address: Option<Address>,
        additional_addresses: Vec<AdditionalAddress>,
        filter_chains: Vec<FilterChain>,
        use_original_dst: Option<bool>,
        default_filter_chain: Option<FilterChain>,
        per_connection_buffer_limit_bytes: Option<u32>,
        listener_filters: Vec<ListenerFilter>,
        listener_filters_timeout: Option<Duration>,
        continue_on_listener_filters_timeout: bool,
        transparent: Option<bool>,
        traffic_direction: Option<TrafficDirection>,
        connection_balance_config: Option<ConnectionBalance>,
        enable_reuse_port: Option<bool>,
        udp_listener_config: Option<UdpListenerConfig>,
        access_log: Vec<AccessLog>,
        max_connections_to_accept_per_socket_event: Option<u32>,
        bind_to_port: Option<bool>,
        ignore_global_conn_limit: bool,
        bypass_overload_manager: bool,
    }
}

message! {
    /// `envoy.config.listener.v3.AdditionalAddress`.
    AdditionalAddress {
        address: Option<Address>,
    }
}

message! {
    /// `envoy.config.listener.v3.Listener.ConnectionBalanceConfig`.
    ConnectionBalance {
        exact_balance: Option<Empty>,
    }
}

message! {
    /// `envoy.config.listener.v3.UdpListenerConfig`.
    UdpListenerConfig {
        downstream_socket_config: Option<Empty>,
        quic_options: Option<Empty>,
    }
}

/// `envoy.config.core.v3.TrafficDirection` but its default, `UNSPECIFIED`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum TrafficDirection {
    /// To the workload.
    Inbound,
    /// From the workload.
    Outbound,
}

message! {
    /// `envoy.config.listener.v3.FilterChain`.
    FilterChain {
        filter_chain_match: Option<FilterChainMatch>,
        filters: Vec<Extension>,
        metadata: Option<Metadata>,
        transport_socket: Option<Extension>,
        transport_socket_connect_timeout: Option<Duration>,
        name: String,
    }
}

message! {
    /// `envoy.config.listener.v3.FilterChainMatch`.
    FilterChainMatch {
        destination_port: Option<u32>,
        prefix_ranges: Vec<CidrRange>,
        server_names: Vec<String>,
        transport_protocol: &'static str,
        application_protocols: Vec<String>,
    }
}

message! {
    /// `envoy.config.listener.v3.ListenerFilter`.
    ListenerFilter {
        name: &'static str,
        typed_config: Option<Box<Any>>,
        filter_disabled: Option<ChainMatchPredicate>,
    }
}

message! {
    /// `envoy.config.listener.v3.ListenerFilterChainMatchPredicate`.
    ChainMatchPredicate {
        or_match: Option<ChainMatchSet>,
        not_match: Option<Box<ChainMatchPredicate>>,
        destination_port_range: Option<Int32Range>,
    }
}

message! {
    /// `envoy.config.listener.v3.ListenerFilterChainMatchPredicate.MatchSet`.
    ChainMatchSet {
        rules: Vec<ChainMatchPredicate>,
    }
}

message! {
    /// `envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector`.
    TlsInspector {
        initial_read_buffer_size: Option<u32>,
    }
}

message! {
    /// `envoy.extensions.filters.listener.original_src.v3.OriginalSrc`.
    OriginalSrc {
        mark: u32,
    }
}
