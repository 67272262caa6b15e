//! What several proxies are given alike, and what there is no room for.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use meshc_source::InputFile;
use serde_json::Value;

use super::compile::{Compiled, compile, compile_text, folder, repository};

/// `count` services, each with a workload if that is below `workloads`.
fn mesh(count: usize, workloads: usize) -> String {
    let mut text = String::new();
    for n in 0..count {
        let _ = write!(
            text,
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: s{n:03}, namespace: shop}}\nspec:\n  clusterIP: 10.0.{}.{}\n  \
             selector: {{app: s{n:03}}}\n  ports: [{{name: http, port: 80}}]\n",
            n / 200,
            n % 200 + 1
        );
        if n < workloads {
            let _ = write!(
                text,
                "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: s{n:03}, namespace: shop}}\nspec:\n  selector: \
                 {{matchLabels: {{app: s{n:03}}}}}\n  template:\n    metadata: {{labels: {{app: s{n:03}}}}}\n    spec:\n      \
                 containers: [{{name: app, image: app}}]\n"
            );
        }
    }
    text
}

fn config_map(compiled: &Compiled, name: &str) -> Value {
    compiled.object(&format!("namespaces/shop/configmap-{name}.yaml"))
}

/// The resources of a file of a ConfigMap.
fn resources(object: &Value, file: &str) -> Vec<Value> {
    let text = object["data"][file].as_str().unwrap_or_else(|| panic!("there is no {file} in {object}"));
    let parsed: Value = serde_json::from_str(text).unwrap();
    parsed["resources"].as_array().unwrap().clone()
}

fn bootstrap(compiled: &Compiled, workload: &str) -> Value {
    let object = config_map(compiled, &format!("{workload}-mesh"));
    serde_json::from_str(object["data"]["bootstrap.json"].as_str().unwrap()).unwrap()
}

fn names(resources: &[Value]) -> Vec<&str> {
    resources.iter().filter_map(|resource| resource["name"].as_str()).collect()
}

fn config_volume(pods: &Value) -> Value {
    let volumes = pods["spec"]["volumes"].as_array().unwrap();
    volumes.iter().find(|volume| volume["name"] == "meshc-config").unwrap().clone()
}

#[test]
fn proxies_that_see_the_same_share_one_file() {
    let compiled = compile_text(&mesh(30, 3));
    let config_maps = compiled.files.keys().filter(|path| path.contains("/configmap-")).count();
    assert_eq!(config_maps, 3 + 2, "one for each proxy, one for listeners and one for clusters");

    let clusters = resources(&config_map(&compiled, "s000-mesh-clusters"), "clusters.json");
    assert_eq!(names(&clusters).len(), 30);
    assert_eq!(clusters[0]["@type"], "type.googleapis.com/envoy.config.cluster.v3.Cluster");
    let listeners = resources(&config_map(&compiled, "s000-mesh-listeners"), "listeners.json");
    assert_eq!(names(&listeners), ["0.0.0.0_80", "virtualOutbound"]);
    assert_eq!(listeners[0]["@type"], "type.googleapis.com/envoy.config.listener.v3.Listener");

    for workload in ["s000", "s001", "s002"] {
        let bootstrap = bootstrap(&compiled, workload);
        let source = |file: &str| serde_json::json!({"pathConfigSource": {"path": format!("/etc/meshc/{file}")}, "resourceApiVersion": "V3"});
        assert_eq!(bootstrap["dynamicResources"]["cdsConfig"], source("clusters.json"));
        assert_eq!(bootstrap["dynamicResources"]["ldsConfig"], source("listeners.json"));
        let own = bootstrap["staticResources"]["clusters"].as_array().unwrap();
        assert!(names(own).iter().all(|name| !name.starts_with("outbound|")), "{own:?}");
        assert!(names(own).contains(&"inbound|80||"), "{own:?}");

        let pods = compiled.pods(workload);
        let sources = config_volume(&pods)["projected"]["sources"].clone();
        let sources = sources.as_array().unwrap();
        let read: Vec<&Value> = sources.iter().map(|source| &source["configMap"]["name"]).collect();
        assert_eq!(read, [&format!("{workload}-mesh"), "s000-mesh-clusters", "s000-mesh-listeners"]);
        let proxy = &pods["spec"]["initContainers"][1];
        let strict = "--reject-unknown-dynamic-fields";
        assert!(proxy["args"].as_array().unwrap().iter().any(|argument| argument == strict), "{proxy}");
    }
}

#[test]
fn what_is_small_or_seen_by_one_proxy_stays_in_its_bootstrap() {
    for compiled in [compile_text(&mesh(3, 3)), compile_text(&mesh(30, 1))] {
        let bootstrap = bootstrap(&compiled, "s000");
        assert_eq!(bootstrap["dynamicResources"], Value::Null);
        let clusters = bootstrap["staticResources"]["clusters"].as_array().unwrap();
        assert!(names(clusters).contains(&"outbound|80||s001.shop.svc.cluster.local"));
        let volume = config_volume(&compiled.pods("s000"));
        assert_eq!(volume["configMap"]["name"], "s000-mesh");
    }
}

#[test]
fn pods_are_replaced_when_what_they_share_changes() {
    let digest = |compiled: &Compiled| {
        compiled.pods("s002")["metadata"]["annotations"]["meshc.dev/config-digest"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let rule = "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: s001, namespace: shop}\nspec:\n  \
                host: s001\n  trafficPolicy: {connectionPool: {tcp: {maxConnections: 7}}}\n";
    let (before, after) = (compile_text(&mesh(30, 3)), compile_text(&(mesh(30, 3) + rule)));
    assert_ne!(digest(&before), digest(&after));
    let same = "namespaces/shop/configmap-s002-mesh.yaml";
    let without_digest =
        |text: &str| text.lines().filter(|line| !line.contains("sha256:")).collect::<String>();
    assert_eq!(without_digest(&before.files[same]), without_digest(&after.files[same]));
}

#[test]
fn a_list_without_room_beside_the_bootstrap_has_a_file_of_its_own() {
    let compiled = compile_text(&mesh(300, 1));
    assert_eq!(compiled.found("object-too-large"), Vec::<&meshc_diagnostics::Diagnostic>::new());
    let clusters = config_map(&compiled, "s000-mesh-clusters");
    assert_eq!(resources(&clusters, "clusters.json").len(), 300);
    let bootstrap = bootstrap(&compiled, "s000");
    assert_eq!(bootstrap["dynamicResources"]["ldsConfig"], Value::Null);
    for path in compiled.files.keys().filter(|path| path.contains("/configmap-")) {
        let object = compiled.object(path);
        let size: usize =
            object["data"].as_object().unwrap().values().map(|text| text.as_str().unwrap().len()).sum();
        assert!(size <= 1_000_000, "{path} has {size} bytes");
    }
}

#[test]
fn what_no_config_map_holds_is_a_finding_that_names_the_proxies() {
    let compiled = compile_text(&mesh(500, 8));
    let found = compiled.found("object-too-large");
    let messages: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(messages.len(), 1, "{messages:?}");
    let start = "the proxies of Deployment shop/s000, Deployment shop/s001, Deployment shop/s002, Deployment shop/s003, \
                 Deployment shop/s004 and 3 more would be given ";
    assert!(messages[0].starts_with(start) && messages[0].ends_with(" bytes of clusters"), "{messages:?}");
    assert!(found[0].help.as_deref().is_some_and(|help| help.contains("Sidecar")), "{found:?}");
    assert!(!compiled.files.contains_key("namespaces/shop/configmap-s000-mesh-clusters.yaml"));
}

#[test]
fn a_gateway_has_only_clusters_that_its_own_routes_name() {
    let gateway = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: gateway, namespace: shop}\nspec:\n  selector: {matchLabels: \
                   {istio: gateway}}\n  template:\n    metadata:\n      labels: {istio: gateway, sidecar.istio.io/inject: 'true'}\n      \
                   annotations: {inject.istio.io/templates: gateway}\n    spec:\n      containers: [{name: istio-proxy, image: auto}]\n\
                   ---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: edge, namespace: shop}\nspec:\n  selector: \
                   {istio: gateway}\n  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example]}]\n\
                   ---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a, namespace: shop}\nspec:\n  hosts: \
                   [a.example]\n  gateways: [edge]\n  http: [{route: [{destination: {host: s001}}]}]\n";
    let compiled = compile_text(&(mesh(30, 3) + gateway));
    let bootstrap = bootstrap(&compiled, "gateway");
    let clusters = bootstrap["staticResources"]["clusters"].as_array().unwrap();
    let services: Vec<&str> =
        names(clusters).into_iter().filter(|name| name.starts_with("outbound|")).collect();
    assert_eq!(services, ["outbound|80||s001.shop.svc.cluster.local"]);
    assert!(compiled.files.contains_key("namespaces/shop/configmap-s000-mesh-clusters.yaml"));
}

/// All texts of a value that stand in quotes.
fn texts<'v>(value: &'v Value, found: &mut BTreeSet<&'v str>) {
    match value {
        Value::String(text) => {
            found.insert(text);
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn a_cluster_of_a_service_is_there_exactly_if_something_names_it() {
    let subsets = "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: s001, namespace: shop}\nspec:\n  \
                   host: s001\n  subsets: [{name: used, labels: {v: a}}, {name: mirrored, labels: {v: b}}, {name: unused, labels: {v: c}}]\n\
                   ---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: s001, namespace: shop}\nspec:\n  \
                   hosts: [s001]\n  http:\n  - route: [{destination: {host: s001, subset: used}}]\n    mirrors: \
                   [{destination: {host: s001, subset: mirrored}}]\n";
    let compiled = compile_text(&(mesh(2, 1) + subsets));
    let bootstrap = bootstrap(&compiled, "s000");
    let clusters = bootstrap["staticResources"]["clusters"].as_array().unwrap();
    let of_s001: Vec<&str> = names(clusters).into_iter().filter(|name| name.contains("|s001.")).collect();
    let host = "s001.shop.svc.cluster.local";
    assert_eq!(of_s001, [format!("outbound|80|used|{host}"), format!("outbound|80|mirrored|{host}")]);
    assert!(compiled.clusters["shop.s000"].contains(&format!("outbound|80|unused|{host}")));
}

#[test]
fn everything_that_scenarios_name_is_there() {
    let mut compared = 0;
    for area in std::fs::read_dir(repository().join("testdata/scenarios")).unwrap() {
        let area = area.unwrap().path();
        let scenarios =
            std::fs::read_dir(&area).unwrap().map(|entry| entry.unwrap().path()).chain([area.clone()]);
        for scenario in scenarios.filter(|scenario| scenario.join("mesh").is_dir()) {
            let inputs: Vec<InputFile> = folder(&scenario.join("mesh"));
            compared += everything_named_is_there(&compile(inputs), &scenario.display().to_string());
        }
    }
    assert!(compared > 20, "{compared} proxies were looked at");
}

/// Looks at every proxy; returns how many there are.
fn everything_named_is_there(compiled: &Compiled, what: &str) -> usize {
    let mut proxies = 0;
    for path in
        compiled.files.keys().filter(|path| path.ends_with("-mesh.yaml") && path.contains("/configmap-"))
    {
        let object = compiled.object(path);
        let parsed = |text: &Value| -> Value { serde_json::from_str(text.as_str().unwrap()).unwrap() };
        let bootstrap = parsed(&object["data"]["bootstrap.json"]);
        let mut listeners = vec![bootstrap["staticResources"]["listeners"].clone()];
        let mut clusters = bootstrap["staticResources"]["clusters"].as_array().unwrap().clone();
        let folder = path.rsplit_once('/').unwrap().0;
        for path in compiled.files.keys().filter(|path| path.starts_with(folder)) {
            let data = || compiled.object(path)["data"].clone();
            if path.ends_with("-mesh-clusters.yaml") {
                clusters.extend(parsed(&data()["clusters.json"])["resources"].as_array().unwrap().clone());
            } else if path.ends_with("-mesh-listeners.yaml") {
                listeners.push(parsed(&data()["listeners.json"])["resources"].clone());
            }
        }
        let mut named = BTreeSet::new();
        listeners.iter().for_each(|value| texts(value, &mut named));
        let there: BTreeSet<&str> = names(&clusters).into_iter().collect();
        let planned = &compiled.clusters[&format!(
            "{}.{}",
            object["metadata"]["namespace"].as_str().unwrap(),
            object["metadata"]["labels"]["meshc.dev/workload"].as_str().unwrap()
        )];
        // A route may name a cluster that the plan does not have; it answers 503.
        let missing: Vec<&&str> =
            named.iter().filter(|text| planned.contains(**text) && !there.contains(**text)).collect();
        assert_eq!(missing, Vec::<&&str>::new(), "{what}: {path}");
        proxies += 1;
    }
    proxies
}
