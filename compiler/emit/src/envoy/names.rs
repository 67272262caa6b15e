//! How names are spelled: Istio's spellings, so that EnvoyFilter matches, dashboards and people's habits keep working.
//!
//! Different names have different spellings as long as their parts are valid Kubernetes names and host names. Nothing
//! reads a spelling back.

use meshc_contract::ObjectRef;
use meshc_plan::{ListenerName, ProcessUpstream, RouteTableName, RuleId, UpstreamName};

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
        UpstreamName::Process(upstream) => process_upstream(*upstream).to_owned(),
    }
}

fn process_upstream(upstream: ProcessUpstream) -> &'static str {
    match upstream {
        ProcessUpstream::Zipkin => "zipkin",
        ProcessUpstream::Datadog => "datadog_agent",
        ProcessUpstream::MetricsService => "envoy_metrics_service",
        ProcessUpstream::AccessLogService => "envoy_accesslog_service",
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
        ListenerName::Unix(path) => format!("unix://{path}_0"),
        ListenerName::Udp { address, port } => format!("udp_{address}_{port}"),
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
        RouteTableName::Unix(path) => format!("unix://{path}"),
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

#[cfg(test)]
mod tests {
    use meshc_contract::ObjectRef;
    use meshc_plan::{ListenerName, ProcessUpstream, RouteTableName, UpstreamName};
    use proptest::prelude::*;

    fn labels() -> impl Strategy<Value = String> {
        "[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?"
    }

    fn hosts() -> impl Strategy<Value = String> {
        proptest::collection::vec(labels(), 1..4).prop_map(|labels| labels.join("."))
    }

    fn upstreams() -> impl Strategy<Value = UpstreamName> {
        let service = || (1..9u16, proptest::option::of(labels()), hosts());
        prop_oneof![
            service().prop_map(|(port, subset, host)| UpstreamName::Outbound { port, subset, host }),
            service().prop_map(|(port, subset, host)| UpstreamName::SniDnat { port, subset, host }),
            (1..9u16).prop_map(|port| UpstreamName::Inbound { port }),
            Just(UpstreamName::BlackHole),
            Just(UpstreamName::Passthrough),
            Just(UpstreamName::InboundPassthrough),
            Just(UpstreamName::AllowAnyDynamicDns),
            Just(UpstreamName::UnknownService),
            Just(UpstreamName::Process(ProcessUpstream::Zipkin)),
        ]
    }

    fn tables() -> impl Strategy<Value = RouteTableName> {
        let bind = || proptest::option::of(Just("10.0.0.1".to_owned()));
        prop_oneof![
            (1..9u16).prop_map(RouteTableName::Port),
            (hosts(), 1..9u16).prop_map(|(host, port)| RouteTableName::HostPort { host, port }),
            Just(RouteTableName::HttpProxy),
            Just(RouteTableName::AllowAnyDynamicDns),
            labels().prop_map(|name| RouteTableName::Unix(format!("/{name}.sock"))),
            (1..9u16, bind()).prop_map(|(port, bind)| RouteTableName::GatewayHttp { port, bind }),
            (1..9u16, labels(), labels(), "[a-z]{1,4}", bind()).prop_map(
                |(port, port_name, gateway, namespace, bind)| RouteTableName::GatewayHttps {
                    port,
                    port_name,
                    gateway,
                    namespace,
                    bind,
                }
            ),
            upstreams().prop_map(RouteTableName::Inbound),
        ]
    }

    fn listeners() -> impl Strategy<Value = ListenerName> {
        let address = prop_oneof![Just("0.0.0.0"), Just("::"), Just("10.96.0.1"), Just("2001:db8::1")];
        prop_oneof![
            Just(ListenerName::VirtualInbound),
            Just(ListenerName::VirtualOutbound),
            (address, 1..9u16, any::<bool>()).prop_map(|(address, port, udp)| {
                let address = address.parse().unwrap();
                if udp {
                    ListenerName::Udp { address, port }
                } else {
                    ListenerName::Address { address, port }
                }
            }),
            labels().prop_map(|name| ListenerName::Unix(format!("/{name}.sock"))),
        ]
    }

    proptest! {
        #[test]
        fn upstreams_of_different_names_are_spelled_differently(a in upstreams(), b in upstreams()) {
            prop_assert_eq!(a == b, super::upstream(&a) == super::upstream(&b));
        }

        #[test]
        fn route_tables_of_different_names_are_spelled_differently(a in tables(), b in tables()) {
            prop_assert_eq!(a == b, super::route_table(&a) == super::route_table(&b));
        }

        #[test]
        fn listeners_of_different_names_are_spelled_differently(a in listeners(), b in listeners()) {
            prop_assert_eq!(a == b, super::listener(&a) == super::listener(&b));
        }
    }

    #[test]
    fn names_are_istios() {
        let host = || "reviews.default.svc.cluster.local".to_owned();
        let v1 = UpstreamName::Outbound { port: 9080, subset: Some("v1".into()), host: host() };
        assert_eq!(super::upstream(&v1), "outbound|9080|v1|reviews.default.svc.cluster.local");
        let dnat = UpstreamName::SniDnat { port: 9080, subset: None, host: host() };
        assert_eq!(super::upstream(&dnat), "outbound_.9080_._.reviews.default.svc.cluster.local");
        assert_eq!(super::upstream_statistics(&UpstreamName::InboundPassthrough), "PassthroughCluster;");
        let https = RouteTableName::GatewayHttps {
            port: 443,
            port_name: "https".into(),
            gateway: "main".into(),
            namespace: "istio-system".into(),
            bind: None,
        };
        assert_eq!(super::route_table(&https), "https.443.https.main.istio-system");
        let object = ObjectRef {
            group: "networking.istio.io".into(),
            kind: "DestinationRule".into(),
            namespace: "a".into(),
            name: "b".into(),
        };
        assert_eq!(super::config(&object), "/apis/networking.istio.io/v1/namespaces/a/destination-rule/b");
    }
}
