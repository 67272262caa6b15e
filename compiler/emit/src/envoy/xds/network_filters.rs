//! Network filters but the HTTP connection manager.

use super::{AccessLog, DnsCacheConfig, Duration, Empty, HeaderValueOption, Rbac};

message! {
    /// `envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy`.
    TcpProxy {
        stat_prefix: String,
        cluster: Option<String>,
        weighted_clusters: Option<TcpWeightedClusters>,
        idle_timeout: Option<Duration>,
        access_log: Vec<AccessLog>,
        hash_policy: Vec<TcpHashPolicy>,
        tunneling_config: Option<TunnelingConfig>,
        max_downstream_connection_duration: Option<Duration>,
    }
}

message! {
    /// `envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster`.
    TcpWeightedClusters {
        clusters: Vec<TcpClusterWeight>,
    }
}

message! {
    /// `envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster.ClusterWeight`.
    TcpClusterWeight {
        name: String,
        weight: u32,
    }
}

message! {
    /// `envoy.type.v3.HashPolicy`.
    TcpHashPolicy {
        source_ip: Option<Empty>,
    }
}

message! {
    /// `envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.TunnelingConfig`.
    TunnelingConfig {
        hostname: String,
        use_post: bool,
        headers_to_add: Vec<HeaderValueOption>,
    }
}

message! {
    /// `envoy.extensions.filters.network.rbac.v3.RBAC`.
    NetworkRbac {
        rules: Option<Rbac>,
        shadow_rules: Option<Rbac>,
        stat_prefix: &'static str,
        shadow_rules_stat_prefix: &'static str,
    }
}

message! {
    /// `envoy.extensions.filters.network.mongo_proxy.v3.MongoProxy`.
    MongoProxy {
        stat_prefix: String,
    }
}

message! {
    /// `envoy.extensions.filters.network.mysql_proxy.v3.MySQLProxy`.
    MySqlProxy {
        stat_prefix: String,
    }
}

message! {
    /// `envoy.extensions.filters.network.redis_proxy.v3.RedisProxy`.
    RedisProxy {
        stat_prefix: String,
        settings: Option<RedisConnPoolSettings>,
        latency_in_micros: bool,
        prefix_routes: Option<RedisPrefixRoutes>,
    }
}

message! {
    /// `envoy.extensions.filters.network.redis_proxy.v3.RedisProxy.ConnPoolSettings`.
    RedisConnPoolSettings {
        op_timeout: Option<Duration>,
    }
}

message! {
    /// `envoy.extensions.filters.network.redis_proxy.v3.RedisProxy.PrefixRoutes`.
    RedisPrefixRoutes {
        catch_all_route: Option<RedisRoute>,
    }
}

message! {
    /// `envoy.extensions.filters.network.redis_proxy.v3.RedisProxy.PrefixRoutes.Route`.
    RedisRoute {
        cluster: String,
    }
}

message! {
    /// `envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig`.
    SniDynamicForwardProxy {
        dns_cache_config: Option<DnsCacheConfig>,
        port_value: Option<u32>,
    }
}
