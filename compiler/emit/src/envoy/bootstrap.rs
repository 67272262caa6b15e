//! The bootstrap around the resources of a plan (translation-spec §1): what Istio's agent would write, without what connects
//! to a control plane or to the agent.

mod statistics;

use std::collections::BTreeMap;

use meshc_contract::WorkloadRef;
use meshc_plan::{BootstrapPlan, DnsFamily, ProxyRole, StatsSettings};
use serde_json::json;

use super::endpoints::locality;
use super::options::Feature;
use super::probe::{self, BridgeResources};
use super::values::duration;
use super::xds::{self, Any, Empty, Extension};
use super::{EnvoyOptions, cluster, tracer};

/// The largest number of connections that Envoy takes for a limit.
const UNLIMITED: u32 = 2_147_483_647;

/// The cluster that own listeners reach the admin interface through.
const ADMIN_CLUSTER: &str = "prometheus_stats";

/// The bootstrap without its static resources. What is only known where the proxy runs comes from its command line:
/// `--service-node` with the name of the pod in place of that of the workload, `--service-zone`, `--concurrency`,
/// `--drain-time-s`.
pub(super) fn bootstrap(
    workload: &WorkloadRef,
    role: ProxyRole,
    plan: &BootstrapPlan,
    options: &EnvoyOptions,
) -> xds::Bootstrap {
    let BootstrapPlan {
        service_cluster,
        metadata,
        locality: place,
        concurrency: _,
        admin_port,
        status_port: _,
        prometheus_port: _,
        probes,
        interception: _,
        outbound_port: _,
        inbound_port: _,
        drain_duration: _,
        extra_stat_tags,
        stats_inclusion,
        stats,
        // Clusters of the process itself.
        upstreams: _,
        tracer,
        runtime_values,
        connection_limit,
        // What the command line and the life cycle of the pod say.
        termination_drain: _,
        log_files: _,
        file_flush_interval: _,
    } = plan;
    let StatsSettings { flush_interval, eviction_interval, histograms, sinks, uncompressed: _ } = stats;
    let internal_listener = Any::InternalListener(xds::InternalListener { buffer_size_kb: Some(64) });
    let downstream_connections = Any::DownstreamConnections(xds::DownstreamConnections {
        max_active_downstream_connections: Some(xds::Int64(u64::from(connection_limit.unwrap_or(UNLIMITED)))),
    });
    xds::Bootstrap {
        application_log_config: Some(xds::ApplicationLogConfig {
            log_format: Some(xds::LogFormat {
                text_format: "%Y-%m-%dT%T.%fZ\t%l\tenvoy %n %g:%#\t%v\tthread=%t",
            }),
        }),
        node: Some(xds::Node {
            id: node_id(workload, role),
            cluster: service_cluster.clone(),
            metadata: (!metadata.is_empty()).then(|| metadata.clone()),
            locality: place.as_ref().map(locality),
        }),
        // Lists of resources that stand in files of their own are known only when files are made.
        dynamic_resources: None,
        stats_sinks: sinks.iter().map(statistics::sink).collect(),
        tracing: tracer
            .map(|tracer| xds::BootstrapTracing { http: Some(tracer::of_process(tracer, service_cluster)) }),
        layered_runtime: Some(layered_runtime(runtime_values)),
        bootstrap_extensions: vec![Extension::new("envoy.bootstrap.internal_listener", internal_listener)],
        stats_config: Some(xds::StatsConfig {
            stats_tags: statistics::tags(extra_stat_tags, options.flavor),
            use_all_default_tags: Some(false),
            stats_matcher: Some(statistics::matcher(stats_inclusion, probes.is_some(), options.flavor)),
            histogram_bucket_settings: histograms.iter().map(statistics::histogram).collect(),
        }),
        stats_flush_interval: duration(*flush_interval),
        stats_eviction_interval: duration(*eviction_interval),
        admin: Some(xds::Admin {
            access_log: Vec::new(),
            address: Some(xds::Address::socket(loopback(options).to_owned(), *admin_port)),
        }),
        typed_dns_resolver_config: Some(resolver(options)),
        // Without a limit Envoy warns; Istio's is the largest that it takes.
        overload_manager: Some(xds::OverloadManager {
            resource_monitors: vec![Extension::new(
                "envoy.resource_monitors.global_downstream_max_connections",
                downstream_connections,
            )],
        }),
        deferred_stat_options: Some(xds::DeferredStatOptions { enable_deferred_creation_stats: true }),
    }
}

/// Envoy wants an id before it reads secrets. Istio's begins with the role and ends with what differs from pod to pod.
fn node_id(WorkloadRef { namespace, name }: &WorkloadRef, role: ProxyRole) -> String {
    let role = match role {
        ProxyRole::Sidecar => "sidecar",
        ProxyRole::Gateway => "router",
    };
    format!("{role}~{name}.{namespace}")
}

/// Listeners and clusters of the process itself.
pub(super) struct OwnResources {
    pub(super) listeners: Vec<xds::Listener>,
    pub(super) clusters: Vec<xds::Cluster>,
}

/// Prometheus scrapes one listener, the kubelet asks another whether the proxy is ready and a third about the application.
pub(super) fn own_resources(plan: &BootstrapPlan, options: &EnvoyOptions) -> OwnResources {
    let stats = xds::RouteConfiguration {
        virtual_hosts: vec![backend(route("/stats/prometheus", None))],
        ..xds::RouteConfiguration::default()
    };
    let ready = xds::RouteConfiguration {
        virtual_hosts: vec![backend(route("/healthz/ready", Some("/ready")))],
        ..xds::RouteConfiguration::default()
    };
    let mut own = OwnResources {
        listeners: vec![
            own_listener(
                plan.prometheus_port,
                "stats",
                &stats,
                compressors(plan.stats.uncompressed),
                options,
            ),
            own_listener(plan.status_port, "agent", &ready, Vec::new(), options),
        ],
        clusters: vec![loopback_cluster(ADMIN_CLUSTER, plan.admin_port, options)],
    };
    own.clusters.extend(plan.upstreams.iter().map(|upstream| cluster::cluster(upstream, options)));
    if let Some(bridge) = &plan.probes {
        let BridgeResources { listener, clusters } = probe::bridge(bridge, options);
        own.listeners.push(listener);
        own.clusters.extend(clusters);
    }
    own
}

/// A cluster of one port on loopback.
pub(super) fn loopback_cluster(name: &str, port: u16, options: &EnvoyOptions) -> xds::Cluster {
    let address = xds::Address::socket(loopback(options).to_owned(), port);
    let endpoint = xds::LbEndpoint {
        endpoint: Some(xds::Endpoint { address: Some(address), hostname: String::new() }),
        ..xds::LbEndpoint::default()
    };
    xds::Cluster {
        name: name.to_owned(),
        alt_stat_name: format!("{name};"),
        r#type: Some(xds::DiscoveryType::Static),
        connect_timeout: Some(xds::Duration::millis(250)),
        load_assignment: Some(xds::ClusterLoadAssignment {
            cluster_name: name.to_owned(),
            endpoints: vec![xds::LocalityLbEndpoints {
                lb_endpoints: vec![endpoint],
                ..xds::LocalityLbEndpoints::default()
            }],
        }),
        ..xds::Cluster::default()
    }
}

/// HTTP/2 as the protocol of a cluster, with the key that it is stated under.
pub(super) fn http2_options() -> (&'static str, Any) {
    let explicit = xds::ExplicitHttpConfig {
        http2_protocol_options: Some(xds::Http2ProtocolOptions::default()),
        ..xds::ExplicitHttpConfig::default()
    };
    let options = xds::HttpProtocolOptions {
        explicit_http_config: Some(explicit),
        ..xds::HttpProtocolOptions::default()
    };
    (cluster::HTTP_OPTIONS, Any::HttpProtocolOptions(options))
}

/// A listener of the process itself, for whatever watches it.
pub(super) fn own_listener(
    port: u16,
    stat_prefix: &str,
    routes: &xds::RouteConfiguration,
    mut filters: Vec<xds::HttpFilter>,
    options: &EnvoyOptions,
) -> xds::Listener {
    let wildcard = wildcard(options);
    let router = Any::Router(xds::Router { suppress_envoy_headers: false });
    filters.push(xds::HttpFilter {
        name: "envoy.filters.http.router".into(),
        typed_config: Some(Box::new(router)),
    });
    let connection = xds::HttpConnectionManager {
        stat_prefix: stat_prefix.to_owned(),
        route_config: Some(xds::Printed::of(routes)),
        http_filters: filters,
        ..xds::HttpConnectionManager::default()
    };
    let manager = Any::HttpConnectionManager(connection);
    let chain = xds::FilterChain {
        filters: vec![Extension::new("envoy.filters.network.http_connection_manager", manager)],
        ..xds::FilterChain::default()
    };
    xds::Listener {
        name: format!("{wildcard}_{port}"),
        address: Some(xds::Address::socket(wildcard.to_owned(), port)),
        filter_chains: vec![chain],
        // What watches the proxy must get in when traffic no longer does.
        ignore_global_conn_limit: true,
        bypass_overload_manager: true,
        ..xds::Listener::default()
    }
}

fn backend(route: xds::Route) -> xds::VirtualHost {
    xds::VirtualHost { routes: vec![route], ..any_host("backend") }
}

/// A virtual host for any host.
pub(super) fn any_host(name: &str) -> xds::VirtualHost {
    xds::VirtualHost { name: name.to_owned(), domains: vec!["*".to_owned()], ..xds::VirtualHost::default() }
}

fn route(prefix: &str, rewrite: Option<&str>) -> xds::Route {
    xds::Route {
        r#match: Some(xds::RouteMatch::prefix(prefix.to_owned())),
        route: Some(xds::RouteAction {
            cluster: Some(ADMIN_CLUSTER.to_owned()),
            prefix_rewrite: rewrite.unwrap_or_default().to_owned(),
            ..xds::RouteAction::default()
        }),
        ..xds::Route::default()
    }
}

/// Answers to Prometheus are compressed as the scraper accepts it, unless they may be plain only.
fn compressors(uncompressed: bool) -> Vec<xds::HttpFilter> {
    if uncompressed {
        return Vec::new();
    }
    let content_type = vec![
        "text/plain",
        "application/vnd.google.protobuf",
        "application/openmetrics-text",
        "application/openmetrics-protobuf",
    ];
    let one = |name: &'static str, library, config| xds::HttpFilter {
        name: name.into(),
        typed_config: Some(Box::new(Any::Compressor(xds::Compressor {
            compressor_library: Some(Extension::new(library, config)),
            response_direction_config: Some(xds::CompressorDirection {
                common_config: Some(xds::CompressorCommon { content_type: content_type.clone() }),
            }),
        }))),
    };
    vec![
        one("envoy.filters.http.compressor.brotli", "stats_brotli", Any::Brotli(Empty {})),
        one("envoy.filters.http.compressor.zstd", "stats_zstd", Any::Zstd(Empty {})),
        one("envoy.filters.http.compressor.gzip", "stats_gzip", Any::Gzip(Empty {})),
    ]
}

/// Istio allows large expressions and requests with a fragment in their path; the second layer is what operators change by
/// hand through the admin interface. Stated values lie over Istio's: an empty one takes a key away, and words for yes and no
/// are no texts.
fn layered_runtime(stated: &BTreeMap<String, String>) -> xds::LayeredRuntime {
    let mut settings = BTreeMap::from([
        ("envoy.reloadable_features.http_reject_path_with_fragment".to_owned(), json!(false)),
        ("re2.max_program_size.error_level".to_owned(), json!("32768")),
    ]);
    for (key, value) in stated {
        let value = match value.as_str() {
            "" => {
                settings.remove(key);
                continue;
            }
            "true" => json!(true),
            "false" => json!(false),
            text => json!(text),
        };
        settings.insert(key.clone(), value);
    }
    let layer = |name, static_layer, admin_layer| xds::RuntimeLayer { name, static_layer, admin_layer };
    xds::LayeredRuntime {
        layers: vec![layer("global config", Some(settings), None), layer("admin", None, Some(Empty {}))],
    }
}

/// One resolver for all clusters, so that they share its cache: two tries of a second, and the sockets are renewed so that a
/// name server that is gone is left (dataplane.md §1.2).
fn resolver(options: &EnvoyOptions) -> Extension {
    let config = xds::CaresDnsResolver {
        query_timeout_seconds: Some(xds::Int64(1)),
        query_tries: Some(2),
        rotate_nameservers: true,
        max_udp_channel_duration: Some(xds::Duration::seconds(60)),
        reinit_channel_on_timeout: options.know(Feature::ResolverRenewal),
        qcache_max_ttl: options.know(Feature::ResolverCache).then_some(4),
        ..xds::CaresDnsResolver::default()
    };
    Extension::new("envoy.network.dns_resolver.cares", Any::CaresDnsResolver(config))
}

fn loopback(options: &EnvoyOptions) -> &'static str {
    match options.dns_family {
        DnsFamily::V4Only | DnsFamily::All => "127.0.0.1",
        DnsFamily::V6Only => "::1",
    }
}

fn wildcard(options: &EnvoyOptions) -> &'static str {
    match options.dns_family {
        DnsFamily::V4Only | DnsFamily::All => "0.0.0.0",
        DnsFamily::V6Only => "::",
    }
}
