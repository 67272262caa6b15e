//! One Kubernetes object as it was read.

use std::sync::Arc;

use meshc_diagnostics::{FileId, Span};
use serde::de::DeserializeOwned;

use crate::decode::{self, DecodeError};
use crate::tree::{NodeId, Tree};
use crate::{Comment, NodeRef, Value, path};

/// A document: one object of a file, or one item of a `List`.
///
/// Its root is a mapping. Nothing else is certain: `kind` and `metadata` may be missing.
#[derive(Debug, Clone)]
pub struct Document {
    tree: Arc<Tree>,
    root: NodeId,
    /// Version and kind that an item of a typed list (`ServiceList`) takes from its list.
    from_list: Option<Arc<TypeOfItems>>,
}

/// What a typed list says about items that do not say it themselves.
#[derive(Debug)]
pub(crate) struct TypeOfItems {
    pub(crate) api_version: String,
    pub(crate) kind: String,
}

impl Document {
    pub(crate) fn new(tree: Arc<Tree>, root: NodeId) -> Self {
        Self { tree, root, from_list: None }
    }

    pub(crate) fn item(&self, item: NodeRef<'_>, from_list: Option<Arc<TypeOfItems>>) -> Self {
        Self { tree: Arc::clone(&self.tree), root: item.identity(), from_list }
    }

    /// The file in which it stands.
    #[must_use]
    pub fn file(&self) -> FileId {
        self.tree.file
    }

    /// The text of that file, which spans index.
    #[must_use]
    pub fn file_text(&self) -> &Arc<str> {
        &self.tree.text
    }

    /// The mapping that is the object.
    #[must_use]
    pub fn root(&self) -> NodeRef<'_> {
        NodeRef::new(&self.tree, self.root)
    }

    /// The node under a path; `None` if there is none. A value that is null is a node.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<NodeRef<'_>> {
        Some(path::find(self.root(), path)).filter(|found| found.whole).map(|found| found.node)
    }

    /// `apiVersion`, if it is a string.
    #[must_use]
    pub fn api_version(&self) -> Option<&str> {
        let inherited = self.from_list.as_deref().map(|list| list.api_version.as_str());
        self.get("apiVersion").and_then(NodeRef::as_str).or(inherited)
    }

    /// `kind`, if it is a string.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        let inherited = self.from_list.as_deref().map(|list| list.kind.as_str());
        self.get("kind").and_then(NodeRef::as_str).or(inherited)
    }

    /// `metadata.name`, if it is a string.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.get("metadata.name").and_then(NodeRef::as_str)
    }

    /// `metadata.namespace`, if it is a string.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.get("metadata.namespace").and_then(NodeRef::as_str)
    }

    /// Where the value under a path stands, as `spec.http[0].route[1].destination.host`; keys with dots are written
    /// `metadata.annotations["a.b/c"]`.
    ///
    /// The empty path is the object itself, shown by its name. An empty value has no place to show, so its key is given. If the path does not exist, its nearest existing
    /// ancestor is: the key of that, or where the object has its name.
    #[must_use]
    pub fn span(&self, path: &str) -> Span {
        let found = path::find(self.root(), path);
        let span = found.node.span();
        if found.whole && span.start < span.end && found.node.identity() != self.root {
            return span;
        }
        found.key.unwrap_or_else(|| {
            if found.node.identity() == self.root { self.headline() } else { found.node.headline() }
        })
    }

    /// Where the key of the value under a path stands; for a list item, the item itself. Falls back as
    /// [`Document::span`] does.
    #[must_use]
    pub fn key_span(&self, path: &str) -> Span {
        let found = path::find(self.root(), path);
        found.key.filter(|_| found.whole).unwrap_or_else(|| self.span(path))
    }

    /// A short place that stands for the whole object: its name, else its kind, else its first line.
    #[must_use]
    pub fn headline(&self) -> Span {
        let named = ["metadata.name", "kind"].into_iter().find_map(|path| self.get(path));
        named.filter(|node| node.as_str().is_some()).unwrap_or_else(|| self.root()).headline()
    }

    /// The path that a JSON pointer (`/spec/http/0/timeout`) names in this document.
    #[must_use]
    pub fn path_of_pointer(&self, pointer: &str) -> String {
        path::from_pointer(self.root(), pointer)
    }

    /// Comments of the YAML document that holds it, in order; for items of a list, those of the whole list.
    #[must_use]
    pub fn comments(&self) -> &[Comment] {
        &self.tree.comments
    }

    /// Reads the whole object into a type.
    ///
    /// As the API server has it, a field of a struct that is null is absent, and a number or boolean is no string.
    ///
    /// # Errors
    /// The first value that does not fit, with its place and its path.
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        decode::decode(self.root(), Some(self.headline()), String::new())
    }

    /// Reads the value under a path into a type; `None` if it is absent or null.
    ///
    /// # Errors
    /// The first value that does not fit, with its place and its path.
    pub fn deserialize_at<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, DecodeError> {
        let found = path::find(self.root(), path);
        if !found.whole || found.node.is_null() {
            return Ok(None);
        }
        decode::decode(found.node, found.key, path.to_owned()).map(Some)
    }

    /// The object as JSON, as kubectl would send it. Loading has bounded its size, aliases followed.
    #[must_use]
    pub fn to_value(&self) -> serde_json::Value {
        self.root().to_value()
    }
}

impl NodeRef<'_> {
    /// The node as JSON.
    #[must_use]
    pub fn to_value(self) -> serde_json::Value {
        match self.value() {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => value.into(),
            Value::Int(value) => value.into(),
            Value::UInt(value) => value.into(),
            Value::Float(value) => value.into(),
            Value::Str(text) => text.into(),
            Value::List => self.items().map(NodeRef::to_value).collect(),
            Value::Map => {
                self.entries().map(|entry| (entry.key.to_owned(), entry.value.to_value())).collect()
            }
        }
    }
}
