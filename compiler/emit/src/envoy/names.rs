//! How names are spelled: Istio's spellings, so that EnvoyFilter matches, dashboards and people's habits keep working.
//!
//! Different names have different spellings as long as their parts are valid Kubernetes names and host names. Nothing
//! reads a spelling back.

use meshc_contract::ObjectRef;
use meshc_plan::{ListenerName, RouteTableName, RuleId, UpstreamName};

/// The name of a cluster.
#[must_use]
pub fn upstream(name: &UpstreamName) -> String {
    match name {
        UpstreamName::Outbound { port, subset, host } => {
            format!("outbound|{port}|{}|{host}", subset.as_deref().unwrap_or_default())
        }
        UpstreamName::SniDnat { port, subset, host } => {
            format!("outbound_.{port}_.{}_.{host}", subset.as_deref().unwrap_or_default())
        }
        UpstreamName::Inbound { port } => format!("inbound|{port}||"),
        UpstreamName::BlackHole => "BlackHoleCluster".to_owned(),
        UpstreamName::Passthrough => "PassthroughCluster".to_owned(),
        UpstreamName::InboundPassthrough => "InboundPassthroughCluster".to_owned(),
        UpstreamName::AllowAnyDynamicDns => "AllowAnyDynamicDNSCluster".to_owned(),
        UpstreamName::UnknownService => "UnknownService".to_owned(),
    }
}

/// The name of a cluster in statistics, unless the mesh configuration states a pattern. The semicolon ends the value of
/// Istio's tag; istiod makes the inbound pass-through of the outbound one and keeps its name here.
pub(super) fn upstream_statistics(name: &UpstreamName) -> String {
    match name {
        UpstreamName::InboundPassthrough => format!("{};", upstream(&UpstreamName::Passthrough)),
        name => format!("{};", upstream(name)),
    }
}

/// The name of a DNS cache of dynamic forward proxies.
pub(super) fn dns_cache(name: &UpstreamName) -> String {
    match name {
        UpstreamName::Outbound { host, .. } | UpstreamName::SniDnat { host, .. } => {
            format!("{host}_dfp_dns_cache")
        }
        _ => "allow_any_dfp_dns_cache".to_owned(),
    }
}

/// The name of a listener.
#[must_use]
pub fn listener(name: &ListenerName) -> String {
    match name {
        ListenerName::VirtualOutbound => "virtualOutbound".to_owned(),
        ListenerName::VirtualInbound => "virtualInbound".to_owned(),
        ListenerName::Address { address, port } => format!("{address}_{port}"),
        ListenerName::Unix(path) => path.clone(),
    }
}

/// The name of a route configuration.
#[must_use]
pub fn route_table(name: &RouteTableName) -> String {
    let bind_suffix = |bind: &Option<String>| bind.as_ref().map_or(String::new(), |bind| format!(".{bind}"));
    match name {
        RouteTableName::Port(port) => port.to_string(),
        RouteTableName::HostPort { host, port } => format!("{host}:{port}"),
        RouteTableName::HttpProxy => "http_proxy".to_owned(),
        RouteTableName::Unix(path) => path.clone(),
        RouteTableName::GatewayHttp { port, bind } => format!("http.{port}{}", bind_suffix(bind)),
        RouteTableName::GatewayHttps { port, port_name, gateway, namespace, bind } => {
            format!("https.{port}.{port_name}.{gateway}.{namespace}{}", bind_suffix(bind))
        }
        RouteTableName::Inbound(name) => upstream(name),
        RouteTableName::AllowAnyDynamicDns => "allow_any_dynamic_dns".to_owned(),
    }
}

/// The key of a rule in an RBAC filter, which Envoy logs and counts by.
pub(super) fn rule(id: &RuleId) -> String {
    let RuleId { namespace, policy, rule } = id;
    format!("ns[{namespace}]-policy[{policy}]-rule[{rule}]")
}

/// What Istio writes into the metadata about the object that decided something.
pub(super) fn config(object: &ObjectRef) -> String {
    let ObjectRef { group: _, kind, namespace, name } = object;
    format!("/apis/networking.istio.io/v1/namespaces/{namespace}/{}/{name}", kebab_case(kind))
}

fn kebab_case(kind: &str) -> String {
    let mut text = String::with_capacity(kind.len() + 1);
    for (index, letter) in kind.chars().enumerate() {
        if letter.is_ascii_uppercase() && index > 0 {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}
