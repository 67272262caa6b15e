//! Upstreams.

use meshc_plan::{Discovery, LoadBalancingAlgorithm, UpstreamTlsChoice};

use super::*;

const WEB: &str = "web.shop.svc.cluster.local";

fn rule(policy: &str) -> String {
    object("DestinationRule", "shop", "web", &format!("{{host: web, trafficPolicy: {policy}}}"))
}

fn with_rule(policy: &str) -> Compiled {
    compile(&[web(), rule(policy)])
}

#[test]
fn p_12_limits_are_as_large_as_can_be_with_and_without_a_rule() {
    for compiled in [compile(&[web()]), with_rule("{loadBalancer: {simple: RANDOM}}")] {
        let pool = &compiled.upstream(80, None, WEB).pool;
        // The emitter states the largest number for each limit that is none.
        assert!(pool.thresholds);
        let limits = [pool.max_connections, pool.max_pending_requests, pool.max_requests, pool.max_retries];
        assert_eq!(limits, [None; 4]);
    }
}

#[test]
fn p_13_least_request_is_what_nobody_states_and_passthrough_is_the_dialled_address() {
    let algorithm = |compiled: &Compiled| {
        compiled.upstream(80, None, WEB).load_balancing.as_ref().map(|balancing| balancing.algorithm)
    };
    assert_eq!(algorithm(&compile(&[web()])), Some(LoadBalancingAlgorithm::LeastRequest));
    let simple = |name: &str| with_rule(&format!("{{loadBalancer: {{simple: {name}}}}}"));
    assert_eq!(algorithm(&simple("UNSPECIFIED")), Some(LoadBalancingAlgorithm::LeastRequest));
    assert_eq!(algorithm(&simple("ROUND_ROBIN")), Some(LoadBalancingAlgorithm::RoundRobin));
    let passthrough = simple("PASSTHROUGH");
    assert_eq!(algorithm(&passthrough), Some(LoadBalancingAlgorithm::Provided));
    assert!(matches!(passthrough.upstream(80, None, WEB).discovery, Discovery::OriginalDestination { .. }));
}

#[test]
fn p_13_new_endpoints_warm_up_under_round_robin_and_least_request_only() {
    let slow_start = |simple: &str| {
        let compiled =
            with_rule(&format!("{{loadBalancer: {{simple: {simple}, warmup: {{duration: 10s}}}}}}"));
        compiled.upstream(80, None, WEB).load_balancing.as_ref().unwrap().slow_start.is_some()
    };
    assert_eq!(["ROUND_ROBIN", "LEAST_REQUEST", "RANDOM"].map(slow_start), [true, true, false]);
}

#[test]
fn p_14_localities_fail_over_only_where_outliers_are_ejected() {
    let entry = "{hosts: [db.example], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], endpoints: [{address: 192.0.2.1, locality: eu/a}, {address: 192.0.2.2, locality: us/a}]}";
    let priorities = |policy: &str| {
        let rule = format!("{{host: db.example, trafficPolicy: {{{policy}}}}}");
        let client = workload("shop", "local", "")
            .replace("app: local}, ", "app: local, topology.istio.io/locality: eu.a}, ");
        let parts = [
            client,
            object("ServiceEntry", "shop", "db", entry),
            object("DestinationRule", "shop", "db", &rule),
        ];
        let compiled = compile(&parts);
        let upstream = compiled.find_upstream("local", 80, None, "db.example").unwrap();
        let Discovery::Static(groups) = &upstream.discovery else { panic!("{:?}", upstream.discovery) };
        groups.iter().map(|group| group.priority).max()
    };
    assert_eq!(priorities("connectionPool: {tcp: {maxConnections: 1}}"), Some(0));
    assert_eq!(priorities("outlierDetection: {consecutive5xxErrors: 5}"), Some(1));
}

#[test]
fn p_14_an_ejection_after_no_errors_is_stated_as_it_is() {
    let compiled = with_rule("{outlierDetection: {consecutive5xxErrors: 0}}");
    assert_eq!(compiled.upstream(80, None, WEB).outlier.as_ref().unwrap().consecutive_5xx, Some(0));
}

#[test]
fn p_15_mutual_tls_is_automatic_unless_a_rule_the_mesh_or_the_service_says_otherwise() {
    let is_auto =
        |compiled: &Compiled| matches!(compiled.upstream(80, None, WEB).tls, UpstreamTlsChoice::Auto(_));
    assert!(is_auto(&compile(&[web()])));
    assert!(!is_auto(&with_rule("{tls: {mode: DISABLE}}")));
    assert!(!is_auto(&compile_with("enableAutoMtls: false", &[web()])));
    let external = "{hosts: [api.example], location: MESH_EXTERNAL, resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}";
    let compiled = compile(&[object("ServiceEntry", "shop", "api", external)]);
    assert_eq!(compiled.upstream(80, None, "api.example").tls, UpstreamTlsChoice::None);
}

#[test]
fn p_16_the_sni_of_mutual_tls_tells_port_subset_and_host() {
    let subsets = "{host: web, subsets: [{name: v1, labels: {app: web}}]}";
    let compiled = compile(&[web(), object("DestinationRule", "shop", "web", subsets)]);
    let sni = |subset: Option<&str>| match &compiled.upstream(80, subset, WEB).tls {
        UpstreamTlsChoice::Auto(tls) => tls.sni.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(sni(None).as_deref(), Some("outbound_.80_._.web.shop.svc.cluster.local"));
    assert_eq!(sni(Some("v1")).as_deref(), Some("outbound_.80_.v1_.web.shop.svc.cluster.local"));
}

#[test]
fn p_17_the_rule_of_the_client_goes_before_that_of_the_service_and_that_of_the_root() {
    let limit = |parts: &[(&str, u32)]| {
        let rules = parts.iter().map(|(namespace, limit)| {
            let spec = format!("{{host: web.far.svc.cluster.local, trafficPolicy: {{connectionPool: {{tcp: {{maxConnections: {limit}}}}}}}}}");
            object("DestinationRule", namespace, "web", &spec)
        });
        let far = service("far", "web", 9, "{name: http, port: 80}");
        let compiled = compile(&std::iter::once(far).chain(rules).collect::<Vec<_>>());
        compiled.upstream(80, None, "web.far.svc.cluster.local").pool.max_connections
    };
    assert_eq!(limit(&[("istio-system", 1), ("far", 2), ("shop", 3)]), Some(3));
    assert_eq!(limit(&[("istio-system", 1), ("far", 2)]), Some(2));
    assert_eq!(limit(&[("istio-system", 1)]), Some(1));
    assert_eq!(limit(&[("elsewhere", 4)]), None);
}

#[test]
fn p_17_rules_of_one_host_add_their_subsets_and_the_first_policy_wins() {
    let rule = |name: &str, limit: u32| {
        let spec = format!(
            "{{host: web, trafficPolicy: {{connectionPool: {{tcp: {{maxConnections: {limit}}}}}}}, subsets: [{{name: {name}, labels: {{app: web}}}}]}}"
        );
        object("DestinationRule", "shop", name, &spec)
    };
    let compiled = compile(&[web(), rule("a", 1), rule("b", 2)]);
    for subset in [None, Some("a"), Some("b")] {
        assert_eq!(compiled.upstream(80, subset, WEB).pool.max_connections, Some(1));
    }
}

#[test]
fn p_17_a_rule_that_selects_workloads_is_for_them_alone() {
    let spec = "{host: web, workloadSelector: {matchLabels: {app: client}}, trafficPolicy: {connectionPool: {tcp: {maxConnections: 7}}}}";
    let compiled = compile(&[web(), object("DestinationRule", "shop", "web", spec)]);
    let limit = |proxy: &str| compiled.find_upstream(proxy, 80, None, WEB).unwrap().pool.max_connections;
    assert_eq!((limit("client"), limit("web")), (Some(7), None));
}
