//! Pods that have addresses of both IP families.

use std::net::IpAddr;

use meshc_plan::{BindAddress, ListenerName, UpstreamName};

use crate::support;

const TREE: &str = "
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop}
spec:
  containers:
  - {name: app, image: client}
  - {name: istio-proxy, env: [{name: ISTIO_META_INSTANCE_IPS, value: '192.0.2.1,2001:db8::1'}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.0.0.1, ports: [{name: http, port: 80}]}
";

#[test]
fn they_are_heard_in_both_families_and_reach_the_application_from_both() {
    let plan = support::lower(&[("tree.yaml", TREE)], "");
    let proxy = plan.proxies.values().next().expect("a proxy");
    let at = |name: &ListenerName| {
        let listener = proxy.listeners.iter().find(|listener| listener.name == *name).expect("a listener");
        let ip = |address: &BindAddress| match address {
            BindAddress::Ip(ip) => ip.to_string(),
            other => format!("{other:?}"),
        };
        listener.additional.iter().map(|bind| ip(&bind.address)).collect::<Vec<_>>()
    };
    let address: IpAddr = "0.0.0.0".parse().unwrap();
    assert_eq!(at(&ListenerName::Address { address, port: 80 }), ["::"]);
    assert_eq!(at(&ListenerName::VirtualOutbound), [""; 0], "only where the mesh is said to be dual-stack");
    let passthrough = proxy.upstreams.iter().find(|it| it.name == UpstreamName::InboundPassthrough);
    let sources: Vec<String> =
        passthrough.expect("an upstream").bind_source.iter().map(ToString::to_string).collect();
    assert_eq!(sources, ["127.0.0.6", "::6"]);
}
