//! The Kubernetes objects of the input, which are emitted again.

use std::collections::BTreeMap;

use meshc_contract::ObjectRef;
use meshc_diagnostics::{FileId, Origin};
use serde_json::Value;

use crate::Injection;

/// All objects that are emitted again. Those of Istio and of Gateway API are not among them: they are compiled away.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifests {
    /// Name of the mesh (`meshId`, else the trust domain).
    pub mesh: String,
    /// DNS domain of the cluster, `cluster.local` by default.
    pub domain: String,
    /// Paths of the files of the input, as people know them.
    pub files: BTreeMap<FileId, String>,
    /// The objects, sorted by what identifies them.
    pub objects: Vec<Manifest>,
}

impl Manifests {
    /// The file in which something is declared; `None` for what a default rule made.
    #[must_use]
    pub fn file(&self, origin: &Origin) -> Option<&str> {
        match origin {
            Origin::Declared { object: _, span } => self.files.get(&span.file).map(String::as_str),
            Origin::Default { rule: _ } => None,
        }
    }
}

/// One object of the input.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// What identifies it.
    pub object: ObjectRef,
    /// The object. Where its kind lives in a namespace, the namespace is stated.
    pub value: Value,
    /// Where in the tree.
    pub origin: Origin,
    /// The proxy that its pods get.
    pub injection: Option<Injection>,
}
