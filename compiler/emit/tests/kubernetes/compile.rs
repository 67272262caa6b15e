//! A tree goes in, manifests come out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use meshc_api::IstiodFeatures;
use meshc_api::mesh_config::{self, MeshFiles};
use meshc_contract::RELEASE_FILE;
use meshc_diagnostics::{Diagnostic, Diagnostics};
use meshc_emit::Content;
use meshc_emit::envoy::{EnvoyOptions, names};
use meshc_emit::kubernetes::{self, KubernetesOptions};
use meshc_emit::{Emitters, OneByOne, TargetChoice};
use meshc_model::Options;
use meshc_source::InputFile;
use serde_json::Value;

/// What a compilation leaves.
pub(crate) struct Compiled {
    /// Files below `k8s/`.
    pub(crate) files: BTreeMap<String, String>,
    /// `release.json`.
    pub(crate) release: String,
    pub(crate) findings: Vec<Diagnostic>,
    /// Names of the clusters that the plan of each proxy has, used or not.
    pub(crate) clusters: BTreeMap<String, BTreeSet<String>>,
}

impl Compiled {
    /// The object in a file, as kubectl reads it.
    #[track_caller]
    pub(crate) fn object(&self, path: &str) -> Value {
        let text =
            self.files.get(path).unwrap_or_else(|| panic!("{path} is not among {:?}", self.files.keys()));
        read(text)
    }

    /// The pods of a Deployment of the namespace `shop`.
    #[track_caller]
    pub(crate) fn pods(&self, name: &str) -> Value {
        self.object(&format!("namespaces/shop/deployment-{name}.yaml"))["spec"]["template"].clone()
    }

    /// Findings of a name.
    pub(crate) fn found(&self, name: &str) -> Vec<&Diagnostic> {
        self.findings.iter().filter(|finding| finding.code.name == name).collect()
    }
}

/// Reads one object as kubectl does.
#[track_caller]
pub(crate) fn read(text: &str) -> Value {
    let mut diagnostics = Diagnostics::new();
    let source = meshc_source::load(vec![InputFile::new("object.yaml", text)], &mut diagnostics);
    assert_eq!(diagnostics.into_sorted(), Vec::new(), "{text}");
    assert_eq!(source.documents.len(), 1, "{text}");
    source.documents[0].to_value()
}

/// Compiles files.
pub(crate) fn compile(inputs: Vec<InputFile>) -> Compiled {
    let mut diagnostics = Diagnostics::new();
    let source = meshc_source::load(inputs, &mut diagnostics);
    let resources = meshc_api::decode(&source.documents, &mut diagnostics);
    let config = mesh_config::read(&resources, MeshFiles::default(), &mut diagnostics);
    let features = IstiodFeatures::default();
    let mesh = meshc_model::resolve(&resources, config, features, Options::default(), &mut diagnostics);
    let plan = meshc_lower::lower(&mesh, &mut diagnostics);
    let manifests = meshc_lower::manifests(&resources, &mesh, &source.files, &mut diagnostics);
    // What Envoy takes is checked by tests of its own.
    let envoy = EnvoyOptions { check: false, ..EnvoyOptions::default() };
    let mut emitters = Emitters::new(&plan, TargetChoice::default(), envoy);
    let options = KubernetesOptions::default();
    let artifacts = kubernetes::emit(&plan, &manifests, &options, &mut emitters, &OneByOne, &mut diagnostics);
    let release = artifacts.get(RELEASE_FILE).map(Content::to_text).unwrap_or_default();
    let files = artifacts.iter().filter(|(path, _)| path.as_str() != RELEASE_FILE).map(|(path, content)| {
        let path = path.as_str().strip_prefix("k8s/").unwrap_or_else(|| panic!("{path} is outside of k8s"));
        (path.to_owned(), content.to_text())
    });
    let clusters = plan.proxies.values().map(|proxy| {
        let names = proxy.upstreams.iter().map(|upstream| names::upstream(&upstream.name));
        (proxy.workload.to_string(), names.collect())
    });
    let (files, clusters) = (files.collect(), clusters.collect());
    Compiled { files, release, clusters, findings: diagnostics.into_sorted() }
}

/// Compiles one text in a namespace whose pods get a sidecar.
pub(crate) fn compile_text(text: &str) -> Compiled {
    let namespace =
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels:\n    istio-injection: enabled\n";
    compile(vec![InputFile::new("namespace.yaml", namespace), InputFile::new("tree.yaml", text)])
}

/// A Deployment of the namespace `shop` with these fields of its pods.
pub(crate) fn deployment(name: &str, metadata: &str, spec: &str) -> String {
    let indented = |text: &str| text.lines().map(|line| format!("      {line}\n")).collect::<String>();
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  namespace: shop\nspec:\n  selector:\n    \
         matchLabels: {{app: {name}}}\n  template:\n    metadata:\n      labels: {{app: {name}}}\n{}    spec:\n{}",
        indented(metadata),
        indented(spec)
    )
}

/// The files of a folder.
pub(crate) fn folder(path: &Path) -> Vec<InputFile> {
    let mut inputs = meshc_source::disk::read_paths(&[path.to_owned()], &mut std::io::empty()).unwrap();
    let parent = format!("{}/", path.display());
    for input in &mut inputs {
        input.path = input.path.strip_prefix(&parent).unwrap_or(&input.path).to_owned();
    }
    inputs
}

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A folder of recorded truth. `None`, with a note, on a machine that has none; it must be there where `CI` is set.
pub(crate) fn conformance(name: &str) -> Option<PathBuf> {
    let path = repository().join("../shared/conformance").join(name);
    if path.is_dir() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "{} must be there in CI", path.display());
    eprintln!("skipped: {} is not there", path.display());
    None
}
