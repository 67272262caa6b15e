//! Lists of resources that stand in ConfigMaps of their own: those that several proxies of a namespace have alike, so that they
//! are stored, reviewed and changed once, and those for which the ConfigMap of a proxy has no room.
//!
//! Their names are as stable as those of the other ConfigMaps: a pod that starts again in the middle of a rollout finds all of
//! its configuration in one version.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_contract::ObjectRef;
use meshc_contract::metadata::{DIGEST_ANNOTATION, MESH_LABEL};
use meshc_diagnostics::{Diagnostic, Diagnostics, Origin, codes};
use meshc_plan::{Manifest, Manifests};
use serde_json::{Value, json};

use super::config_map::{self, File, Files};
use super::tree::Entry;
use super::{LARGEST_OBJECT, at_origin, name};
use crate::Emitted;
use crate::envoy::ResourceList;

/// Least size of a list that is worth a ConfigMap of its own, in bytes. Smaller ones are easier to read in the bootstrap, and a
/// proxy that reads files of resources watches each of them, which nodes allow a limited number of.
const WORTH_SHARING: usize = 32 * 1024;

/// A list of a namespace, told by where it is in memory.
type Key<'p> = (&'p str, usize);

/// All of them.
#[derive(Default)]
pub(super) struct SharedConfigs<'p> {
    lists: BTreeMap<Key<'p>, Users<'p>>,
    moved: BTreeMap<Key<'p>, Arc<SharedConfig>>,
}

/// The workloads whose proxies have a list, in the order of their objects.
struct Users<'p> {
    list: &'p ResourceList,
    manifests: Vec<&'p Manifest>,
    workloads: Vec<&'p str>,
}

/// The ConfigMap of a list.
pub(super) struct SharedConfig {
    pub(super) name: String,
    pub(super) digest: String,
    pub(super) file: &'static str,
    size: usize,
    files: Files,
}

impl<'p> SharedConfigs<'p> {
    /// Notes what a proxy has.
    pub(super) fn add(&mut self, manifest: &'p Manifest, workload: &'p str, emitted: &'p Emitted) {
        for list in emitted.lists() {
            let key = (manifest.object.namespace.as_str(), list.address());
            let users = self.lists.entry(key).or_insert_with(|| Users {
                list,
                manifests: Vec::new(),
                workloads: Vec::new(),
            });
            users.manifests.push(manifest);
            users.workloads.push(workload);
        }
    }

    /// The ConfigMap of a list that a proxy has, if it is worth one.
    pub(super) fn of(&mut self, namespace: &'p str, list: &ResourceList) -> Option<Arc<SharedConfig>> {
        let key = (namespace, list.address());
        let several = self.lists.get(&key).is_some_and(|users| users.workloads.len() > 1);
        (several && list.bytes() >= WORTH_SHARING).then(|| self.moved(key)).flatten()
    }

    /// The ConfigMap of a list that the proxy's own has no room for.
    pub(super) fn make_room(&mut self, namespace: &'p str, list: &ResourceList) -> Option<Arc<SharedConfig>> {
        self.moved((namespace, list.address()))
    }

    fn moved(&mut self, key: Key<'p>) -> Option<Arc<SharedConfig>> {
        if let Some(known) = self.moved.get(&key) {
            return Some(Arc::clone(known));
        }
        let Users { list, workloads, .. } = self.lists.get(&key)?;
        let kind = list.kind();
        let text = list.file(LARGEST_OBJECT).to_text();
        let (size, path) = (text.len(), kind.file_name().to_owned());
        // What is not written need not be kept.
        let text = if size > LARGEST_OBJECT { String::new() } else { text };
        let files = Files::from([(path.clone(), File::new(path, text))]);
        let first = workloads.first().copied().unwrap_or_default();
        let made = Arc::new(SharedConfig {
            name: name::derived(first, &format!("-mesh-{}", kind.word())),
            digest: config_map::digest(&files),
            file: kind.file_name(),
            size,
            files,
        });
        self.moved.insert(key, Arc::clone(&made));
        Some(made)
    }

    /// The objects. A list that is too large for one is a finding, which names the proxies, and no object.
    pub(super) fn entries(
        self,
        manifests: &Manifests,
        diagnostics: &mut Diagnostics,
    ) -> Vec<(Entry, &'p Origin)> {
        let Self { lists, moved } = self;
        let mut entries = Vec::new();
        for (key, config) in moved {
            let Some(users) = lists.get(&key) else { continue };
            if config.size > LARGEST_OBJECT {
                diagnostics.push(too_large(users, config.size));
            } else {
                let origin = users.manifests.first().map(|manifest| &manifest.origin);
                entries.extend(origin.map(|origin| (config.entry(key.0, manifests), origin)));
            }
        }
        entries
    }
}

impl SharedConfig {
    /// The part of a projected volume that has its file.
    pub(super) fn source(&self) -> Value {
        json!({"configMap": {"name": self.name, "items": [{"key": self.file, "path": self.file}]}})
    }

    fn entry(&self, namespace: &str, manifests: &Manifests) -> Entry {
        let mesh = name::label_value(&manifests.mesh);
        let labels = json!({
            "app.kubernetes.io/managed-by": "meshc",
            "app.kubernetes.io/part-of": mesh,
            "app.kubernetes.io/component": "shared-proxy-config",
            MESH_LABEL: mesh,
        });
        let annotations = json!({DIGEST_ANNOTATION: self.digest});
        let object = ObjectRef {
            group: String::new(),
            kind: "ConfigMap".to_owned(),
            namespace: namespace.to_owned(),
            name: self.name.clone(),
        };
        let content = config_map::with_files(&object, labels, annotations, &self.files);
        Entry { object, api_version: "v1".to_owned(), source: String::new(), content }
    }
}

/// How many proxies a finding names.
const NAMED: usize = 5;

fn too_large(users: &Users<'_>, size: usize) -> Diagnostic {
    let Users { list, manifests, workloads: _ } = users;
    let word = list.kind().word();
    let mut named: Vec<String> =
        manifests.iter().take(NAMED).map(|manifest| manifest.object.to_string()).collect();
    match manifests.len().saturating_sub(NAMED) {
        0 => {}
        more => named.push(format!("{more} more")),
    }
    let of = match named.as_slice() {
        [] => String::new(),
        [only] => format!("the proxy of {only}"),
        [first @ .., last] => format!("the proxies of {} and {last}", first.join(", ")),
    };
    let message = format!("{of} would be given {size} bytes of {word}");
    let finding = Diagnostic::new(&codes::OBJECT_TOO_LARGE, message)
        .consequence(format!("Kubernetes stores no ConfigMap of more than {LARGEST_OBJECT} bytes"))
        .help(super::NARROW);
    match manifests.first() {
        Some(manifest) => at_origin(finding, &manifest.origin),
        None => finding,
    }
}
