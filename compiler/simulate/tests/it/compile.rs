//! From text to a plan.

use meshc_api::mesh_config::{self, MeshFiles};
use meshc_api::{IstiodFeatures, LOCK_FILE, Lock};
use meshc_diagnostics::{Diagnostics, FileId};
use meshc_model::{Inject, Options};
use meshc_plan::Plan;
use meshc_source::{InputFile, SourceMap};
use serde_json::Value;

/// The documents of a YAML text as JSON.
pub(crate) fn documents(text: &str) -> Vec<Value> {
    let sources =
        meshc_source::load(vec![InputFile::new("text.yaml", text.as_bytes())], &mut Diagnostics::new());
    sources.documents.iter().map(|document| document.to_value()).collect()
}

/// What the lock file among files says.
pub(crate) fn lock(files: &[(String, String)]) -> Lock {
    let file = files.iter().find(|(path, _)| path.ends_with(LOCK_FILE));
    file.map(|(_, text)| Lock::read(FileId(0), &text.as_str().into(), &mut Diagnostics::new()))
        .unwrap_or_default()
}

/// Compiles YAML files and a lock file, with a MeshConfig laid over Istio's defaults and variables of istiod. All workloads get a proxy.
pub(crate) fn compile(files: &[(String, String)], mesh: &str, env: &str) -> Plan {
    compile_with_files(files, mesh, env).0
}

/// As [`compile`], with the files that origins point into.
pub(crate) fn compile_with_files(files: &[(String, String)], mesh: &str, env: &str) -> (Plan, SourceMap) {
    let mut diags = Diagnostics::new();
    let manifests = files.iter().filter(|(path, _)| !path.ends_with(LOCK_FILE));
    let inputs = manifests.map(|(path, text)| InputFile::new(path.as_str(), text.as_bytes())).collect();
    let sources = meshc_source::load(inputs, &mut diags);
    let resources = meshc_api::decode(&sources.documents, &mut diags);
    let mesh = meshc_source::load(vec![InputFile::new("mesh.yaml", mesh.as_bytes())], &mut diags);
    let mesh_files = MeshFiles { mesh: mesh.documents.first().map(AsRef::as_ref), networks: None };
    let config = mesh_config::read(&resources, mesh_files, &mut diags);
    let features = IstiodFeatures::read(env, FileId(0), &mut diags);
    let options = Options { inject: Inject::All, lock: lock(files), ..Options::default() };
    let mesh = meshc_model::resolve(&resources, config, features, options, &mut diags);
    (meshc_lower::lower(&mesh, &mut diags), sources.files)
}
