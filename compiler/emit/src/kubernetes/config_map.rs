//! The ConfigMap of a proxy: its bootstrap with the descriptions of its secrets, or its `proxy.json`, and the rules of capture.

use std::collections::BTreeMap;

use meshc_contract::metadata::{DIGEST_ANNOTATION, MESH_LABEL, SOURCE_ANNOTATION, WORKLOAD_LABEL};
use meshc_contract::{ObjectRef, WorkloadRef};
use meshc_plan::{Injection, Manifest, Manifests, ProxyPlan};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::shared_config::SharedConfig;
use super::tree::Entry;
use super::{capture, name};
use crate::artifact::Content;
use crate::envoy::ResourceKind;
use crate::{Emitted, yaml};

/// The volume of it in pods.
pub(super) const CONFIG_VOLUME: &str = "meshc-config";

/// Files by key. The keys of a ConfigMap have no slash, so the path within the volume is kept beside.
pub(super) type Files = BTreeMap<String, (String, Content)>;

/// What a proxy and the containers before it read.
pub(super) struct ConfigMap {
    /// Its name, which is stable: a new version of it replaces the old one.
    pub(super) name: String,
    /// Digest of all that the proxy reads.
    pub(super) digest: String,
    workload: WorkloadRef,
    files: Files,
    /// Lists of resources that are read from other ConfigMaps.
    shared: Vec<SharedConfig>,
}

impl ConfigMap {
    /// What a proxy reads, but for what it reads from `shared`.
    pub(super) fn of(
        proxy: &ProxyPlan,
        injection: &Injection,
        emitted: &Emitted,
        shared: Vec<(ResourceKind, SharedConfig)>,
    ) -> Self {
        let (moved, shared): (Vec<ResourceKind>, Vec<SharedConfig>) = shared.into_iter().unzip();
        let proxy_files = emitted.files_without(&moved).into_iter().map(|(path, content)| {
            // What a path escapes with a percent sign is no key.
            // The file is read several times below, so it is put together once.
            let text = Content::from(content.to_text());
            (path.file_name().replace('%', "_"), (path.as_str().to_owned(), text))
        });
        let rules = injection.capture.iter().flat_map(capture::files);
        let rules = rules.map(|(file, text)| (file.to_owned(), (file.to_owned(), Content::from(text))));
        let files: Files = proxy_files.chain(rules).collect();
        let mut hashed = hashed(&files);
        for config in &shared {
            hashed.update(config.digest.as_bytes());
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
        self.files.values().map(|(_, content)| content.size()).sum()
    }

    /// The volume of pods that has the files at their paths. Files of several ConfigMaps are projected into one volume, in which
    /// they change together.
    pub(super) fn volume(&self) -> Value {
        let items = self.files.iter().map(|(key, (path, _))| json!({"key": key, "path": path}));
        let own = json!({"name": self.name, "items": items.collect::<Vec<_>>()});
        if self.shared.is_empty() {
            return json!({"name": CONFIG_VOLUME, "configMap": own});
        }
        let sources: Vec<Value> = std::iter::once(json!({"configMap": own}))
            .chain(self.shared.iter().map(SharedConfig::source))
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
        let content = object_text(&object, labels, annotations, &self.files);
        Entry { object, api_version: "v1".to_owned(), source: source.to_owned(), content }
    }
}

/// A ConfigMap of files, with these labels, these annotations and those that every such object needs.
pub(super) fn object_text(
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
    let mut content = Content::new();
    content.push(yaml::to_string(&head));
    content.push_fixed("data:\n");
    for (key, (_, file)) in files {
        write_value(&mut content, key, file);
    }
    content.to_text().into()
}

/// Writes an entry of `data`: line by line where nothing of it would be lost.
fn write_value(content: &mut Content, key: &str, file: &Content) {
    let mut lines = yaml::Lines::default();
    each(file, |text| lines.see(text));
    if lines.are_a_block() {
        content.push(format!("  {key}: |\n"));
        content.push_nested(file, 4);
    } else {
        let mut one = Content::new();
        one.push(yaml::to_string(&json!({ key: file.to_text() })));
        content.push_nested(&one, 2);
    }
}

/// Digest of files.
pub(super) fn digest(files: &Files) -> String {
    digest_text(hashed(files))
}

fn hashed(files: &Files) -> Sha256 {
    let mut hash = Sha256::new();
    for (key, (_, content)) in files {
        // Neither a key nor a file has a zero byte, so no two lists of files are hashed alike.
        hash.update(key.as_bytes());
        hash.update([0]);
        each(content, |text| hash.update(text.as_bytes()));
        hash.update([0]);
    }
    hash
}

fn digest_text(hash: Sha256) -> String {
    let start: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{start}")
}

fn each(content: &Content, mut take: impl FnMut(&str)) {
    let Ok(()) = content.for_each(&mut |text| {
        take(text);
        Ok::<(), std::convert::Infallible>(())
    });
}
