//! The objects of a cluster.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::data::data;
use super::types::Metadata;
use crate::LiveError;

/// A Kubernetes object.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) kind: String,
    pub(crate) metadata: Metadata,
    /// The whole object.
    pub(crate) value: Value,
    /// Where it was read.
    pub(crate) path: PathBuf,
}

/// All objects, in the order of their files.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cluster {
    pub(crate) objects: Vec<Object>,
}

impl Cluster {
    /// Reads every manifest below a folder.
    pub(crate) fn read(&mut self, folder: &Path) -> Result<(), LiveError> {
        let mut files = Vec::new();
        list(folder, &mut files)?;
        files.sort();
        for path in files {
            let text = std::fs::read_to_string(&path).map_err(LiveError::io("read", &path))?;
            self.add(&text, &path)?;
        }
        Ok(())
    }

    /// Adds the object of a manifest.
    pub(crate) fn add(&mut self, text: &str, path: &Path) -> Result<(), LiveError> {
        let value: Value = serde_saphyr::from_str(text).map_err(|error| LiveError::invalid(path, error))?;
        let kind = value["kind"].as_str().unwrap_or_default().to_owned();
        if kind == "Kustomization" {
            return Ok(());
        }
        let metadata = Metadata::deserialize_from(&value["metadata"])
            .map_err(|error| LiveError::invalid(path, error))?;
        self.objects.push(Object { kind, metadata, value, path: path.to_owned() });
        Ok(())
    }

    /// The objects of a kind.
    pub(crate) fn of_kind<'c>(&'c self, kind: &'c str) -> impl Iterator<Item = &'c Object> {
        self.objects.iter().filter(move |object| object.kind == kind)
    }

    /// The content of a ConfigMap or Secret, if there is one.
    pub(crate) fn data(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<BTreeMap<String, Vec<u8>>>, LiveError> {
        self.of_kind(kind)
            .find(|object| object.namespace() == namespace && object.metadata.name == name)
            .map(data)
            .transpose()
    }
}

impl Object {
    /// The namespace, `default` where none is stated.
    pub(crate) fn namespace(&self) -> &str {
        self.metadata.namespace.as_deref().unwrap_or("default")
    }

    /// A part of the object as a type of this module.
    pub(crate) fn part<T: DeserializeOwned>(&self, part: &Value) -> Result<T, LiveError> {
        serde_json::from_value(part.clone()).map_err(|error| LiveError::invalid(&self.path, error))
    }
}

impl Metadata {
    fn deserialize_from(value: &Value) -> Result<Self, serde_json::Error> {
        serde_json::from_value(value.clone())
    }
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), LiveError> {
    for entry in std::fs::read_dir(folder).map_err(LiveError::io("read", folder))? {
        let path = entry.map_err(LiveError::io("read", folder))?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            files.push(path);
        }
    }
    Ok(())
}
