//! What of a request picks the endpoint (translation-spec §2.9.5).

use meshc_api::istio::{
    ConsistentHashLb, Destination, LoadBalancerSettings, PortTrafficPolicy, TrafficPolicy,
};
use meshc_plan::HashPolicy;

use super::destination::{host, stated_port};
use crate::context::ProxyContext;

/// The hash that the DestinationRule of a destination states: that of the port of the subset, the subset, the port, the
/// rule, in this order. Ports count only where the destination states one.
pub(super) fn destination_hash(cx: &ProxyContext<'_>, destination: &Destination) -> Option<ConsistentHashLb> {
    let service = cx.scope.service(host(destination))?;
    let rule = cx.mesh.destination_rule(cx.workload, service.namespace(), service.host())?;
    let port = stated_port(destination);
    let subset = destination.subset.as_deref().unwrap_or_default();
    let subset = rule.spec.subsets.iter().find(|known| known.name.as_deref() == Some(subset));
    let policies =
        [subset.and_then(|subset| subset.traffic_policy.as_ref()), rule.spec.traffic_policy.as_ref()];
    let mut found = policies
        .into_iter()
        .flatten()
        .filter_map(|policy| port_hash(policy, port).or_else(|| hash(policy.load_balancer.as_ref())));
    found.next().cloned()
}

/// The hash for a service without a VirtualService on one of its ports.
pub(super) fn service_hash(
    cx: &ProxyContext<'_>,
    namespace: &str,
    host: &str,
    port: u16,
) -> Option<HashPolicy> {
    let rule = cx.mesh.destination_rule(cx.workload, namespace, host)?;
    let policy = rule.spec.traffic_policy.as_ref()?;
    let found = port_hash(policy, Some(port)).or_else(|| hash(policy.load_balancer.as_ref()))?;
    hash_policy(found)
}

/// The hash policy of a route; `None` where the settings state only the size of the table.
pub(super) fn hash_policy(stated: &ConsistentHashLb) -> Option<HashPolicy> {
    if let Some(header) = &stated.http_header_name {
        return Some(HashPolicy::Header(header.clone()));
    }
    if let Some(cookie) = &stated.http_cookie {
        let attributes = cookie.attributes.iter().map(|attribute| {
            (attribute.name.clone().unwrap_or_default(), attribute.value.clone().unwrap_or_default())
        });
        return Some(HashPolicy::Cookie {
            name: cookie.name.clone().unwrap_or_default(),
            ttl: cookie.ttl.map(|ttl| ttl.0),
            path: cookie.path.clone().filter(|path| !path.is_empty()),
            attributes: attributes.collect(),
        });
    }
    if stated.use_source_ip == Some(true) {
        return Some(HashPolicy::SourceIp);
    }
    stated.http_query_parameter_name.clone().map(HashPolicy::QueryParameter)
}

/// Whether connections of a destination stick to an endpoint by the address of the client.
pub(crate) fn hashes_source_ip(policy: Option<&TrafficPolicy>) -> bool {
    let settings = policy.and_then(|policy| policy.load_balancer.as_ref());
    hash(settings).is_some_and(|hash| hash.use_source_ip == Some(true))
}

fn port_hash(policy: &TrafficPolicy, port: Option<u16>) -> Option<&ConsistentHashLb> {
    let port = u32::from(port?);
    let is_for = |settings: &&PortTrafficPolicy| {
        settings.port.as_ref().and_then(|selector| selector.number) == Some(port)
    };
    let settings = policy.port_level_settings.iter().find(is_for)?;
    hash(settings.load_balancer.as_ref())
}

fn hash(settings: Option<&LoadBalancerSettings>) -> Option<&ConsistentHashLb> {
    settings.and_then(|settings| settings.consistent_hash.as_ref())
}
