//! Reading access to the values of a document.

use meshc_diagnostics::Span;

use crate::tree::{Kind, NodeId, Tree};

/// A value of a document, together with its place.
///
/// An alias reads as the value that it names, but its own place is where the alias stands.
#[derive(Debug, Clone, Copy)]
pub struct NodeRef<'d> {
    tree: &'d Tree,
    id: NodeId,
}

/// What a node is: the JSON value that kubectl makes of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'d> {
    /// Null, also an empty value.
    Null,
    /// A boolean, also `yes`, `on` and their like.
    Bool(bool),
    /// A whole number, also one written as `1e3` or `5.0`.
    Int(i64),
    /// A whole number above `i64::MAX`.
    UInt(u64),
    /// Any other number; always finite.
    Float(f64),
    /// A string.
    Str(&'d str),
    /// A list; see [`NodeRef::items`].
    List,
    /// A mapping; see [`NodeRef::entries`].
    Map,
}

/// One entry of a mapping.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'d> {
    /// The key, as the JSON string that kubectl makes of it.
    pub key: &'d str,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: NodeRef<'d>,
}

impl<'d> NodeRef<'d> {
    pub(crate) fn new(tree: &'d Tree, id: NodeId) -> Self {
        Self { tree, id }
    }

    /// The value, or that it is a list or mapping.
    #[must_use]
    pub fn value(self) -> Value<'d> {
        match &self.tree.node(self.target()).kind {
            Kind::Null | Kind::Alias(_) => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Int(value) => Value::Int(*value),
            Kind::UInt(value) => Value::UInt(*value),
            Kind::Float(value) => Value::Float(*value),
            Kind::Str(text) => Value::Str(self.tree.text(text)),
            Kind::List { .. } => Value::List,
            Kind::Map { .. } => Value::Map,
        }
    }

    /// The text of a string; `None` for everything else, also for numbers and booleans.
    #[must_use]
    pub fn as_str(self) -> Option<&'d str> {
        match self.value() {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is null.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.value() == Value::Null
    }

    /// Entries of a mapping in the order in which they are written; each key once. Empty for everything else.
    pub fn entries(self) -> impl ExactSizeIterator<Item = Entry<'d>> + Clone {
        let children = match &self.tree.node(self.target()).kind {
            Kind::Map { first, len } => self.tree.children(*first, *len),
            _ => &[],
        };
        children.chunks_exact(2).map(move |pair| Entry {
            key: self.tree.str(pair[0]),
            key_span: self.tree.span(pair[0]),
            value: NodeRef { tree: self.tree, id: pair[1] },
        })
    }

    /// Items of a list. Empty for everything else.
    pub fn items(self) -> impl ExactSizeIterator<Item = NodeRef<'d>> + Clone {
        let children = match &self.tree.node(self.target()).kind {
            Kind::List { first, len } => self.tree.children(*first, *len),
            _ => &[],
        };
        children.iter().map(move |id| NodeRef { tree: self.tree, id: *id })
    }

    /// The entry of a mapping with this key.
    #[must_use]
    pub fn entry(self, key: &str) -> Option<Entry<'d>> {
        self.entries().find(|entry| entry.key == key)
    }

    /// The value of a mapping with this key.
    #[must_use]
    pub fn get(self, key: &str) -> Option<NodeRef<'d>> {
        self.entry(key).map(|entry| entry.value)
    }

    /// Where it stands: a string with its quotes, brackets with what is between them, a block from its first to its
    /// last value. Empty for an empty value.
    #[must_use]
    pub fn span(self) -> Span {
        self.tree.span(self.id)
    }

    /// Where the value stands that an alias names; the same as [`NodeRef::span`] for everything else.
    #[must_use]
    pub fn target_span(self) -> Span {
        self.tree.span(self.target())
    }

    /// The same number for the same value of one document, aliases followed; for visited sets.
    #[must_use]
    pub fn identity(self) -> u32 {
        self.target()
    }

    /// A short place to show for the node: a scalar as a whole, of a collection its first line.
    #[must_use]
    pub fn headline(self) -> Span {
        let mut span = self.span();
        let first = self.written().lines().next().unwrap_or("").trim_end();
        span.end = span.start + u32::try_from(first.len()).unwrap_or(0);
        span
    }

    /// The node as it is written in its file; empty for an empty value.
    #[must_use]
    pub fn written(self) -> &'d str {
        let span = self.span();
        self.tree.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    fn target(self) -> NodeId {
        self.tree.target(self.id)
    }
}
