//! What injection makes of pods.

use serde_json::{Value, json};

use super::compile::{Compiled, compile_text, deployment};

/// The container of a name.
#[track_caller]
fn container<'v>(pods: &'v Value, name: &str) -> &'v Value {
    let lists = ["initContainers", "containers"].into_iter().filter_map(|list| pods["spec"][list].as_array());
    lists
        .flatten()
        .find(|container| container["name"] == name)
        .unwrap_or_else(|| panic!("no container {name}"))
}

fn names(containers: &Value) -> Vec<&str> {
    containers.as_array().into_iter().flatten().filter_map(|container| container["name"].as_str()).collect()
}

/// The rules that the pods of a Deployment restore.
fn rules(compiled: &Compiled, name: &str) -> String {
    let config = compiled.object(&format!("namespaces/shop/configmap-{name}-mesh.yaml"));
    config["data"]["iptables.rules"].as_str().unwrap().to_owned()
}

const APP: &str = "containers: [{name: app, image: app:1}]";

#[test]
fn the_proxy_is_a_native_sidecar_that_starts_before_everything_but_capture() {
    let spec = "initContainers: [{name: migrate, image: m:1}]\ncontainers: [{name: app, image: app:1}]";
    let compiled = compile_text(&deployment("cart", "", spec));
    let pods = compiled.pods("cart");
    assert_eq!(names(&pods["spec"]["initContainers"]), ["istio-init", "istio-proxy", "migrate"]);
    assert_eq!(names(&pods["spec"]["containers"]), ["app"]);
    let proxy = container(&pods, "istio-proxy");
    assert_eq!(proxy["restartPolicy"], "Always");
    assert_eq!(proxy["image"], "docker.io/envoyproxy/envoy:distroless-v1.40.0");
    let mounts = json!([
        {"name": "meshc-config", "mountPath": "/etc/meshc", "readOnly": true},
        {"name": "meshc-certs", "mountPath": "/var/run/secrets/meshc", "readOnly": true},
    ]);
    assert_eq!(proxy["volumeMounts"], mounts);
    assert_eq!(
        pods["spec"]["volumes"][1],
        json!({
            "name": "meshc-certs", "secret": {"secretName": "meshc-sa-default", "optional": false},
        })
    );
    let init = container(&pods, "istio-init");
    assert_eq!(init["command"], json!(["iptables-restore", "--noflush", "/etc/meshc/iptables.rules"]));
    assert!(rules(&compiled, "cart").contains("-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT\n"));
}

#[test]
fn pods_tell_telemetry_and_other_proxies_who_they_are() {
    let compiled = compile_text(&deployment("cart", "annotations: {prometheus.io/port: \"8080\"}", APP));
    let pods = compiled.pods("cart");
    assert_eq!(
        pods["metadata"]["labels"],
        json!({
            "app": "cart",
            "security.istio.io/tlsMode": "istio",
            "service.istio.io/canonical-name": "cart",
            "service.istio.io/canonical-revision": "latest",
        })
    );
    let annotations = &pods["metadata"]["annotations"];
    assert_eq!(annotations["kubectl.kubernetes.io/default-container"], "app");
    assert_eq!(
        annotations["prometheus.io/port"], "8080",
        "what the application says of its own metrics stays"
    );
    let config = compiled.object("namespaces/shop/configmap-cart-mesh.yaml");
    assert_eq!(annotations["meshc.dev/config-digest"], config["metadata"]["annotations"]["meshc.dev/digest"]);
}

#[test]
fn a_changed_configuration_changes_the_pods() {
    let digest = |metadata: &str| {
        let pods = compile_text(&deployment("cart", metadata, APP)).pods("cart");
        pods["metadata"]["annotations"]["meshc.dev/config-digest"].as_str().unwrap().to_owned()
    };
    let plain = digest("");
    assert_eq!(plain, digest(""));
    assert_ne!(plain, digest("annotations: {traffic.sidecar.istio.io/excludeOutboundPorts: \"5432\"}"));
}

#[test]
fn annotations_narrow_what_is_captured() {
    let metadata = "\
annotations:
  traffic.sidecar.istio.io/includeInboundPorts: \"8080, 9090\"
  traffic.sidecar.istio.io/excludeOutboundPorts: \"5432\"
  traffic.sidecar.istio.io/includeOutboundIPRanges: 10.0.0.0/8
  traffic.sidecar.istio.io/excludeOutboundIPRanges: 10.9.0.0/16
  traffic.sidecar.istio.io/includeOutboundPorts: \"443\"
  traffic.sidecar.istio.io/excludeInterfaces: eth9";
    let rules = rules(&compile_text(&deployment("cart", metadata, APP)), "cart");
    for rule in [
        "-A PREROUTING -i eth9 -j RETURN",
        "-A ISTIO_INBOUND -p tcp --dport 8080 -j ISTIO_IN_REDIRECT",
        "-A ISTIO_INBOUND -p tcp --dport 9090 -j ISTIO_IN_REDIRECT",
        "-A ISTIO_OUTPUT -p tcp --dport 5432 -j RETURN",
        "-A ISTIO_OUTPUT -d 10.9.0.0/16 -j RETURN",
        "-A ISTIO_OUTPUT -p tcp --dport 443 -j ISTIO_REDIRECT",
        "-A ISTIO_OUTPUT -d 10.0.0.0/8 -j ISTIO_REDIRECT",
    ] {
        assert!(rules.lines().any(|line| line == rule), "{rule} is not among\n{rules}");
    }
    assert!(!rules.contains("-A ISTIO_OUTPUT -j ISTIO_REDIRECT"), "{rules}");
}

#[test]
fn an_annotation_that_cannot_be_read_is_an_error_at_its_place() {
    let metadata = "annotations: {traffic.sidecar.istio.io/excludeOutboundIPRanges: \"10.96.0.2\"}";
    let compiled = compile_text(&deployment("cart", metadata, APP));
    let found = compiled.found("invalid-injection-annotation");
    assert_eq!(found.len(), 1, "{:?}", compiled.findings);
    assert!(found[0].message.contains("`10.96.0.2` is not a range"), "{}", found[0].message);
    let path = "spec.template.metadata.annotations[\"traffic.sidecar.istio.io/excludeOutboundIPRanges\"]";
    assert_eq!(found[0].path.as_deref(), Some(path));
}

#[test]
fn without_interception_nothing_is_captured() {
    let metadata = "annotations: {sidecar.istio.io/interceptionMode: NONE}";
    let compiled = compile_text(&deployment("cart", metadata, APP));
    assert_eq!(names(&compiled.pods("cart")["spec"]["initContainers"]), ["istio-proxy"]);
    let config = compiled.object("namespaces/shop/configmap-cart-mesh.yaml");
    assert!(config["data"].get("iptables.rules").is_none());
}

#[test]
fn tproxy_needs_routes_and_a_proxy_that_may_take_addresses_of_others() {
    let metadata = "annotations: {sidecar.istio.io/interceptionMode: TPROXY}";
    let compiled = compile_text(&deployment("cart", metadata, APP));
    let pods = compiled.pods("cart");
    assert_eq!(names(&pods["spec"]["initContainers"]), ["istio-init", "istio-init-routes", "istio-proxy"]);
    let context = &container(&pods, "istio-proxy")["securityContext"];
    assert_eq!(
        (&context["runAsUser"], &context["runAsGroup"], &context["runAsNonRoot"]),
        (&json!(0), &json!(1337), &json!(false))
    );
    assert_eq!(context["capabilities"], json!({"add": ["NET_ADMIN"], "drop": ["ALL"]}));
    let config = compiled.object("namespaces/shop/configmap-cart-mesh.yaml");
    assert!(config["data"]["iptables.rules"].as_str().unwrap().starts_with("*mangle\n"));
    assert_eq!(
        config["data"]["tproxy.routes"],
        "rule flush table 133\nrule add fwmark 1337 lookup 133\nroute replace local 0.0.0.0/0 dev lo table 133\n"
    );
}

#[test]
fn a_stated_container_of_the_proxy_is_laid_over_it_and_capture_honours_its_user() {
    let spec = "\
containers:
- name: app
  image: app:1
- name: istio-proxy
  image: auto
  resources: {requests: {cpu: 1}}
  securityContext: {runAsUser: 1234}
  env: [{name: MINE, value: x}]";
    let compiled = compile_text(&deployment("cart", "", spec));
    let pods = compiled.pods("cart");
    assert_eq!(names(&pods["spec"]["containers"]), ["app"]);
    let proxy = container(&pods, "istio-proxy");
    assert_eq!(proxy["image"], "docker.io/envoyproxy/envoy:distroless-v1.40.0");
    assert_eq!(proxy["resources"]["requests"], json!({"cpu": 1, "memory": "128Mi"}));
    assert_eq!(proxy["securityContext"]["runAsUser"], 1234);
    assert_eq!(proxy["env"].as_array().unwrap().last().unwrap(), &json!({"name": "MINE", "value": "x"}));
    assert!(rules(&compiled, "cart").contains("--uid-owner 1234 -j RETURN"));
}

#[test]
fn a_gateway_is_the_proxy_itself() {
    let text = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: edge, namespace: shop}
spec:
  selector: {matchLabels: {istio: edge}}
  template:
    metadata:
      labels: {istio: edge, inject.istio.io/templates: gateway}
    spec:
      containers:
      - {name: log, image: l:1}
      - {name: istio-proxy, image: auto, resources: {limits: {cpu: 4}}}
";
    let compiled = compile_text(text);
    let pods = compiled.pods("edge");
    assert_eq!(names(&pods["spec"]["containers"]), ["log", "istio-proxy"]);
    assert!(pods["spec"].get("initContainers").is_none());
    let proxy = container(&pods, "istio-proxy");
    assert_eq!(proxy["image"], "docker.io/envoyproxy/envoy:distroless-v1.40.0");
    assert!(proxy.get("restartPolicy").is_none());
    assert_eq!(proxy["lifecycle"]["preStop"]["sleep"]["seconds"], 15);
    assert!(
        proxy["args"]
            .as_array()
            .unwrap()
            .iter()
            .any(|arg| arg.as_str().unwrap().starts_with("router~$(POD_IP)~"))
    );
    assert_eq!(
        pods["spec"]["securityContext"]["sysctls"],
        json!([{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}])
    );
    assert!(pods["metadata"]["labels"].get("security.istio.io/tlsMode").is_none());
}

#[test]
fn a_gateway_that_was_rendered_with_the_agent_of_istio_loses_what_only_the_agent_needs() {
    let text = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: edge, namespace: shop}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  template:
    metadata:
      labels: {istio: ingressgateway}
    spec:
      containers:
      - name: istio-proxy
        image: docker.io/istio/proxyv2:1.20.0
        args: [proxy, router, --domain, $(POD_NAMESPACE).svc.cluster.local]
        env: [{name: CA_ADDR, value: \"istiod.istio-system.svc:15012\"}]
        ports: [{containerPort: 8443, protocol: TCP}]
        resources: {limits: {cpu: 4}}
        volumeMounts: [{name: istiod-ca-cert, mountPath: /var/run/secrets/istio}]
      volumes:
      - {name: istiod-ca-cert, configMap: {name: istio-ca-root-cert}}
      - {name: mine, emptyDir: {}}
";
    let pods = compile_text(text).pods("edge");
    let proxy = container(&pods, "istio-proxy");
    assert_eq!(proxy["image"], "docker.io/envoyproxy/envoy:distroless-v1.40.0");
    assert_eq!(proxy["args"][0], "--config-path");
    assert_eq!(proxy["resources"]["limits"]["cpu"], 4);
    assert!(proxy["ports"].as_array().unwrap().iter().any(|port| port["containerPort"] == 8443));
    assert!(!names(&proxy["env"]).contains(&"CA_ADDR"));
    assert!(!names(&pods["spec"]["volumes"]).contains(&"istiod-ca-cert"));
    assert!(names(&pods["spec"]["volumes"]).contains(&"mine"));
}

#[test]
fn pods_that_others_find_by_dns_stay_until_they_are_forgotten() {
    let service = "\
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http, port: 80}]}
";
    let compiled = compile_text(&(deployment("cart", "", APP) + service));
    let object = compiled.object("namespaces/shop/deployment-cart.yaml");
    assert_eq!(object["spec"]["minReadySeconds"], 10);
    let pods = compiled.pods("cart");
    assert_eq!(container(&pods, "app")["lifecycle"]["preStop"]["sleep"]["seconds"], 15);
    assert_eq!(container(&pods, "istio-proxy")["lifecycle"]["preStop"]["sleep"]["seconds"], 20);
    assert_eq!(pods["spec"]["terminationGracePeriodSeconds"], 45);

    let stated = "\
terminationGracePeriodSeconds: 10
containers: [{name: app, image: a, lifecycle: {preStop: {exec: {command: [bye]}}}}, {name: other, image: o}]";
    let pods = compile_text(&(deployment("cart", "", stated) + service)).pods("cart");
    assert_eq!(container(&pods, "app")["lifecycle"]["preStop"], json!({"exec": {"command": ["bye"]}}));
    assert_eq!(container(&pods, "other")["lifecycle"]["preStop"]["sleep"]["seconds"], 5);
    assert_eq!(pods["spec"]["terminationGracePeriodSeconds"], 10);

    let nobody_calls = compile_text(&deployment("cart", "", APP)).pods("cart");
    assert!(container(&nobody_calls, "app").get("lifecycle").is_none());
}

#[test]
fn a_job_ends_when_its_application_ends() {
    let text = "\
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: shop}
spec:
  schedule: \"0 3 * * *\"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: app, image: a}]
";
    let compiled = compile_text(text);
    let object = compiled.object("namespaces/shop/cronjob-nightly.yaml");
    let pods = &object["spec"]["jobTemplate"]["spec"]["template"];
    let proxy = container(pods, "istio-proxy");
    assert_eq!(proxy["restartPolicy"], "Always", "only a native sidecar ends with its pod");
    assert!(proxy.get("lifecycle").is_none());
    assert!(container(pods, "app").get("lifecycle").is_none());
}

#[test]
fn an_application_with_the_user_of_the_proxy_is_rejected() {
    for (spec, who) in [
        ("containers: [{name: app, image: a, securityContext: {runAsUser: 1337}}]", "user 1337"),
        ("securityContext: {runAsGroup: 1337}\ncontainers: [{name: app, image: a}]", "group 1337"),
    ] {
        let compiled = compile_text(&deployment("cart", "", spec));
        let found = compiled.found("runs-as-proxy-user");
        assert!(found.len() == 1 && found[0].message.contains(who), "{:?}", compiled.findings);
    }
    let own = "securityContext: {runAsUser: 1337}\ncontainers: [{name: app, image: a, securityContext: {runAsUser: 1}}]";
    assert!(compile_text(&deployment("cart", "", own)).found("runs-as-proxy-user").is_empty());
}

#[test]
fn pods_in_the_network_of_their_node_are_left_alone() {
    let compiled =
        compile_text(&deployment("cart", "", "hostNetwork: true\ncontainers: [{name: app, image: a}]"));
    assert!(compiled.pods("cart")["spec"].get("initContainers").is_none());
    assert!(!compiled.files.contains_key("namespaces/shop/configmap-cart-mesh.yaml"));
}

#[test]
fn output_of_meshc_is_recognised_and_not_injected_again() {
    let first = compile_text(&deployment("cart", "", APP));
    let again = compile_text(&first.files["namespaces/shop/deployment-cart.yaml"]);
    assert_eq!(again.found("already-injected").len(), 1, "{:?}", again.findings);
    assert_eq!(again.pods("cart"), first.pods("cart"));
}

#[test]
fn output_of_the_injector_of_istio_is_injected_as_its_input_would_be() {
    let metadata = "\
annotations:
  sidecar.istio.io/status: '{\"initContainers\":[\"istio-init\",\"istio-proxy\"],\"volumes\":[\"istio-data\"]}'";
    let spec = "\
initContainers: [{name: istio-init, image: i}, {name: istio-proxy, image: p, restartPolicy: Always, args: [proxy, sidecar]}]
containers: [{name: app, image: app:1}]
volumes: [{name: istio-data, emptyDir: {}}]";
    let compiled = compile_text(&deployment("cart", metadata, spec));
    assert_eq!(compiled.found("injected-by-istio").len(), 1, "{:?}", compiled.findings);
    assert_eq!(compiled.pods("cart"), compile_text(&deployment("cart", "", APP)).pods("cart"));
}

#[test]
fn a_namespace_that_admits_no_capture_is_reported() {
    let namespace = "\
apiVersion: v1
kind: Namespace
metadata:
  name: strict
  labels: {istio-injection: enabled, pod-security.kubernetes.io/enforce: restricted}
---
";
    let text = deployment("cart", "", APP).replace("namespace: shop", "namespace: strict");
    assert_eq!(compile_text(&format!("{namespace}{text}")).found("capture-not-admitted").len(), 1);
    let none = text.replace(
        "labels: {app: cart}\n",
        "labels: {app: cart}\n      annotations: {sidecar.istio.io/interceptionMode: NONE}\n",
    );
    assert!(compile_text(&format!("{namespace}{none}")).found("capture-not-admitted").is_empty());
}

#[test]
fn amounts_and_levels_come_from_annotations() {
    let metadata = "\
annotations:
  sidecar.istio.io/proxyCPU: 200m
  sidecar.istio.io/proxyMemoryLimit: 2Gi
  sidecar.istio.io/logLevel: debug
  sidecar.istio.io/userVolume: '{\"extra\": {\"emptyDir\": {}}}'
  sidecar.istio.io/userVolumeMount: '[{\"name\": \"extra\", \"mountPath\": \"/extra\"}]'
  readiness.status.sidecar.istio.io/periodSeconds: \"3\"";
    let pods = compile_text(&deployment("cart", metadata, APP)).pods("cart");
    let proxy = container(&pods, "istio-proxy");
    assert_eq!(proxy["resources"], json!({"requests": {"cpu": "200m"}, "limits": {"memory": "2Gi"}}));
    assert_eq!(proxy["readinessProbe"]["periodSeconds"], 3);
    let args: Vec<&str> = proxy["args"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(args.windows(2).any(|pair| pair == ["--log-level", "debug"]), "{args:?}");
    assert_eq!(
        proxy["volumeMounts"].as_array().unwrap().last().unwrap(),
        &json!({"name": "extra", "mountPath": "/extra"})
    );
    assert_eq!(
        pods["spec"]["volumes"].as_array().unwrap().last().unwrap(),
        &json!({"name": "extra", "emptyDir": {}})
    );
}
