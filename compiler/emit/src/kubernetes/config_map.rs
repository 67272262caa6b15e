//! The ConfigMap of a proxy: its bootstrap with the descriptions of its secrets, or its `proxy.json`, and the rules of capture.

use std::collections::BTreeMap;

use meshc_contract::metadata::{DIGEST_ANNOTATION, MESH_LABEL, SOURCE_ANNOTATION, WORKLOAD_LABEL};
use meshc_contract::{ObjectRef, WorkloadRef};
use meshc_plan::{Injection, Manifest, Manifests, ProxyPlan};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::tree::Entry;
use super::{capture, name};
use crate::artifact::Content;
use crate::{Emitted, yaml};

/// The volume of it in pods.
pub(super) const CONFIG_VOLUME: &str = "meshc-config";

/// What a proxy and the containers before it read.
pub(super) struct ConfigMap {
    /// Its name, which is stable: a new version of it replaces the old one.
    pub(super) name: String,
    /// Digest of its content.
    pub(super) digest: String,
    workload: WorkloadRef,
    /// Files by key. The keys of a ConfigMap have no slash, so the path within the volume is kept beside.
    files: BTreeMap<String, (String, Content)>,
}

impl ConfigMap {
    pub(super) fn of(proxy: &ProxyPlan, injection: &Injection, emitted: &Emitted) -> Self {
        let proxy_files = emitted.files().into_iter().map(|(path, content)| {
            // What a path escapes with a percent sign is no key.
            (path.file_name().replace('%', "_"), (path.as_str().to_owned(), content))
        });
        let rules = injection.capture.iter().flat_map(capture::files);
        let rules = rules.map(|(file, text)| (file.to_owned(), (file.to_owned(), Content::from(text))));
        let files: BTreeMap<String, (String, Content)> = proxy_files.chain(rules).collect();
        Self {
            name: name::derived(&proxy.workload.name, "-mesh"),
            digest: digest(&files),
            workload: proxy.workload.clone(),
            files,
        }
    }

    /// The volume of pods that has the files at their paths.
    pub(super) fn volume(&self) -> Value {
        let items = self.files.iter().map(|(key, (path, _))| json!({"key": key, "path": path}));
        json!({
            "name": CONFIG_VOLUME,
            "configMap": {"name": self.name, "items": items.collect::<Vec<_>>()},
        })
    }

    /// The object, and the size of its content in bytes.
    pub(super) fn entry(&self, manifests: &Manifests, manifest: &Manifest) -> (Entry, usize) {
        let source = manifests.file(&manifest.origin).unwrap_or_default();
        let WorkloadRef { namespace, name: workload } = &self.workload;
        let mesh = name::label_value(&manifests.mesh);
        let head = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": self.name,
                "namespace": namespace,
                "labels": {
                    "app.kubernetes.io/managed-by": "meshc",
                    "app.kubernetes.io/part-of": mesh,
                    "app.kubernetes.io/component": "proxy-config",
                    MESH_LABEL: mesh,
                    WORKLOAD_LABEL: name::label_value(workload),
                },
                "annotations": {
                    // Pods that do not find it wait; it must not come after them.
                    "argocd.argoproj.io/sync-wave": "-10",
                    // Flux would replace what looks like a variable.
                    "kustomize.toolkit.fluxcd.io/substitute": "disabled",
                    DIGEST_ANNOTATION: self.digest,
                    SOURCE_ANNOTATION: source,
                },
            },
        });
        let mut content = Content::new();
        content.push(yaml::to_string(&head));
        content.push_fixed("data:\n");
        let mut size = 0;
        for (key, (_, file)) in &self.files {
            size += write_value(&mut content, key, file);
        }
        let object = ObjectRef {
            group: String::new(),
            kind: "ConfigMap".to_owned(),
            namespace: namespace.clone(),
            name: self.name.clone(),
        };
        (Entry { object, api_version: "v1".to_owned(), source: source.to_owned(), content }, size)
    }
}

/// Writes an entry of `data` and returns the size of its value: line by line where nothing of it would be lost.
fn write_value(content: &mut Content, key: &str, file: &Content) -> usize {
    let mut lines = yaml::Lines::default();
    let mut size = 0;
    each(file, |text| {
        lines.see(text);
        size += text.len();
    });
    if lines.are_a_block() {
        content.push(format!("  {key}: |\n"));
        content.push_nested(file, 4);
    } else {
        let mut one = Content::new();
        one.push(yaml::to_string(&json!({ key: file.to_text() })));
        content.push_nested(&one, 2);
    }
    size
}

fn digest(files: &BTreeMap<String, (String, Content)>) -> String {
    let mut hash = Sha256::new();
    for (key, (_, content)) in files {
        // Neither a key nor a file has a zero byte, so no two lists of files are hashed alike.
        hash.update(key.as_bytes());
        hash.update([0]);
        each(content, |text| hash.update(text.as_bytes()));
        hash.update([0]);
    }
    let start: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{start}")
}

fn each(content: &Content, mut take: impl FnMut(&str)) {
    let Ok(()) = content.for_each(&mut |text| {
        take(text);
        Ok::<(), std::convert::Infallible>(())
    });
}
