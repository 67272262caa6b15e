//! The network filters of a TCP chain (translation-spec §2.6, §6.4).

use std::time::Duration;

use meshc_api::Resource;
use meshc_api::istio::{DestinationRule, RouteDestination, TrafficPolicy, TunnelSettings, VirtualService};
use meshc_model::{Protocol, Service, ServicePort, TargetPort};
use meshc_plan::{NetworkFilter, TcpProxy, Tunnel, UpstreamName};

use crate::context::ProxyContext;
use crate::http::{ConnectionClass, destination, hashes_source_ip, idle_timeout, weight};
use crate::telemetry;
use crate::upstream::StatName;

/// What stands in front of the filter that forwards.
#[derive(Debug, Clone)]
pub(crate) struct Stack {
    /// Whose metrics count.
    pub(crate) class: ConnectionClass,
    /// Whether workload metadata is exchanged with the client.
    pub(crate) metadata_exchange: bool,
    /// Authorization; none for sidecars.
    pub(crate) security: Vec<NetworkFilter>,
    /// Upstream whose endpoints are found by SNI at run time, and the port that is dialled.
    pub(crate) dynamic: Option<(UpstreamName, u16)>,
}

impl Stack {
    /// What outbound chains of sidecars have.
    pub(crate) fn outbound() -> Self {
        Self {
            class: ConnectionClass::Outbound,
            metadata_exchange: false,
            security: Vec::new(),
            dynamic: None,
        }
    }
}

/// The port that a chain is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChainPort<'a> {
    pub(crate) number: u16,
    pub(crate) name: &'a str,
    pub(crate) protocol: Protocol,
}

/// Filters of a chain whose connections go where a rule of a VirtualService sends them.
pub(crate) fn routed(
    cx: &ProxyContext<'_>,
    stack: &Stack,
    port: ChainPort<'_>,
    routes: &[RouteDestination],
    virtual_service: &Resource<VirtualService>,
) -> Vec<NetworkFilter> {
    let nowhere = meshc_api::istio::Destination::default();
    let to = |route: &'_ RouteDestination| route.destination.clone().unwrap_or_else(|| nowhere.clone());
    let upstream = |route: &RouteDestination| {
        let to = to(route);
        let service = cx.scope.service(destination::host(&to));
        let only = service.and_then(|service| destination::only_port(service));
        destination::upstream(cx, &to, only, port.number)
    };
    let Some(first) = routes.first() else { return Vec::new() };
    let first = to(first);
    let service = cx.scope.service(destination::host(&first));
    let rule = service
        .and_then(|service| cx.mesh.destination_rule(cx.workload, service.namespace(), service.host()));
    let rule = rule.as_ref().map(|rule| &rule.spec);
    let proxy = match routes {
        [only] => {
            let subset = first.subset.as_deref().filter(|subset| !subset.is_empty());
            let stat_prefix = service.and_then(|service| stat_prefix(cx, service, port, subset));
            tcp_proxy(cx, vec![(upstream(only), None)], stat_prefix, rule, subset)
        }
        several => {
            let upstreams = several
                .iter()
                .filter_map(|route| weight(route.weight).map(|weight| (upstream(route), Some(weight))));
            let name = format!("{}.{}", virtual_service.name(), virtual_service.namespace());
            tcp_proxy(cx, upstreams.collect(), Some(name), rule, None)
        }
    };
    filters(cx, stack, port.protocol, proxy)
}

/// Filters of a chain whose connections go to one service.
pub(crate) fn to_service(
    cx: &ProxyContext<'_>,
    stack: &Stack,
    port: ChainPort<'_>,
    service: &Service,
    upstream: UpstreamName,
) -> Vec<NetworkFilter> {
    let rule = cx.mesh.destination_rule(cx.workload, service.namespace(), service.host());
    let rule = rule.as_ref().map(|rule| &rule.spec);
    let stat_prefix = stat_prefix(cx, service, port, None);
    filters(cx, stack, port.protocol, tcp_proxy(cx, vec![(upstream, None)], stat_prefix, rule, None))
}

/// The filters of a stack with one that forwards.
pub(crate) fn filters(
    cx: &ProxyContext<'_>,
    stack: &Stack,
    protocol: Protocol,
    proxy: TcpProxy,
) -> Vec<NetworkFilter> {
    let exchange = stack.metadata_exchange && cx.mesh.features.enable_metadata_exchange;
    let stats = telemetry::stats_filter(cx, stack.class).map(NetworkFilter::Stats);
    let dynamic =
        stack.dynamic.clone().map(|(cache, port)| NetworkFilter::SniDynamicForwardProxy { cache, port });
    exchange
        .then_some(NetworkFilter::MetadataExchange)
        .into_iter()
        .chain(stack.security.iter().cloned())
        .chain(stats)
        .chain(dynamic)
        .chain(terminal(cx, protocol, proxy))
        .collect()
}

/// Filters that understand a database protocol, and the one that forwards.
pub(crate) fn terminal(cx: &ProxyContext<'_>, protocol: Protocol, proxy: TcpProxy) -> Vec<NetworkFilter> {
    let features = &cx.mesh.features;
    let first = proxy.upstreams.first().map(|(upstream, _)| upstream.clone());
    let stat_prefix = proxy.stat_prefix.clone();
    match (protocol, first) {
        (Protocol::Mongo, Some(upstream)) if features.enable_mongo_filter => {
            vec![NetworkFilter::MongoProxy { upstream, stat_prefix }, NetworkFilter::Tcp(proxy)]
        }
        (Protocol::Mysql, Some(upstream)) if features.enable_mysql_filter => {
            vec![NetworkFilter::MysqlProxy { upstream, stat_prefix }, NetworkFilter::Tcp(proxy)]
        }
        (Protocol::Redis, Some(upstream)) if features.enable_redis_filter => {
            vec![NetworkFilter::RedisProxy { upstream, stat_prefix }]
        }
        _ => vec![NetworkFilter::Tcp(proxy)],
    }
}

fn tcp_proxy(
    cx: &ProxyContext<'_>,
    upstreams: Vec<(UpstreamName, Option<u32>)>,
    stat_prefix: Option<String>,
    rule: Option<&DestinationRule>,
    subset: Option<&str>,
) -> TcpProxy {
    let policy = rule.and_then(|rule| rule.traffic_policy.as_ref());
    let subset = subset.and_then(|name| subset_policy(rule?, name));
    let weighted = upstreams.len() != 1;
    let tcp = policy.and_then(|policy| policy.connection_pool.as_ref()).and_then(|pool| pool.tcp.as_ref());
    TcpProxy {
        stat_prefix,
        idle_timeout: time(tcp.and_then(|tcp| tcp.idle_timeout)).or_else(|| idle_timeout(cx)),
        max_connection_duration: time(tcp.and_then(|tcp| tcp.max_connection_duration)),
        hash_source_ip: hash_source_ip(policy, subset.and_then(Option::as_ref)),
        tunnel: match subset {
            Some(subset) if !weighted => tunnel(subset.as_ref()),
            _ => tunnel(policy),
        },
        upstreams,
        access_logs: telemetry::connection_logs(cx),
    }
}

fn time(stated: Option<meshc_api::Duration>) -> Option<Duration> {
    stated.map(|time| time.0)
}

/// The policy of a subset: the inner one is absent where the subset states none.
fn subset_policy<'a>(rule: &'a DestinationRule, name: &str) -> Option<&'a Option<TrafficPolicy>> {
    let subset = rule.subsets.iter().find(|subset| subset.name.as_deref() == Some(name))?;
    Some(&subset.traffic_policy)
}

/// A subset that states how endpoints are picked decides alone.
fn hash_source_ip(policy: Option<&TrafficPolicy>, subset: Option<&TrafficPolicy>) -> bool {
    match subset {
        Some(subset) if subset.load_balancer.is_some() => hashes_source_ip(Some(subset)),
        _ => hashes_source_ip(policy),
    }
}

fn tunnel(policy: Option<&TrafficPolicy>) -> Option<Tunnel> {
    let TunnelSettings { protocol, target_host, target_port } = policy?.tunnel.as_ref()?;
    Some(Tunnel {
        target_host: target_host.clone().unwrap_or_default(),
        target_port: target_port.unwrap_or(0),
        use_post: protocol.as_deref().is_some_and(|protocol| protocol.eq_ignore_ascii_case("POST")),
    })
}

/// Prefix of the statistics, where the mesh states a pattern for it.
fn stat_prefix(
    cx: &ProxyContext<'_>,
    service: &Service,
    port: ChainPort<'_>,
    subset: Option<&str>,
) -> Option<String> {
    let pattern = &cx.mesh.config.outbound_cluster_stat_name;
    if pattern.is_empty() {
        return None;
    }
    let port = ServicePort {
        name: port.name.to_owned(),
        number: port.number,
        target: TargetPort::Same,
        protocol: port.protocol,
    };
    Some(StatName { service, port: &port, subset, target_port: None }.expand(pattern))
}
