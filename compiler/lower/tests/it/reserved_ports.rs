//! Ports that the process of a proxy listens on: Envoy does not start with a second listener there.

use meshc_api::IstiodFeatures;
use meshc_diagnostics::{Diagnostics, codes};
use meshc_model::{Inject, Options};
use meshc_plan::{BindAddress, Plan};

use crate::support;

const CLIENT: &str = "
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop}
spec:
  containers:
  - {name: app, image: client, ports: [{containerPort: 80}], PROBE}
";

const SERVICES: &str = "---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  clusterIP: 10.0.0.1
  ports: [{name: http-ready, port: 15021}, {name: http-metrics, port: 15090}, {name: http-probes, port: 15020}, {name: tcp, port: 15022}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: any, namespace: shop}
spec: {hosts: [any.example], resolution: NONE, ports: [{number: 15021, name: tcp, protocol: TCP}]}
";

fn compile(tree: &str, reserve_own_ports: bool) -> (Plan, Diagnostics) {
    let options = Options { inject: Inject::All, reserve_own_ports, ..Options::default() };
    support::lower_with_options(&[("tree.yaml", tree)], "", IstiodFeatures::default(), options)
}

/// Ports at the wildcard address, but for those of captured traffic.
fn wildcard_ports(plan: &Plan) -> Vec<u16> {
    let binds = plan.proxies.values().flat_map(|proxy| &proxy.listeners).map(|listener| &listener.bind);
    let at_wildcard =
        binds.filter(|bind| matches!(bind.address, BindAddress::Ip(address) if address.is_unspecified()));
    let mut ports: Vec<u16> = at_wildcard.map(|bind| bind.port).collect();
    ports.retain(|port| ![15001, 15006].contains(port));
    ports.sort_unstable();
    ports
}

fn told(diags: &Diagnostics) -> usize {
    diags.iter().filter(|finding| finding.code == &codes::RESERVED_PORT).count()
}

#[test]
fn services_leave_the_ports_of_metrics_and_readiness_to_the_proxy() {
    let (plan, diags) = compile(&(CLIENT.replace(", PROBE", "") + SERVICES), true);
    assert_eq!(wildcard_ports(&plan), [15020], "nothing asks the proxy for probes");
    assert_eq!(told(&diags), 3, "two ports of the Service, one of the ServiceEntry");
}

#[test]
fn probes_that_the_proxy_answers_have_their_port_too() {
    let probed = CLIENT.replace("PROBE", "readinessProbe: {httpGet: {path: /, port: 80}}");
    let (plan, diags) = compile(&(probed + SERVICES), true);
    assert_eq!(wildcard_ports(&plan), <[u16; 0]>::default());
    assert_eq!(told(&diags), 4);
}

#[test]
fn a_set_for_comparison_with_istiod_knows_what_the_metadata_states() {
    let (plan, _) = compile(&(CLIENT.replace(", PROBE", "") + SERVICES), false);
    assert_eq!(wildcard_ports(&plan), [15020, 15021, 15090]);
}

#[test]
fn a_server_of_a_gateway_leaves_the_ports_to_the_proxy() {
    let gateway = "
apiVersion: v1
kind: Pod
metadata: {name: edge, namespace: shop, labels: {istio: ingressgateway}, annotations: {inject.istio.io/templates: gateway}}
spec: {containers: [{name: istio-proxy, image: auto}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers:
  - {port: {number: 15021, name: http-ready, protocol: HTTP}, hosts: ['*']}
  - {port: {number: 8080, name: http, protocol: HTTP}, hosts: ['*']}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: edge, namespace: shop}
spec: {hosts: ['*'], gateways: [edge], http: [{redirect: {uri: /}}]}
";
    let (plan, diags) = compile(gateway, true);
    assert_eq!((wildcard_ports(&plan), told(&diags)), (vec![8080], 1));
    assert_eq!(wildcard_ports(&compile(gateway, false).0), [8080, 15021]);
}
