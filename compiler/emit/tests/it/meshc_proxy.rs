//! Plans made by hand become the configuration of the bundled proxy.

use std::collections::BTreeSet;

use meshc_contract::proxy::{
    Capture, Discovery, EndpointAddress, Handler, ProxyConfig, RouteSource, UpstreamTlsChoice,
};
use meshc_diagnostics::{Diagnostic, Diagnostics, Severity};
use meshc_emit::envoy::{EnvoyOptions, EnvoySets};
use meshc_emit::{Emitters, TargetChoice, emit};
use meshc_plan::{Plan, ProxyTarget};

use crate::plan;

/// The configuration of a proxy, and what the emitter says about the plan.
fn emitted(plan: &Plan, name: &str) -> (String, Vec<Diagnostic>) {
    let choice = TargetChoice { default: ProxyTarget::MeshcProxy, ..TargetChoice::default() };
    let mut diagnostics = Diagnostics::new();
    let mut emitters = Emitters::new(plan, choice, EnvoyOptions::default());
    let sets = EnvoySets { bootstrap: true, xds: true };
    let artifacts = emit(plan, sets, &mut emitters, &mut diagnostics);
    let paths: Vec<&str> = artifacts.iter().map(|(path, _)| path.as_str()).collect();
    let path = format!("bootstrap/{name}/proxy.json");
    assert_eq!(paths, [path.as_str()], "the bundled proxy has one file and no xDS resources");
    (artifacts.get(&path).unwrap().to_text(), diagnostics.into_sorted())
}

#[test]
fn the_sidecar_of_productpage_is_a_configuration_of_the_contract() {
    let plan = plan::plan([plan::bookinfo::productpage()]);
    let (text, findings) = emitted(&plan, "default.productpage-v1");
    assert_eq!(findings, []);
    let config: ProxyConfig = serde_json::from_str(&text).unwrap();
    assert_eq!(
        serde_json::to_value(&config).unwrap(),
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    );
    let names: Vec<&str> = config.listeners.iter().map(|listener| listener.name.as_str()).collect();
    assert_eq!(names, ["0.0.0.0_9080", "virtualInbound", "virtualOutbound"]);
    let captures: Vec<Capture> = config.listeners.iter().map(|listener| listener.capture).collect();
    assert_eq!(captures, [Capture::ByOriginalDestination, Capture::Captured, Capture::Redirecting]);
    assert!(config.route_tables.contains_key("9080"));
    assert!(config.upstreams.contains_key("BlackHoleCluster"), "{:?}", config.upstreams.keys());
    let outbound = &config.listeners[0].chains[0];
    let Handler::Http(http) = &outbound.handler else { panic!("{outbound:?}") };
    assert_eq!(http.routes, RouteSource::Named("9080".into()));
}

#[test]
fn an_upstream_of_a_service_that_no_route_and_no_listener_names_is_left_out() {
    let mut productpage = plan::bookinfo::productpage();
    let before = productpage.upstreams.len();
    let (text, _) = emitted(&plan::plan([productpage.clone()]), "default.productpage-v1");
    let named: ProxyConfig = serde_json::from_str(&text).unwrap();
    let outbound = |config: &ProxyConfig| {
        config.upstreams.keys().filter(|name| name.starts_with("outbound|")).cloned().collect::<BTreeSet<_>>()
    };
    assert!(!outbound(&named).is_empty());
    for name in outbound(&named) {
        assert!(text.matches(&format!("\"{name}\"")).count() > 1, "{name} is kept and not named");
    }
    productpage.route_tables.clear();
    let (text, _) = emitted(&plan::plan([productpage]), "default.productpage-v1");
    let unnamed: ProxyConfig = serde_json::from_str(&text).unwrap();
    assert!(outbound(&unnamed).is_subset(&outbound(&named)) && outbound(&unnamed) != outbound(&named));
    for kept in ["BlackHoleCluster", "PassthroughCluster", "InboundPassthroughCluster"] {
        assert!(unnamed.upstreams.contains_key(kept), "{kept} stands for no service");
    }
    assert!(named.upstreams.len() <= before);
}

#[test]
fn alpn_of_metadata_exchange_is_offered_by_nobody() {
    let plan = plan::plan([plan::bookinfo::productpage()]);
    let (text, _) = emitted(&plan, "default.productpage-v1");
    let config: ProxyConfig = serde_json::from_str(&text).unwrap();
    let mutual = config.upstreams.values().filter_map(|upstream| match &upstream.tls {
        UpstreamTlsChoice::Auto(tls) => Some(tls),
        UpstreamTlsChoice::None | UpstreamTlsChoice::Always(_) => None,
    });
    let offered: BTreeSet<&String> = mutual.flat_map(|tls| &tls.alpn).collect();
    assert!(!offered.is_empty());
    assert!(!offered.iter().any(|alpn| *alpn == "istio-peer-exchange"), "{offered:?}");
}

#[test]
fn names_of_endpoints_are_absolute_and_have_no_trailing_dot() {
    let plan = plan::plan([plan::everything::gateway()]);
    let (text, _) = emitted(&plan, "edge.gateway");
    let config: ProxyConfig = serde_json::from_str(&text).unwrap();
    let mut names = 0;
    for upstream in config.upstreams.values() {
        let Discovery::Endpoints { groups, .. } = &upstream.discovery else { continue };
        for endpoint in groups.iter().flat_map(|group| &group.endpoints) {
            if let EndpointAddress::Name(name, _) = &endpoint.address {
                assert!(!name.ends_with('.'), "{name}");
                names += 1;
            }
        }
    }
    assert!(names > 0);
}

#[test]
fn what_only_envoy_has_is_an_error_and_what_is_merely_lost_is_a_warning() {
    let plan = plan::plan([plan::everything::gateway()]);
    let (text, findings) = emitted(&plan, "edge.gateway");
    assert!(serde_json::from_str::<ProxyConfig>(&text).is_ok(), "{text}");
    let of = |severity: Severity| -> Vec<String> {
        let told = findings.iter().filter(|finding| finding.severity == severity);
        let mut names: Vec<String> = told
            .map(|finding| {
                let (_, feature) = finding.message.split_once("does not have: ").unwrap();
                feature.split([';', '(']).next().unwrap().trim().to_owned()
            })
            .collect();
        names.sort();
        names.dedup();
        names
    };
    let expected = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(of(Severity::Error), expected(&ERRORS));
    assert_eq!(of(Severity::Warning), expected(&WARNINGS));
    for finding in &findings {
        assert!(
            finding.consequence.is_some()
                && finding.help.as_ref().unwrap().contains("meshc.dev/target: envoy")
        );
    }
}

const ERRORS: [&str; 12] = [
    "HTTP/3 to clients of gateways",
    "TPROXY interception",
    "access log filters in CEL",
    "access logs over gRPC",
    "changed labels of Istio's metrics",
    "endpoints looked up by the host of each request",
    "keys of a token issuer that are fetched at run time",
    "persistent sessions",
    "slow start of new endpoints",
    "the Redis protocol",
    "translation of gRPC-Web",
    "tunnels over HTTP to an upstream",
];
const WARNINGS: [&str; 16] = [
    "Envoy statistics beside Istio's metrics",
    "HTTP/2 keepalive to upstreams",
    "a buffer limit of listeners",
    "a drain time of its own for each HTTP connection",
    "a limit of all connections",
    "a list of curves for TLS",
    "cipher suites for TLS to upstreams",
    "histograms of other buckets and forgotten metrics",
    "leaving values that are not there out of access logs",
    "runtime keys of Envoy",
    "statistics of MongoDB operations",
    "statistics of MySQL operations",
    "statistics that are sent somewhere",
    "the interval of a retry budget",
    "the reporting interval of TCP metrics",
    "tracing",
];
