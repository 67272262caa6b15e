//! Reads recorded meshes and resolves their input.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use meshc_api::IstiodFeatures;
use meshc_api::mesh_config::{self, MeshFiles};
use meshc_diagnostics::{Diagnostics, FileId};
use meshc_model::{Inject, Mesh, Options, Workload};
use meshc_source::{Document, InputFile};
use serde_json::Value;

/// One recorded mesh.
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// Proxies that are compiled, as the recording has them.
    pub(crate) proxies: Vec<Value>,
    pub(crate) mesh: Mesh,
    /// Whether Gateways of the Gateway API are part of it.
    pub(crate) has_gateway_api: bool,
}

impl Scenario {
    /// The recorded resources of a proxy.
    pub(crate) fn resources(&self, proxy: &Value, kind: &str) -> Vec<Value> {
        let folder = self.path.join(proxy["id"].as_str().expect("proxies have ids"));
        json(&folder.join(format!("{kind}.json")))
    }

    /// The workload of a proxy.
    pub(crate) fn workload(&self, proxy: &Value) -> Option<&Arc<Workload>> {
        let id = proxy["id"].as_str().expect("proxies have ids");
        self.mesh.workloads.values().find(|workload| workload.reference.to_string() == id)
    }
}

/// All recorded meshes, without ambient ones and without the pods that Istio makes for a Gateway of the Gateway API: neither
/// is compiled yet. Empty, with a printed reason, where the recordings are not beside the project.
pub(crate) fn scenarios() -> &'static [Scenario] {
    static SCENARIOS: OnceLock<Vec<Scenario>> = OnceLock::new();
    SCENARIOS.get_or_init(read)
}

fn read() -> Vec<Scenario> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/conformance/istiod"));
    if !root.exists() {
        assert!(std::env::var_os("CI").is_none(), "{} is absent", root.display());
        #[allow(clippy::print_stdout, reason = "a test says that it checks nothing")]
        {
            println!("skipped: {} is absent", root.display());
        }
        return Vec::new();
    }
    let mut paths = entries(root);
    let ambient =
        |path: &Path| fs::read_to_string(path.join("env")).is_ok_and(|env| env.contains("AMBIENT=true"));
    paths.retain(|path| path.join("proxies.json").exists() && !ambient(path));
    assert!(!paths.is_empty());
    paths.into_iter().map(scenario).collect()
}

/// Entries of a folder, sorted.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry can be read").path()).collect();
    paths.sort();
    paths
}

fn json<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    serde_json::from_slice(&fs::read(path).expect("the file can be read")).expect("the file is JSON")
}

fn scenario(path: PathBuf) -> Scenario {
    let proxies: Vec<Value> = json(&path.join("proxies.json"));
    let later = |proxy: &Value| proxy["labels"].get("gateway.networking.k8s.io/gateway-name").is_some();
    Scenario {
        has_gateway_api: proxies.iter().any(later),
        name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        proxies: proxies.into_iter().filter(|proxy| !later(proxy)).collect(),
        mesh: mesh(&path),
        path,
    }
}

fn documents(paths: &[PathBuf]) -> Vec<Arc<Document>> {
    let inputs = paths
        .iter()
        .map(|path| InputFile::new(path.to_string_lossy(), fs::read(path).expect("the file can be read")));
    meshc_source::load(inputs.collect(), &mut Diagnostics::new()).documents
}

fn mesh(scenario: &Path) -> Mesh {
    let files = entries(&scenario.join("input"));
    let mut diagnostics = Diagnostics::new();
    let resources = meshc_api::decode(&documents(&files), &mut diagnostics);
    let overlay = Some(scenario.join("mesh.yaml")).filter(|path| path.exists());
    let overlay = overlay.map(|path| documents(&[path]));
    let overlay = overlay.as_ref().and_then(|documents| documents.first());
    let files = MeshFiles { mesh: overlay.map(AsRef::as_ref), networks: None };
    let config = mesh_config::read(&resources, files, &mut diagnostics);
    let env = fs::read_to_string(scenario.join("env")).unwrap_or_default();
    let features = IstiodFeatures::read(&env, FileId(0), &mut diagnostics);
    let options = Options { inject: Inject::All, ..Options::default() };
    meshc_model::resolve(&resources, config, features, options, &mut diagnostics)
}
