//! `envoy.config.bootstrap.v3`.

use std::collections::BTreeMap;

use super::{
    AccessLog, Address, BootstrapTracing, ConfigSource, Double, Duration, Extension, GrpcService, Int64,
    ListStringMatcher, Locality, StringMatcher,
};

message! {
    /// `envoy.config.bootstrap.v3.Bootstrap` without `static_resources`, which are printed apart and shared.
    Bootstrap {
        application_log_config: Option<ApplicationLogConfig>,
        node: Option<Node>,
        dynamic_resources: Option<DynamicResources>,
        stats_sinks: Vec<Extension>,
        tracing: Option<BootstrapTracing>,
        layered_runtime: Option<LayeredRuntime>,
        bootstrap_extensions: Vec<Extension>,
        stats_config: Option<StatsConfig>,
        stats_flush_interval: Option<Duration>,
        stats_eviction_interval: Option<Duration>,
        admin: Option<Admin>,
        typed_dns_resolver_config: Option<Extension>,
        overload_manager: Option<OverloadManager>,
        deferred_stat_options: Option<DeferredStatOptions>,
    }
}

message! {
    /// `Bootstrap.DynamicResources`.
    DynamicResources {
        lds_config: Option<ConfigSource>,
        cds_config: Option<ConfigSource>,
    }
}

message! {
    /// `Bootstrap.ApplicationLogConfig`.
    ApplicationLogConfig {
        log_format: Option<LogFormat>,
    }
}

message! {
    /// `Bootstrap.ApplicationLogConfig.LogFormat`.
    LogFormat {
        text_format: &'static str,
    }
}

message! {
    /// `envoy.config.core.v3.Node`.
    Node {
        id: String,
        cluster: String,
        metadata: Option<BTreeMap<String, serde_json::Value>>,
        locality: Option<Locality>,
    }
}

message! {
    /// `LayeredRuntime`.
    LayeredRuntime {
        layers: Vec<RuntimeLayer>,
    }
}

message! {
    /// `RuntimeLayer`.
    RuntimeLayer {
        name: &'static str,
        static_layer: Option<BTreeMap<String, serde_json::Value>>,
        admin_layer: Option<super::Empty>,
    }
}

message! {
    /// `envoy.extensions.bootstrap.internal_listener.v3.InternalListener`.
    InternalListener {
        buffer_size_kb: Option<u32>,
    }
}

message! {
    /// `envoy.config.metrics.v3.StatsConfig`.
    StatsConfig {
        stats_tags: Vec<TagSpecifier>,
        use_all_default_tags: Option<bool>,
        stats_matcher: Option<StatsMatcher>,
        histogram_bucket_settings: Vec<HistogramBucketSettings>,
    }
}

message! {
    /// `envoy.config.metrics.v3.HistogramBucketSettings`.
    HistogramBucketSettings {
        r#match: Option<StringMatcher>,
        buckets: Vec<Double>,
        bins: Option<u32>,
    }
}

message! {
    /// `envoy.config.metrics.v3.MetricsServiceConfig`.
    MetricsServiceConfig {
        grpc_service: Option<GrpcService>,
        transport_api_version: &'static str,
    }
}

message! {
    /// `envoy.config.metrics.v3.StatsdSink`.
    StatsdSink {
        address: Option<Address>,
    }
}

message! {
    /// `envoy.config.metrics.v3.TagSpecifier`.
    TagSpecifier {
        tag_name: String,
        regex: Option<String>,
    }
}

message! {
    /// `envoy.config.metrics.v3.StatsMatcher`.
    StatsMatcher {
        inclusion_list: Option<ListStringMatcher>,
    }
}

message! {
    /// `Admin`.
    Admin {
        access_log: Vec<AccessLog>,
        address: Option<Address>,
    }
}

message! {
    /// `envoy.config.overload.v3.OverloadManager`.
    OverloadManager {
        resource_monitors: Vec<Extension>,
    }
}

message! {
    /// `envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig`.
    DownstreamConnections {
        max_active_downstream_connections: Option<Int64>,
    }
}

message! {
    /// `Bootstrap.DeferredStatOptions`.
    DeferredStatOptions {
        enable_deferred_creation_stats: bool,
    }
}

message! {
    /// A file of resources that Envoy reads by path, `envoy.service.discovery.v3.DiscoveryResponse`.
    DiscoveryResponse {
        resources: Vec<super::Any>,
    }
}
