//! Puts objects into files.

use std::collections::BTreeMap;

use meshc_contract::ObjectRef;

use super::kustomization::{self, HEADER};
use super::path::{self, Folder};
use crate::artifact::{ArtifactPath, ArtifactSet, Content};
use crate::release::{self, Written};
use crate::steps::Steps;

/// An object that is written.
pub(super) struct Entry {
    pub(super) object: ObjectRef,
    /// Its `apiVersion`.
    pub(super) api_version: String,
    /// The file of the input that it was made from; may be empty.
    pub(super) source: String,
    /// The object, without the first lines of its file.
    pub(super) content: Content,
}

/// All objects by folder. Of two with one identity, the later one counts.
#[derive(Default)]
pub(super) struct Tree {
    folders: BTreeMap<Folder, BTreeMap<ObjectRef, Entry>>,
}

impl Tree {
    pub(super) fn add(&mut self, entry: Entry) {
        self.folders.entry(Folder::of(&entry.object)).or_default().insert(entry.object.clone(), entry);
    }

    /// The files, with a kustomization in every folder, and the release manifest of a mesh.
    pub(super) fn into_artifacts(self, mesh: &str, steps: &impl Steps) -> ArtifactSet {
        let mut artifacts = ArtifactSet::new();
        let mut entries_by_path = Vec::new();
        let mut folders = Vec::new();
        for (folder, entries) in self.folders {
            let parts = folder.parts();
            let path = |file: &str| {
                ArtifactPath::new(std::iter::once("k8s").chain(parts.iter().copied()).chain([file]))
            };
            let mut files = files(entries);
            files.sort_by(|(a_file, a), (b_file, b)| {
                (kustomization::rank(&a.object), a_file).cmp(&(kustomization::rank(&b.object), b_file))
            });
            let names: Vec<String> = files.iter().map(|(file, _)| file.clone()).collect();
            entries_by_path.extend(files.into_iter().map(|(file, entry)| (path(&file), entry)));
            artifacts.insert(path(KUSTOMIZATION), kustomization::kustomization(&names));
            folders.push(parts.join("/"));
        }
        let files = steps.each(&entries_by_path, |(_, entry)| {
            let content = written(entry);
            (release::sha256(&content), content)
        });
        let mut objects = Vec::new();
        for ((path, entry), (sha256, content)) in entries_by_path.into_iter().zip(files) {
            let Entry { object, api_version, source: _, content: _ } = entry;
            objects.push(Written { object, api_version, path: path.clone(), sha256 });
            artifacts.insert(path, content);
        }
        if !folders.is_empty() {
            artifacts.insert(ArtifactPath::new(["k8s", KUSTOMIZATION]), kustomization::root(&folders));
            release::emit(&release::manifest(mesh, objects), &mut artifacts);
        }
        artifacts
    }
}

const KUSTOMIZATION: &str = "kustomization.yaml";

/// Names the files of a folder. The group is part of a name only where it tells two objects apart.
fn files(entries: BTreeMap<ObjectRef, Entry>) -> Vec<(String, Entry)> {
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for object in entries.keys() {
        *uses.entry(path::file(object)).or_default() += 1;
    }
    let named = |(object, entry): (ObjectRef, Entry)| {
        let short = path::file(&object);
        let shared = uses.get(&short).is_some_and(|count| *count > 1) && !object.group.is_empty();
        (if shared { path::file_with_group(&object) } else { short }, entry)
    };
    entries.into_iter().map(named).collect()
}

/// The file of an object: lines that say where it comes from, and the object.
fn written(entry: &Entry) -> Content {
    let Entry { object: _, api_version: _, source, content } = entry;
    // A line break in a path would end the comment.
    let source: String = source.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    let mut file = Content::new();
    file.push_fixed(HEADER);
    if !source.is_empty() {
        file.push(format!("# source: {source}\n"));
    }
    file.push_nested(content, 0);
    file
}
