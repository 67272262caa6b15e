//! Checks a release before anything is touched: its digest, every checksum, and that each file is the object it is said to be.

use std::collections::BTreeSet;

use meshc_contract::{ObjectRef, Phase, RELEASE_VERSION, Release, ReleaseObject};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::bundle::{Bundle, OBJECT_FOLDER, holds_object, stays_inside};
use crate::error::Error;

/// A release of which everything was checked.
#[derive(Debug)]
pub(crate) struct Verified {
    /// Name of the mesh.
    pub(crate) mesh: String,
    /// Digest of the release.
    pub(crate) digest: String,
    /// The objects in the order in which they are applied; at least one.
    pub(crate) items: Vec<Item>,
}

/// One object of a release.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) phase: Phase,
    pub(crate) object: ObjectRef,
    /// Version of its API group.
    pub(crate) version: String,
    /// What is applied: the content of the file without what only the API server sets.
    pub(crate) value: Value,
}

/// SHA-256 as 64 hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Checks everything that can be checked without a cluster.
pub(crate) fn verify(bundle: &Bundle) -> Result<Verified, Error> {
    let release = manifest(&bundle.manifest)?;
    let mut listed = BTreeSet::new();
    let mut known = BTreeSet::new();
    let mut items = Vec::new();
    for phase in &release.phases {
        for object in &phase.objects {
            if !listed.insert(object.path.as_str()) {
                return Err(refused(format!("`{}` is listed twice", object.path)));
            }
            if !known.insert(object.object()) {
                return Err(refused(format!("{} is listed twice", object.object())));
            }
            items.push(item(phase.name, object, bundle)?);
        }
    }
    let unlisted = |path: &&String| holds_object(path) && !listed.contains(path.as_str());
    if let Some(path) = bundle.files.keys().find(unlisted) {
        return Err(refused(format!("`{path}` is not listed in the manifest")));
    }
    if items.is_empty() {
        return Err(Error::Empty(
            "the release holds no object; applying it would remove everything that an earlier one applied"
                .to_owned(),
        ));
    }
    Ok(Verified { mesh: release.mesh, digest: release.digest, items })
}

fn manifest(bytes: &[u8]) -> Result<Release, Error> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let no_manifest = |error: serde_json::Error| refused(format!("release.json is no manifest: {error}"));
    let Versioned { version } = serde_json::from_slice(bytes).map_err(no_manifest)?;
    if version != RELEASE_VERSION {
        return Err(refused(format!(
            "release.json has version {version}, this agent reads {RELEASE_VERSION}: use the agent of the same release as meshc"
        )));
    }
    let release: Release = serde_json::from_slice(bytes).map_err(no_manifest)?;
    let digest = format!("sha256:{}", sha256(&release.digest_input()));
    if release.digest != digest {
        return Err(refused(format!("release.json says {}, its content is {digest}", release.digest)));
    }
    if !release.phases.windows(2).all(|pair| pair[0].name < pair[1].name) {
        return Err(refused("the phases of release.json are out of order".to_owned()));
    }
    Ok(release)
}

fn item(phase: Phase, object: &ReleaseObject, bundle: &Bundle) -> Result<Item, Error> {
    let path = object.path.as_str();
    if !stays_inside(path) || !path.starts_with(&format!("{OBJECT_FOLDER}/")) {
        return Err(refused(format!("`{path}` is no path below {OBJECT_FOLDER}/")));
    }
    let content = bundle.files.get(path).ok_or_else(|| refused(format!("`{path}` is missing")))?;
    let sum = sha256(content);
    if sum != object.sha256 {
        return Err(refused(format!(
            "`{path}` was changed: its checksum is {sum}, the manifest says {}",
            object.sha256
        )));
    }
    let mut value = parse(path, content)?;
    let identity = object.object();
    check_identity(path, object, &mut value)?;
    remove_what_the_server_sets(&mut value);
    Ok(Item { phase, object: identity, version: object.version.clone(), value })
}

/// Reads a file. What it holds is never part of a message: it may be a Secret.
fn parse(path: &str, content: &[u8]) -> Result<Value, Error> {
    let text = std::str::from_utf8(content).map_err(|_| refused(format!("`{path}` is no UTF-8")))?;
    serde_saphyr::from_str(text).map_err(|error| {
        let place = error.location().map(|at| format!(" at line {}", at.line())).unwrap_or_default();
        refused(format!("`{path}` is not one YAML document{place}"))
    })
}

/// The file must be the object that the manifest lists. A missing namespace is that of the manifest.
fn check_identity(path: &str, object: &ReleaseObject, value: &mut Value) -> Result<(), Error> {
    let api_version = match object.group.as_str() {
        "" => object.version.clone(),
        group => format!("{group}/{}", object.version),
    };
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let namespace = text("/metadata/namespace");
    let same = text("/apiVersion") == api_version
        && text("/kind") == object.kind
        && text("/metadata/name") == object.name
        && (namespace.is_empty() || namespace == object.namespace);
    if !same || object.name.is_empty() {
        return Err(refused(format!("`{path}` holds another object than {}", object.object())));
    }
    if let Some(metadata) = metadata(value).filter(|_| !object.namespace.is_empty()) {
        metadata.insert("namespace".to_owned(), object.namespace.as_str().into());
    }
    Ok(())
}

/// A tree that was exported from a cluster holds what only the API server sets; applying it would be refused or undone.
fn remove_what_the_server_sets(value: &mut Value) {
    if let Some(fields) = value.as_object_mut() {
        fields.remove("status");
    }
    if let Some(metadata) = metadata(value) {
        for field in
            ["creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"]
        {
            metadata.remove(field);
        }
    }
}

fn metadata(value: &mut Value) -> Option<&mut Map<String, Value>> {
    value.get_mut("metadata")?.as_object_mut()
}

fn refused(reason: String) -> Error {
    Error::Refused(format!("the release is not what was built: {reason}"))
}

#[cfg(test)]
pub(crate) mod tests {
    use meshc_contract::{Phase, RELEASE_VERSION, Release, ReleaseObject, ReleasePhase};

    use super::{sha256, verify};
    use crate::bundle::Bundle;
    use crate::error::Error;

    const PATH: &str = "k8s/namespaces/shop/configmap-a.yaml";
    const TEXT: &str =
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: shop\n  uid: x\nstatus: {}\n";

    /// A release of one ConfigMap.
    pub(crate) fn bundle(text: &str, change: impl FnOnce(&mut Release)) -> Bundle {
        let object = ReleaseObject {
            path: PATH.into(),
            group: String::new(),
            version: "v1".into(),
            kind: "ConfigMap".into(),
            namespace: "shop".into(),
            name: "a".into(),
            sha256: sha256(text.as_bytes()),
        };
        let mut release = Release {
            version: RELEASE_VERSION,
            mesh: "one".into(),
            digest: String::new(),
            phases: vec![ReleasePhase { name: Phase::Config, objects: vec![object] }],
        };
        change(&mut release);
        release.digest = format!("sha256:{}", sha256(&release.digest_input()));
        Bundle {
            manifest: serde_json::to_vec(&release).unwrap(),
            files: [(PATH.to_owned(), text.as_bytes().to_vec())].into(),
        }
    }

    fn refusal(bundle: &Bundle) -> String {
        verify(bundle).unwrap_err().to_string()
    }

    #[test]
    fn an_untouched_release_is_accepted_without_what_the_server_sets() {
        let verified = verify(&bundle(TEXT, |_| {})).unwrap();
        assert_eq!(verified.items.len(), 1);
        assert_eq!(
            verified.items[0].value,
            serde_json::json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop"}})
        );
    }

    #[test]
    fn a_changed_missing_or_added_file_is_refused() {
        let mut changed = bundle(TEXT, |_| {});
        changed.files.insert(PATH.into(), format!("{TEXT}data: {{}}\n").into_bytes());
        assert!(refusal(&changed).contains("was changed"));
        let mut missing = bundle(TEXT, |_| {});
        missing.files.clear();
        assert!(refusal(&missing).contains("is missing"));
        let mut added = bundle(TEXT, |_| {});
        added.files.insert("k8s/namespaces/shop/kustomization.yaml".into(), Vec::new());
        assert!(verify(&added).is_ok());
        added.files.insert("k8s/namespaces/shop/pod-evil.yaml".into(), Vec::new());
        assert!(refusal(&added).contains("not listed"));
    }

    #[test]
    fn a_changed_manifest_is_refused() {
        let mut other = bundle(TEXT, |_| {});
        let text = String::from_utf8(other.manifest).unwrap();
        other.manifest = text.replace("\"mesh\":\"one\"", "\"mesh\":\"two\"").into_bytes();
        assert!(refusal(&other).contains("its content is"));
        other.manifest = text.replace("\"version\":1,\"mesh\"", "\"version\":2,\"mesh\"").into_bytes();
        assert!(refusal(&other).contains("version 2"));
        other.manifest = b"{}".to_vec();
        assert!(refusal(&other).contains("no manifest"));
    }

    #[test]
    fn a_file_that_is_another_object_is_refused() {
        for text in [
            TEXT.replace("name: a", "name: b"),
            TEXT.replace("namespace: shop", "namespace: kube-system"),
            TEXT.replace("ConfigMap", "Secret"),
            format!("{TEXT}---\n{TEXT}"),
            "- 1\n".to_owned(),
            "a: [\n".to_owned(),
        ] {
            assert!(verify(&bundle(&text, |_| {})).is_err(), "{text}");
        }
    }

    #[test]
    fn a_path_that_leaves_the_release_is_refused() {
        for path in ["../k8s/a.yaml", "k8s/../../etc/passwd", "/etc/passwd", "xds/a.yaml"] {
            let bundle = bundle(TEXT, |release| release.phases[0].objects[0].path = path.into());
            assert!(refusal(&bundle).contains("no path below"), "{path}");
        }
    }

    #[test]
    fn phases_out_of_order_and_objects_listed_twice_are_refused() {
        let twice = bundle(TEXT, |release| {
            let phase = release.phases[0].clone();
            release.phases.push(phase);
        });
        assert!(refusal(&twice).contains("out of order"));
        let listed = bundle(TEXT, |release| {
            let object = release.phases[0].objects[0].clone();
            release.phases[0].objects.push(object);
        });
        assert!(refusal(&listed).contains("twice"));
    }

    #[test]
    fn an_empty_release_is_refused_with_its_own_exit_code() {
        let mut empty = bundle(TEXT, |release| release.phases.clear());
        empty.files.clear();
        assert!(matches!(verify(&empty), Err(Error::Empty(_))));
    }

    #[test]
    fn a_refusal_never_shows_what_a_file_holds() {
        let text =
            "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  password: hunter2 : hunter2\n";
        assert!(!refusal(&bundle(text, |_| {})).contains("hunter2"));
    }
}
