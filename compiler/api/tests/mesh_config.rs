//! The effective mesh configuration of every recorded mesh.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it misses by failing"
)]

mod conformance;

use meshc_api::mesh_config::{self, MeshConfig, MeshFiles, MeshNetworks};
use meshc_api::{IstiodFeatures, ResourceSet};
use meshc_diagnostics::{Diagnostics, FileId, codes};
use meshc_source::{InputFile, load};

use conformance::recordings;

#[test]
fn every_recorded_mesh_has_the_configuration_that_istiod_had() {
    for folder in recordings() {
        let mut diagnostics = Diagnostics::new();
        let read =
            |name: &str| std::fs::read(folder.join(name)).ok().map(|bytes| InputFile::new(name, bytes));
        let mesh = load(read("mesh.yaml").into_iter().collect(), &mut diagnostics);
        let networks = load(read("networks.yaml").into_iter().collect(), &mut diagnostics);
        let files = MeshFiles {
            mesh: mesh.documents.first().map(|document| &**document),
            networks: networks.documents.first().map(|document| &**document),
        };
        let input = mesh_config::read(&ResourceSet::default(), files, &mut diagnostics);
        let known = [&codes::NOT_SUPPORTED_YET, &codes::FIELD_WITHOUT_EFFECT];
        let unexpected: Vec<_> =
            diagnostics.iter().filter(|finding| !known.contains(&finding.code)).collect();
        assert!(unexpected.is_empty(), "{}: {unexpected:?}", folder.display());

        let effective = std::fs::read(folder.join("meshconfig.effective.json")).unwrap();
        let expected: MeshConfig = serde_json::from_slice(&effective).unwrap();
        // The recorder turns HBONE on for ambient meshes, as the chart's ambient profile does.
        let hbone =
            std::fs::read_to_string(folder.join("env")).is_ok_and(|env| env.contains("PILOT_ENABLE_AMBIENT"));
        let mut actual = input.mesh;
        if hbone {
            actual
                .default_config
                .proxy_metadata
                .insert("ISTIO_META_ENABLE_HBONE".to_owned(), "true".to_owned());
        }
        assert_eq!(actual, expected, "{}", folder.display());
        assert_eq!(input.networks != MeshNetworks::default(), networks.documents.len() == 1);
    }
}

#[test]
fn every_field_of_a_recorded_configuration_is_kept() {
    for folder in recordings() {
        let effective: serde_json::Value =
            serde_json::from_slice(&std::fs::read(folder.join("meshconfig.effective.json")).unwrap())
                .unwrap();
        let typed: MeshConfig = serde_json::from_value(effective.clone()).unwrap();
        let mut printed = serde_json::to_value(typed).unwrap();
        // A whole number prints as `10` in Go and as `10.0` in Rust.
        if let Some(sampling) = printed.pointer_mut("/defaultConfig/tracing/sampling") {
            let number = sampling.as_f64().unwrap();
            if number.fract() == 0.0 {
                *sampling = serde_json::json!(number as u64);
            }
        }
        assert_eq!(printed, effective, "{}", folder.display());
    }
}

#[test]
fn every_recorded_istiod_environment_reads_without_findings() {
    for folder in recordings() {
        let Ok(text) = std::fs::read_to_string(folder.join("env")) else { continue };
        let mut diagnostics = Diagnostics::new();
        let features = IstiodFeatures::read(&text, FileId(0), &mut diagnostics);
        assert_eq!(diagnostics.into_sorted(), [], "{}", folder.display());
        assert_ne!(features, IstiodFeatures::default(), "{}", folder.display());
    }
}

const CONFIG_MAP: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |-
    trustDomain: tree.example
    outboundTrafficPolicy:
      mod: REGISTRY_ONLY
    certificates: [{secretName: a}]
    defaultConfig:
      proxyMetadata: {A: tree}
  meshNetworks: |-
    networks:
      one: {endpoints: [{fromRegistry: Kubernetes}]}
";

fn read(tree: &str, mesh_file: &str) -> (mesh_config::MeshInput, Vec<(String, String)>) {
    let mut diagnostics = Diagnostics::new();
    let files = vec![InputFile::new("a.yaml", tree), InputFile::new("mesh.yaml", mesh_file)];
    let sources = load(files, &mut diagnostics);
    let (mesh, objects): (Vec<_>, Vec<_>) =
        sources.documents.iter().cloned().partition(|document| document.kind().is_none());
    let set = meshc_api::decode(&objects, &mut diagnostics);
    let files = MeshFiles { mesh: mesh.first().map(|document| &**document), networks: None };
    let input = mesh_config::read(&set, files, &mut diagnostics);
    let told = diagnostics.into_sorted().into_iter().map(|finding| {
        let place = finding.primary.map(|label| sources.files.slice(label.span).to_owned());
        (finding.code.name.to_owned(), place.unwrap_or_default())
    });
    (input, told.collect())
}

#[test]
fn the_config_map_of_the_tree_lies_over_what_istiod_has_built_in_and_the_file_over_both() {
    let (input, told) =
        read(CONFIG_MAP, "defaultConfig: {proxyMetadata: {B: file}}\ntrustDomainAliases: [x]\n");
    let told: Vec<_> = told.iter().map(|(code, place)| (code.as_str(), place.as_str())).collect();
    assert_eq!(told, [("unknown-field", "mod"), ("field-without-effect", "certificates")]);
    assert_eq!(input.mesh.trust_domain, "tree.example");
    assert_eq!(input.mesh.trust_domain_aliases, ["x"]);
    assert_eq!(input.mesh.default_config.proxy_metadata.len(), 2);
    assert_eq!(input.mesh.default_providers, Some(mesh_config::DefaultProviders::default()));
    assert_eq!(input.networks.networks["one"].endpoints[0].from_registry, "Kubernetes");
}

#[test]
fn without_a_config_map_the_mesh_is_that_of_the_chart() {
    let (input, told) = read("", "");
    assert_eq!((input.mesh, told), (MeshConfig::defaults(), Vec::new()));
}

#[test]
fn a_layer_that_istiod_would_refuse_is_an_error_and_left_out() {
    let (input, told) = read("", "rootNamespace: [a]\nconnectTimeout: soon\n");
    let places: Vec<_> = told.iter().map(|(code, place)| (code.as_str(), place.as_str())).collect();
    assert_eq!(places, [("invalid-value", "[a]")]);
    assert_eq!(input.mesh, MeshConfig::defaults());
    assert_eq!(read("", "connectTimeout: soon\n").1, [("invalid-value".to_owned(), "soon".to_owned())]);
}

#[test]
fn settings_in_an_annotation_lie_over_those_of_the_mesh() {
    let pod = "apiVersion: v1
kind: Pod
metadata:
  name: a
  annotations:
    proxy.istio.io/config: |
      concurrency: 4
      tracing: {sampling: 5}
    without-effect: 'fileFlushMinSizeKb: 64'
    broken: 'concurrency: many'
spec: {containers: []}
";
    let mut diagnostics = Diagnostics::new();
    let sources = load(vec![InputFile::new("a.yaml", pod)], &mut diagnostics);
    let set = meshc_api::decode(&sources.documents, &mut diagnostics);
    let pod = &set.pods[0];
    let base = MeshConfig::defaults().default_config;
    let annotation = |name: &str| format!("metadata.annotations[\"{name}\"]");
    let path = annotation("proxy.istio.io/config");
    let over = base.overlay_annotation(&pod.document, &path, &pod.object_ref(), &mut diagnostics);
    assert_eq!((over.concurrency, over.status_port), (Some(4), 15020));
    assert_eq!(diagnostics.iter().count(), 0);
    let without_effect = annotation("without-effect");
    let _ = base.overlay_annotation(&pod.document, &without_effect, &pod.object_ref(), &mut diagnostics);
    let told = std::mem::take(&mut diagnostics).into_sorted();
    let told: Vec<_> = told.iter().map(|finding| (finding.code.name, finding.message.as_str())).collect();
    assert_eq!(told, [("field-without-effect", "`fileFlushMinSizeKb` has no effect")]);
    let kept =
        base.overlay_annotation(&pod.document, &annotation("broken"), &pod.object_ref(), &mut diagnostics);
    assert_eq!(kept, base);
    let finding = &diagnostics.into_sorted()[0];
    let place = finding.primary.as_ref().map(|label| sources.files.slice(label.span));
    assert_eq!(place, Some("'concurrency: many'"));
}

#[test]
fn what_istiod_refuses_by_rule_is_an_error_at_its_place() {
    let file = "proxyListenPort: 70000\nconnectTimeout: 2h\ndefaultConfig: {statusPort: 0}\nextensionProviders:\n\
        - {name: a, zipkin: {port: 9411}}\n- {name: b, prometheus: {}, datadog: {service: b, port: 1}}\n";
    let (input, told) = read("", file);
    assert_eq!(input.mesh, MeshConfig::defaults());
    let places: Vec<_> = told.iter().map(|(code, place)| (code.as_str(), place.as_str())).collect();
    assert_eq!(
        places,
        [
            ("invalid-value", "70000"),
            ("invalid-value", "2h"),
            ("invalid-value", "0"),
            ("invalid-value", "{name: a, zipkin: {port: 9411}}"),
            ("invalid-value", "{name: b, prometheus: {}, datadog: {service: b, port: 1}}"),
        ]
    );
}

#[test]
fn a_config_map_given_as_a_file_is_read_too() {
    let mut diagnostics = Diagnostics::new();
    let sources = load(vec![InputFile::new("a.yaml", CONFIG_MAP)], &mut diagnostics);
    let file = sources.documents.first().map(|document| &**document);
    let files = MeshFiles { mesh: file, networks: file };
    let input = mesh_config::read(&ResourceSet::default(), files, &mut diagnostics);
    assert_eq!(input.mesh.trust_domain, "tree.example");
    assert_eq!(input.networks.networks.len(), 1);
}
