//! What a proxy sees.

use meshc_diagnostics::codes;
use meshc_plan::UpstreamName;

use super::*;

fn far() -> String {
    service("far", "web", 9, "{name: http, port: 80}")
}

fn hosts(compiled: &Compiled) -> Vec<&str> {
    let upstreams = compiled.proxy("client").upstreams.iter();
    upstreams
        .filter_map(|upstream| match &upstream.name {
            UpstreamName::Outbound { host, .. } => Some(host.as_str()),
            _ => None,
        })
        .collect()
}

#[test]
fn p_18_hosts_of_a_sidecar_are_those_of_the_own_namespace_or_of_all() {
    let sidecar =
        |hosts: &str| object("Sidecar", "shop", "default", &format!("{{egress: [{{hosts: [{hosts}]}}]}}"));
    let own = compile(&[web(), far(), sidecar("'./*'")]);
    assert_eq!(hosts(&own), ["web.shop.svc.cluster.local"]);
    let all = compile(&[web(), far(), sidecar("'*/*'")]);
    assert_eq!(hosts(&all).len(), 2);
}

#[test]
fn p_18_a_listener_of_a_sidecar_listens_where_it_says() {
    let spec =
        "{egress: [{port: {number: 9080, protocol: HTTP, name: http}, bind: 127.0.0.1, hosts: ['./*']}]}";
    let web = service("shop", "web", 1, "{name: http, port: 9080}");
    let compiled = compile(&[web, object("Sidecar", "shop", "default", spec)]);
    assert_eq!(compiled.listeners("client"), ["127.0.0.1:9080"]);
}

#[test]
fn p_18_a_sidecar_limits_inbound_connections_and_takes_over_the_outbound_policy() {
    let spec =
        "{inboundConnectionPool: {tcp: {maxConnections: 12}}, outboundTrafficPolicy: {mode: REGISTRY_ONLY}}";
    let compiled = compile(&[web(), object("Sidecar", "shop", "default", spec)]);
    let proxy = compiled.proxy("web");
    let inbound =
        proxy.upstreams.iter().find(|upstream| upstream.name == UpstreamName::Inbound { port: 8080 });
    assert_eq!(inbound.unwrap().pool.max_connections, Some(12));
    let outbound = compiled.listener("web", &ListenerName::VirtualOutbound);
    let last = outbound.chains.last().and_then(|chain| chain.filters.last());
    let Some(NetworkFilter::Tcp(tcp)) = last else { panic!("{last:?}") };
    assert_eq!(tcp.upstreams[0].0, UpstreamName::BlackHole);
}

#[test]
fn p_28_a_service_is_seen_where_it_is_exported_to() {
    let exported = |to: &str| {
        let service = far().replace(
            "namespace: far}",
            &format!("namespace: far, annotations: {{networking.istio.io/exportTo: '{to}'}}}}"),
        );
        hosts(&compile(&[service])).len()
    };
    assert_eq!(["*", "shop", ".", "~", "elsewhere"].map(exported), [1, 1, 0, 0, 0]);
    let default = compile_with("defaultServiceExportTo: ['.']", &[far()]);
    assert!(hosts(&default).is_empty());
}

#[test]
fn p_32_what_the_webhook_of_istio_refuses_has_no_effect() {
    let negative = "{hosts: [web], http: [{route: [{destination: {host: web}, weight: -1}]}]}";
    let compiled = compile(&[web(), object("VirtualService", "shop", "web", negative)]);
    assert!(compiled.says(&codes::REFUSED_BY_RULE) || compiled.says(&codes::INVALID_VALUE));
    let routes = &host(compiled.table(80), "web.shop.svc.cluster.local:80").routes;
    assert_eq!(
        targets(host(compiled.table(80), "web.shop.svc.cluster.local:80")),
        ["web.shop.svc.cluster.local"]
    );
    assert_eq!(routes[0].config, None);
}

#[test]
fn p_33_an_address_that_only_the_cluster_knows_is_told() {
    let unaddressed =
        service("shop", "db", 5, "{name: tcp, port: 5432}").replace("clusterIP: 10.0.0.5, ", "");
    let compiled = compile(&[unaddressed]);
    assert!(compiled.says(&codes::ADDRESS_UNKNOWN));
}

#[test]
fn p_33_localities_of_pods_that_only_nodes_know_are_told() {
    let rule = "{host: web, trafficPolicy: {outlierDetection: {consecutive5xxErrors: 5}, loadBalancer: {localityLbSetting: {failover: [{from: eu, to: us}]}}}}";
    let compiled = compile(&[web(), object("DestinationRule", "shop", "web", rule)]);
    assert!(compiled.says(&codes::LOCALITY_UNKNOWN));
}

#[test]
fn p_34_the_same_tree_compiles_to_the_same_plan() {
    let parts = [web(), far()];
    assert!(compile(&parts).plan == compile(&parts).plan);
}
