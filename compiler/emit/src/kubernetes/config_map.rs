//! The ConfigMap of a proxy: its bootstrap with the descriptions of its secrets, or its `proxy.json`, and the rules of capture.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_contract::metadata::{DIGEST_ANNOTATION, MESH_LABEL, SOURCE_ANNOTATION, WORKLOAD_LABEL};
use meshc_contract::{ObjectRef, WorkloadRef};
use meshc_plan::{Injection, Manifest, Manifests, ProxyPlan};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::shared_config::SharedConfig;
use super::tree::Entry;
use super::{capture, host_aliases, name};
use crate::envoy::ResourceKind;
use crate::{Content, Emitted, artifact, yaml};

/// The volume of it in pods.
pub(super) const CONFIG_VOLUME: &str = "meshc-config";

/// Files by key. The keys of a ConfigMap have no slash.
pub(super) type Files = BTreeMap<String, File>;

/// Size from which on a file is put together when it is written, in bytes. Many proxies have large parts of it alike, which are in
/// memory once until then; smaller ones are faster to write as one text.
const IN_PARTS: usize = 64 * 1024;

/// A file of a ConfigMap.
pub(super) struct File {
    /// Path within the volume.
    path: String,
    /// The whole text; of a file in parts, only as long as it is needed.
    text: String,
    size: usize,
    /// A large file that can be written line by line.
    parts: Option<Content>,
}

impl File {
    /// A file as a whole.
    pub(super) fn new(path: String, text: String) -> Self {
        Self { size: text.len(), path, text, parts: None }
    }

    fn in_parts(path: String, content: Content) -> Self {
        let file = Self::new(path, content.to_text());
        let parts = (file.size >= IN_PARTS && is_block(&file.text)).then_some(content);
        Self { parts, ..file }
    }
}

/// What a proxy and the containers before it read.
pub(super) struct ConfigMap {
    /// Its name, which is stable: a new version of it replaces the old one.
    pub(super) name: String,
    /// Digest of all that the proxy reads.
    pub(super) digest: String,
    workload: WorkloadRef,
    files: Files,
    /// Lists of resources that are read from other ConfigMaps.
    shared: Vec<Arc<SharedConfig>>,
}

impl ConfigMap {
    /// What a proxy reads, but for what it reads from `shared`.
    pub(super) fn of(
        proxy: &ProxyPlan,
        injection: &Injection,
        emitted: &Emitted,
        shared: Vec<(ResourceKind, Arc<SharedConfig>)>,
    ) -> Self {
        let (moved, shared): (Vec<ResourceKind>, Vec<Arc<SharedConfig>>) = shared.into_iter().unzip();
        let proxy_files = emitted.files_without(&moved).into_iter().map(|(path, content)| {
            // What a path escapes with a percent sign is no key.
            (path.file_name().replace('%', "_"), File::in_parts(path.as_str().to_owned(), content))
        });
        let rules = injection.capture.iter().flat_map(capture::files).chain(host_aliases::files(injection));
        let rules = rules.map(|(file, text)| (file.to_owned(), File::new(file.to_owned(), text)));
        let mut files: Files = proxy_files.chain(rules).collect();
        let mut hashed = hashed(&files);
        for config in &shared {
            hashed.update(config.digest.as_bytes());
        }
        for file in files.values_mut().filter(|file| file.parts.is_some()) {
            file.text = String::new();
        }
        Self {
            name: name::derived(&proxy.workload.name, "-mesh"),
            digest: digest_text(hashed),
            workload: proxy.workload.clone(),
            files,
            shared,
        }
    }

    /// Whether the proxy reads resources from files beside its bootstrap.
    pub(super) fn is_split(&self) -> bool {
        !self.shared.is_empty()
    }

    /// Size of its content in bytes.
    pub(super) fn size(&self) -> usize {
        self.files.values().map(|file| file.size).sum()
    }

    /// The volume of pods that has the files at their paths. Files of several ConfigMaps are projected into one volume, in which
    /// they change together.
    pub(super) fn volume(&self) -> Value {
        let items = self.files.iter().map(|(key, file)| json!({"key": key, "path": file.path}));
        let own = json!({"name": self.name, "items": items.collect::<Vec<_>>()});
        if self.shared.is_empty() {
            return json!({"name": CONFIG_VOLUME, "configMap": own});
        }
        let sources: Vec<Value> = std::iter::once(json!({"configMap": own}))
            .chain(self.shared.iter().map(|config| config.source()))
            .collect();
        json!({"name": CONFIG_VOLUME, "projected": {"sources": sources}})
    }

    /// The object.
    pub(super) fn entry(&self, manifests: &Manifests, manifest: &Manifest) -> Entry {
        let source = manifests.file(&manifest.origin).unwrap_or_default();
        let WorkloadRef { namespace, name: workload } = &self.workload;
        let mesh = name::label_value(&manifests.mesh);
        let labels = json!({
            "app.kubernetes.io/managed-by": "meshc",
            "app.kubernetes.io/part-of": mesh,
            "app.kubernetes.io/component": "proxy-config",
            MESH_LABEL: mesh,
            WORKLOAD_LABEL: name::label_value(workload),
        });
        let annotations = json!({DIGEST_ANNOTATION: self.digest, SOURCE_ANNOTATION: source});
        let object = ObjectRef {
            group: String::new(),
            kind: "ConfigMap".to_owned(),
            namespace: namespace.clone(),
            name: self.name.clone(),
        };
        let content = with_files(&object, labels, annotations, &self.files);
        Entry { object, api_version: "v1".to_owned(), source: source.to_owned(), content }
    }
}

/// A ConfigMap of files, with these labels, these annotations and those that every such object needs.
pub(super) fn with_files(
    object: &ObjectRef,
    labels: Value,
    mut annotations: Value,
    files: &Files,
) -> Content {
    // Pods that do not find it wait; it must not come after them.
    annotations["argocd.argoproj.io/sync-wave"] = "-10".into();
    // Flux would replace what looks like a variable.
    annotations["kustomize.toolkit.fluxcd.io/substitute"] = "disabled".into();
    let head = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": object.name,
            "namespace": object.namespace,
            "labels": labels,
            "annotations": annotations,
        },
    });
    let mut text = yaml::to_string(&head);
    text.push_str("data:\n");
    let mut content = Content::new();
    for (key, File { path: _, text: file, size: _, parts }) in files {
        match parts {
            None => write_value(&mut text, key, file),
            Some(parts) => {
                open_block(&mut text, key);
                content.push(std::mem::take(&mut text));
                content.push_nested(parts, BLOCK.len());
            }
        }
    }
    content.push(text);
    content
}

/// Indentation of a text that is written line by line.
const BLOCK: &str = "    ";

/// Whether nothing of a text would be lost if it were written line by line.
fn is_block(text: &str) -> bool {
    let mut whole = yaml::Lines::default();
    whole.see(text);
    whole.are_a_block()
}

fn open_block(out: &mut String, key: &str) {
    out.push_str("  ");
    out.push_str(key);
    out.push_str(": |\n");
}

/// Writes an entry of `data`: line by line where nothing of it would be lost.
fn write_value(out: &mut String, key: &str, file: &str) {
    let one: String;
    let (value, indent) = if is_block(file) {
        open_block(out, key);
        (file, BLOCK)
    } else {
        one = yaml::to_string(&json!({ key: file }));
        (one.as_str(), "  ")
    };
    out.reserve(value.len() + value.len() / 6);
    for line in artifact::lines(value) {
        if line != "\n" {
            out.push_str(indent);
        }
        out.push_str(line);
    }
}

/// Digest of files.
pub(super) fn digest(files: &Files) -> String {
    digest_text(hashed(files))
}

fn hashed(files: &Files) -> Sha256 {
    let mut hash = Sha256::new();
    for (key, File { text, .. }) in files {
        // Neither a key nor a file has a zero byte, so no two lists of files are hashed alike.
        hash.update(key.as_bytes());
        hash.update([0]);
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    hash
}

fn digest_text(hash: Sha256) -> String {
    let start: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{start}")
}
