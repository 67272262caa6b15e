//! Releases as `meshc build` writes them, of objects that a test states.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use meshc_contract::{Phase, RELEASE_FILE, RELEASE_VERSION, Release, ReleaseObject, ReleasePhase};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A folder with a release of these objects.
pub(crate) fn release(mesh: &str, objects: &[Value]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), mesh, objects);
    folder
}

/// Writes a release over what is in a folder, the manifest last.
pub(crate) fn write(folder: &Path, mesh: &str, objects: &[Value]) {
    let _ = fs::remove_dir_all(folder.join("k8s"));
    let mut phases: BTreeMap<Phase, Vec<ReleaseObject>> = BTreeMap::new();
    for object in objects {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let (group, version) = text("/apiVersion").rsplit_once('/').unwrap_or(("", text("/apiVersion")));
        let (kind, name, namespace) = (text("/kind"), text("/metadata/name"), text("/metadata/namespace"));
        let place =
            if namespace.is_empty() { "cluster".to_owned() } else { format!("namespaces/{namespace}") };
        let path = format!("k8s/{place}/{}-{name}.yaml", kind.to_lowercase());
        let content = serde_json::to_string_pretty(object).unwrap();
        fs::create_dir_all(folder.join(&path).parent().unwrap()).unwrap();
        fs::write(folder.join(&path), &content).unwrap();
        phases.entry(Phase::of(group, kind)).or_default().push(ReleaseObject {
            path,
            group: group.into(),
            version: version.into(),
            kind: kind.into(),
            namespace: namespace.into(),
            name: name.into(),
            sha256: sha256(content.as_bytes()),
        });
    }
    let phases = phases.into_iter().map(|(name, objects)| ReleasePhase { name, objects }).collect();
    let mut release = Release { version: RELEASE_VERSION, mesh: mesh.into(), digest: String::new(), phases };
    release.digest = format!("sha256:{}", sha256(&release.digest_input()));
    let partial = folder.join(".release.json");
    fs::write(&partial, serde_json::to_vec(&release).unwrap()).unwrap();
    fs::rename(partial, folder.join(RELEASE_FILE)).unwrap();
}

pub(crate) fn digest(folder: &Path) -> String {
    let release: Release = serde_json::from_slice(&fs::read(folder.join(RELEASE_FILE)).unwrap()).unwrap();
    release.digest
}

pub(crate) fn namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
}

pub(crate) fn config_map(namespace: &str, name: &str, value: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": {"key": value},
    })
}

pub(crate) fn secret(namespace: &str, name: &str, value: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "stringData": {"password": value},
    })
}

pub(crate) fn service(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80, "name": "http"}]},
    })
}

pub(crate) fn deployment(namespace: &str, name: &str, image: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{
                    "name": "app", "image": image,
                    "ports": [{"containerPort": 8080}],
                    "env": [{"name": "A", "value": "1"}],
                }]},
            },
        },
    })
}
