//! The nodes of one YAML document.

use std::sync::Arc;

use meshc_diagnostics::{FileId, Span};

use crate::Comment;

/// Index of a node in its tree.
pub(crate) type NodeId = u32;

/// One YAML document as an arena. Aliases stay edges, so that a small file stays a small tree.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) file: FileId,
    pub(crate) text: Arc<str>,
    pub(crate) nodes: Vec<Node>,
    /// Children of all collections: items of a list; keys and values in turn for a mapping.
    pub(crate) children: Vec<NodeId>,
    pub(crate) comments: Vec<Comment>,
}

/// A value with its place. A node is 32 bytes, because a large mesh has millions.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// What a node is, after the scalar rules of kubectl.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Str(Text),
    List { first: u32, len: u32 },
    Map { first: u32, len: u32 },
    Alias(NodeId),
}

/// The text of a string.
#[derive(Debug, Clone)]
pub(crate) enum Text {
    /// Stands literally in the source, at these bytes.
    Source(u32, u32),
    /// Differs from the source: escapes, folded lines, converted keys.
    Own(Box<str>),
}

impl Tree {
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    /// The node behind an alias; an alias never points to another alias.
    pub(crate) fn target(&self, id: NodeId) -> NodeId {
        match self.node(id).kind {
            Kind::Alias(target) => target,
            _ => id,
        }
    }

    pub(crate) fn span(&self, id: NodeId) -> Span {
        let node = self.node(id);
        Span { file: self.file, start: node.start, end: node.end }
    }

    pub(crate) fn text<'t>(&'t self, text: &'t Text) -> &'t str {
        match text {
            Text::Source(start, end) => self.text.get(*start as usize..*end as usize).unwrap_or(""),
            Text::Own(text) => text,
        }
    }

    /// The string of a node, empty for anything else. Keys are strings after `entries`.
    pub(crate) fn str(&self, id: NodeId) -> &str {
        match &self.node(self.target(id)).kind {
            Kind::Str(text) => self.text(text),
            _ => "",
        }
    }

    pub(crate) fn children(&self, first: u32, len: u32) -> &[NodeId] {
        &self.children[first as usize..(first + len) as usize]
    }
}
