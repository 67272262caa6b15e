//! Probes that the proxy forwards.

use serde_json::json;

use super::compile::{Compiled, compile_text, deployment};

const SPEC: &str = "\
containers:
- name: app
  image: app:1
  ports: [{name: web, containerPort: 8080}]
  startupProbe: {tcpSocket: {port: web}, failureThreshold: 30}
  readinessProbe: {httpGet: {path: ready, port: web, scheme: HTTPS, httpHeaders: [{name: Host, value: cart}]}}
  livenessProbe: {grpc: {port: 9000, service: cart}}
  lifecycle: {preStop: {httpGet: {path: /bye, port: 8080}}}
- name: exec
  image: e:1
  readinessProbe: {exec: {command: [cat, /ok]}}
  livenessProbe: {httpGet: {path: /, port: 80, host: elsewhere.example.com}}
";

fn bootstrap(compiled: &Compiled) -> String {
    let config = compiled.object("namespaces/shop/configmap-cart-mesh.yaml");
    config["data"]["bootstrap.json"].as_str().unwrap().to_owned()
}

#[test]
fn the_kubelet_asks_the_bridge_instead_of_captured_ports() {
    let compiled = compile_text(&deployment("cart", "", SPEC));
    let containers = compiled.pods("cart")["spec"]["containers"].clone();
    let (app, exec) = (&containers[0], &containers[1]);
    assert_eq!(
        app["startupProbe"],
        json!({
            "httpGet": {"path": "/app-health/app/startupz", "port": 15020}, "failureThreshold": 30,
        })
    );
    assert_eq!(
        app["readinessProbe"]["httpGet"],
        json!({
            "path": "/app-health/app/readyz", "port": 15020, "httpHeaders": [{"name": "Host", "value": "cart"}],
        })
    );
    assert_eq!(app["livenessProbe"], json!({"httpGet": {"path": "/app-health/app/livez", "port": 15020}}));
    assert_eq!(
        app["lifecycle"]["preStop"]["httpGet"],
        json!({"path": "/app-lifecycle/app/prestopz", "port": 15020})
    );
    assert_eq!(exec["readinessProbe"], json!({"exec": {"command": ["cat", "/ok"]}}));
    assert_eq!(exec["livenessProbe"]["httpGet"]["host"], "elsewhere.example.com", "it does not ask the pod");
    let bootstrap = bootstrap(&compiled);
    for path in [
        "/app-health/app/startupz",
        "/app-health/app/readyz",
        "/app-health/app/livez",
        "/app-lifecycle/app/prestopz",
    ] {
        assert!(bootstrap.contains(path), "the bootstrap answers {path}");
    }
}

#[test]
fn probes_of_ports_that_are_not_captured_stay() {
    for metadata in [
        "annotations: {traffic.sidecar.istio.io/excludeInboundPorts: \"8080,9000\"}",
        "annotations: {traffic.sidecar.istio.io/includeInboundPorts: \"\"}",
        "annotations: {sidecar.istio.io/interceptionMode: NONE}",
        "annotations: {sidecar.istio.io/rewriteAppHTTPProbers: \"false\"}",
        "annotations: {status.sidecar.istio.io/port: \"0\"}",
    ] {
        let compiled = compile_text(&deployment("cart", metadata, SPEC));
        let app = compiled.pods("cart")["spec"]["containers"][0].clone();
        assert_eq!(app["livenessProbe"], json!({"grpc": {"port": 9000, "service": "cart"}}), "{metadata}");
        assert!(!bootstrap(&compiled).contains("app-health"), "{metadata}");
    }
}

#[test]
fn the_bridge_moves_where_the_annotation_says() {
    let metadata = "annotations: {status.sidecar.istio.io/port: \"16000\"}";
    let compiled = compile_text(&deployment("cart", metadata, SPEC));
    let app = compiled.pods("cart")["spec"]["containers"][0].clone();
    assert_eq!(app["startupProbe"]["httpGet"]["port"], 16000);
    let config = compiled.object("namespaces/shop/configmap-cart-mesh.yaml");
    assert!(config["data"]["iptables.rules"].as_str().unwrap().contains("--dport 16000 -j RETURN"));
}

#[test]
fn a_probe_of_a_port_that_does_not_exist_is_reported() {
    let spec = "containers: [{name: app, image: a, readinessProbe: {httpGet: {port: web}}}]";
    let compiled = compile_text(&deployment("cart", "", spec));
    let found = compiled.found("probe-without-port");
    assert!(found.len() == 1 && found[0].message.contains("port `web`"), "{:?}", compiled.findings);
    assert_eq!(compiled.pods("cart")["spec"]["containers"][0]["readinessProbe"]["httpGet"]["port"], "web");
}

#[test]
fn probes_before_an_injection_by_istio_are_found_again() {
    let metadata =
        "annotations: {sidecar.istio.io/status: '{\"initContainers\":[\"istio-init\",\"istio-proxy\"]}'}";
    let spec = "\
initContainers:
- name: istio-init
  image: i
- name: istio-proxy
  image: p
  restartPolicy: Always
  env: [{name: ISTIO_KUBE_APP_PROBERS, value: '{\"/app-health/app/livez\":{\"tcpSocket\":{\"port\":8080}}}'}]
containers:
- {name: app, image: a, livenessProbe: {httpGet: {path: /app-health/app/livez, port: 15020}}}";
    let compiled = compile_text(&deployment("cart", metadata, spec));
    let original = "containers: [{name: app, image: a, livenessProbe: {tcpSocket: {port: 8080}}}]";
    let expected = compile_text(&deployment("cart", "", original));
    assert_eq!(compiled.pods("cart")["spec"], expected.pods("cart")["spec"]);
    assert_eq!(bootstrap(&compiled), bootstrap(&expected));
}
