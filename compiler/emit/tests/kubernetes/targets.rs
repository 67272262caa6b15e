//! Workloads that run the bundled proxy.

use meshc_contract::proxy::ProxyConfig;
use serde_json::{Value, json};

use super::compile::{Compiled, compile_text, deployment};

/// Two workloads with a service each; the pods of `cart` ask for the bundled proxy.
fn shop() -> Compiled {
    let service = |name: &str| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  clusterIP: 10.96.0.1\n  \
             selector: {{app: {name}}}\n  ports: [{{name: http, port: 80, targetPort: 8080}}]\n"
        )
    };
    let pods = |name: &str| format!("serviceAccountName: {name}\ncontainers: [{{name: app, image: app:1}}]");
    let asks = "annotations: {meshc.dev/target: proxy}";
    compile_text(&format!(
        "{}{}---\n{}{}",
        deployment("cart", asks, &pods("cart")),
        service("cart"),
        deployment("web", "", &pods("web")),
        service("web").replace("10.96.0.1", "10.96.0.2"),
    ))
}

fn proxy(pods: &Value) -> &Value {
    let containers = pods["spec"]["initContainers"].as_array().unwrap();
    containers.iter().find(|container| container["name"] == "istio-proxy").unwrap()
}

fn config(compiled: &Compiled) -> ProxyConfig {
    let object = compiled.object("namespaces/shop/configmap-cart-mesh.yaml");
    serde_json::from_str(object["data"]["proxy.json"].as_str().unwrap()).unwrap()
}

#[test]
fn pods_choose_their_proxy_by_an_annotation() {
    let compiled = shop();
    let (cart, web) = (compiled.pods("cart"), compiled.pods("web"));
    assert_eq!(proxy(&web)["command"], json!(["/usr/local/bin/envoy"]));
    let ours = proxy(&cart);
    assert_eq!(ours["command"], json!(["/usr/local/bin/meshc-proxy"]));
    assert_eq!(ours["args"], json!(["run", "--config", "/etc/meshc/proxy.json"]));
    assert!(ours["image"].as_str().unwrap().contains("/meshc-proxy:"), "{}", ours["image"]);
}

#[test]
fn the_bundled_proxy_is_captured_probed_confined_and_mounted_as_envoy_is() {
    let compiled = shop();
    let (cart, web) = (compiled.pods("cart"), compiled.pods("web"));
    for field in [
        "startupProbe",
        "readinessProbe",
        "securityContext",
        "resources",
        "volumeMounts",
        "ports",
        "restartPolicy",
    ] {
        assert_eq!(proxy(&cart)[field], proxy(&web)[field], "{field}");
    }
    let keys = |name: &str| {
        let object = compiled.object(&format!("namespaces/shop/configmap-{name}-mesh.yaml"));
        object["data"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(keys("cart"), ["iptables.rules", "proxy.json"]);
    assert!(keys("web").contains(&"bootstrap.json".to_owned()));
}

#[test]
fn metrics_know_who_calls_and_who_is_called() {
    let compiled = shop();
    let config = config(&compiled);
    assert_eq!(config.node.labels.canonical_service, "cart");
    let peers: Vec<&String> = config.peers.keys().collect();
    assert_eq!(peers, ["spiffe://cluster.local/ns/shop/sa/cart", "spiffe://cluster.local/ns/shop/sa/web"]);
    assert_eq!(config.peers["spiffe://cluster.local/ns/shop/sa/web"].workload, "web");
    let upstream = &config.upstreams["outbound|80||web.shop.svc.cluster.local"];
    let destination = upstream.destination.as_ref().unwrap();
    assert_eq!((destination.name.as_str(), destination.namespace.as_str()), ("web", "shop"));
    assert_eq!(destination.workload.as_ref().unwrap().workload, "web");
}

#[test]
fn a_word_that_is_no_target_is_told() {
    let text = deployment(
        "cart",
        "annotations: {meshc.dev/target: nginx}",
        "containers: [{name: app, image: app:1}]",
    );
    let compiled = compile_text(&text);
    let found = compiled.found("invalid-value");
    assert_eq!(found.len(), 1, "{:?}", compiled.findings);
    assert!(found[0].message.contains("nginx") && found[0].help.as_ref().unwrap().contains("`proxy`"));
}

#[test]
fn log_levels_have_no_effect_on_the_bundled_proxy() {
    let levels = |target: &str| {
        let annotations =
            format!("annotations: {{meshc.dev/target: {target}, sidecar.istio.io/logLevel: debug}}");
        let compiled =
            compile_text(&deployment("cart", &annotations, "containers: [{name: app, image: app:1}]"));
        compiled.found("not-done-by-proxy").len()
    };
    assert_eq!((levels("envoy"), levels("proxy")), (0, 1));
}
