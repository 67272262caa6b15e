//! From text to a plan, and where the recorded truth is.

use std::path::PathBuf;

use meshc_api::IstiodFeatures;
use meshc_api::mesh_config::{self, MeshFiles};
use meshc_diagnostics::Diagnostics;
use meshc_model::{Inject, Options};
use meshc_plan::Plan;
use meshc_source::InputFile;
use serde_json::Value;

/// A pod that calls others, in the namespace `shop`.
pub(crate) const CLIENT: &str = "---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop}
spec: {containers: [{name: app, image: client}]}
";

/// A gateway in the namespace `edge`, without a Service.
pub(crate) const INGRESS: &str = "---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ingress, namespace: edge}
spec:
  selector: {matchLabels: {istio: ingress}}
  template:
    metadata: {labels: {istio: ingress}, annotations: {inject.istio.io/templates: gateway}}
    spec: {containers: [{name: istio-proxy, image: auto}]}
";

/// Compiles files, with a MeshConfig laid over Istio's defaults. All workloads get a proxy.
pub(crate) fn lower(files: &[(&str, &str)], mesh: &str) -> Plan {
    lower_with_findings(files, mesh).0
}

/// As [`lower`], with all findings.
pub(crate) fn lower_with_findings(files: &[(&str, &str)], mesh: &str) -> (Plan, Diagnostics) {
    lower_with_features(files, mesh, IstiodFeatures::default())
}

/// As [`lower_with_findings`], with flags of istiod.
pub(crate) fn lower_with_features(
    files: &[(&str, &str)],
    mesh: &str,
    features: IstiodFeatures,
) -> (Plan, Diagnostics) {
    lower_with_options(files, mesh, features, Options { inject: Inject::All, ..Options::default() })
}

/// As [`lower_with_features`], with options of the compilation.
pub(crate) fn lower_with_options(
    files: &[(&str, &str)],
    mesh: &str,
    features: IstiodFeatures,
    options: Options,
) -> (Plan, Diagnostics) {
    let mut diags = Diagnostics::new();
    let inputs = files.iter().map(|(path, text)| InputFile::new(*path, text.as_bytes())).collect();
    let sources = meshc_source::load(inputs, &mut diags);
    let resources = meshc_api::decode(&sources.documents, &mut diags);
    let mesh = meshc_source::load(vec![InputFile::new("mesh.yaml", mesh.as_bytes())], &mut diags);
    let mesh_files = MeshFiles { mesh: mesh.documents.first().map(AsRef::as_ref), networks: None };
    let config = mesh_config::read(&resources, mesh_files, &mut diags);
    let mesh = meshc_model::resolve(&resources, config, features, options, &mut diags);
    let plan = meshc_lower::lower(&mesh, &mut diags);
    (plan, diags)
}

/// The documents of a YAML file as JSON.
pub(crate) fn documents(text: &str) -> Vec<Value> {
    let sources =
        meshc_source::load(vec![InputFile::new("expected.yaml", text.as_bytes())], &mut Diagnostics::new());
    sources.documents.iter().map(|document| document.to_value()).collect()
}

/// The cases of a set of recorded truth, sorted; `None`, with a printed reason, where it is absent.
pub(crate) fn conformance(set: &str) -> Option<Vec<PathBuf>> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/conformance")).join(set);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        assert!(std::env::var_os("CI").is_none(), "{} must be there where CI is set", folder.display());
        println!("skipped: {} is not on this machine", folder.display());
        return None;
    };
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.is_dir() || path.extension().is_some_and(|extension| extension == "json"));
    cases.sort();
    Some(cases)
}
