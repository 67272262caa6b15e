//! Meshes of a few lines, for tests.

use meshc_api::IstiodFeatures;
use meshc_api::mesh_config::{self, MeshFiles};
use meshc_diagnostics::{Diagnostic, Diagnostics};
use meshc_source::{InputFile, SourceSet};

use crate::{Inject, Mesh, Options, Workload};

/// What became of some YAML.
pub(crate) struct Fixture {
    pub(crate) mesh: Mesh,
    pub(crate) findings: Vec<Diagnostic>,
    sources: SourceSet,
}

/// Resolves YAML, with a sidecar in every workload.
pub(crate) fn resolve(yaml: &str) -> Fixture {
    resolve_with(yaml, Options { inject: Inject::All, ..Options::default() })
}

/// Resolves YAML with options.
pub(crate) fn resolve_with(yaml: &str, options: Options) -> Fixture {
    resolve_all(yaml, "", options)
}

/// Resolves YAML with networks, and a sidecar in every workload.
pub(crate) fn resolve_networks(yaml: &str, networks: &str) -> Fixture {
    resolve_all(yaml, networks, Options { inject: Inject::All, ..Options::default() })
}

fn resolve_all(yaml: &str, networks: &str, options: Options) -> Fixture {
    let mut diagnostics = Diagnostics::new();
    let sources = meshc_source::load(vec![InputFile::new("mesh.yaml", yaml)], &mut diagnostics);
    let resources = meshc_api::decode(&sources.documents, &mut diagnostics);
    let networks = meshc_source::load(vec![InputFile::new("networks.yaml", networks)], &mut diagnostics);
    let files = MeshFiles { mesh: None, networks: networks.documents.first().map(AsRef::as_ref) };
    let config = mesh_config::read(&resources, files, &mut diagnostics);
    let refused = diagnostics.into_sorted();
    assert!(refused.is_empty(), "the YAML of the test is refused: {refused:?}");
    let mut diagnostics = Diagnostics::new();
    let mesh = crate::resolve(&resources, config, IstiodFeatures::default(), options, &mut diagnostics);
    Fixture { mesh, findings: diagnostics.into_sorted(), sources }
}

impl Fixture {
    /// The workload `<namespace>.<name>`.
    pub(crate) fn workload(&self, name: &str) -> &Workload {
        let found = self.mesh.workloads.values().find(|workload| workload.reference.to_string() == name);
        found.unwrap_or_else(|| panic!("there is no workload {name}"))
    }

    /// The findings as `name: message; help`.
    pub(crate) fn texts(&self) -> Vec<String> {
        let text = |finding: &Diagnostic| {
            let help = finding.help.as_deref().unwrap_or_default();
            format!("{:?} {}: {}; {help}", finding.severity, finding.code.name, finding.message)
        };
        self.findings.iter().map(text).collect()
    }

    /// The text under both ends of a finding.
    pub(crate) fn ends(&self, finding: usize) -> Vec<&str> {
        let finding = &self.findings[finding];
        let labels = finding.primary.iter().chain(&finding.related);
        labels.map(|label| self.sources.files.slice(label.span)).collect()
    }
}

/// A Deployment with a ServiceAccount of its name and labels `app` and `version`.
pub(crate) fn deployment(namespace: &str, name: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  \
         selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}, version: v1}}}}\n    \
         spec: {{serviceAccountName: {name}, containers: [{{name: app, image: app, ports: [{{name: http, containerPort: 8080}}]}}]}}\n"
    )
}

/// A Service with one port that selects `app: <name>`.
pub(crate) fn service(namespace: &str, name: &str, port: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  \
         selector: {{app: {name}}}\n  ports: [{port}]\n"
    )
}

/// An object of a group of Istio, with its `spec`.
pub(crate) fn istio(group: &str, kind: &str, namespace: &str, name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: {group}.istio.io/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )
}

/// A VirtualService.
pub(crate) fn virtual_service(namespace: &str, name: &str, spec: &str) -> String {
    istio("networking", "VirtualService", namespace, name, spec)
}

/// A DestinationRule.
pub(crate) fn destination_rule(namespace: &str, name: &str, spec: &str) -> String {
    istio("networking", "DestinationRule", namespace, name, spec)
}
