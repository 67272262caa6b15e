//! Builds the tree of one YAML document from parser events.

mod keys;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_diagnostics::{Diagnostic, FileId, Span, codes};

use crate::comment::{Comment, Placement};
use crate::fault::{Fault, excessive_aliasing};
use crate::scalar::{self, Scalar, Tag};
use crate::tree::{Kind, Node, NodeId, Text, Tree};

/// Deepest nesting, aliases followed. The parser has the same limit for what is written.
const MAX_DEPTH: u32 = 255;
/// How many nodes a document may have once aliases are followed: a share of what is written, as kubectl has it
/// ("excessive aliasing" beyond 99 %), with room for small documents, and an end for large ones.
const ALIAS_FACTOR: u64 = 100;
const ALIAS_FLOOR: u64 = 10_000;
const ALIAS_CEILING: u64 = 4_000_000;

/// A scalar as the parser sees it.
pub(crate) struct ScalarEvent<'t> {
    pub(crate) text: Cow<'t, str>,
    /// Without quotes and not a block scalar.
    pub(crate) plain: bool,
    pub(crate) tag: Option<Tag>,
    /// Zero for none.
    pub(crate) anchor: usize,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// A list or mapping that begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Open {
    pub(crate) mapping: bool,
    /// With brackets, whose closing one ends the span.
    pub(crate) flow: bool,
    pub(crate) anchor: usize,
    pub(crate) start: u32,
}

/// Size and height of a subtree, aliases followed.
#[derive(Debug, Clone, Copy)]
struct Extent {
    nodes: u64,
    depth: u32,
}

const LEAF: Extent = Extent { nodes: 1, depth: 1 };

struct Frame {
    open: Open,
    node: NodeId,
    /// Where its children begin in `pending`.
    first: usize,
    extent: Extent,
}

struct Anchor {
    node: NodeId,
    /// `None` while the anchored collection is still open.
    extent: Option<Extent>,
}

/// The tree of one document while its events arrive.
pub(crate) struct Builder {
    tree: Tree,
    frames: Vec<Frame>,
    /// Children of all open collections.
    pending: Vec<NodeId>,
    anchors: BTreeMap<usize, Anchor>,
    merged: u64,
    /// The alias that stands for the most nodes.
    largest_alias: Option<(u64, NodeId)>,
    root: Option<(NodeId, Extent)>,
    pub(crate) warnings: Vec<Diagnostic>,
}

impl Builder {
    pub(crate) fn new(file: FileId, text: Arc<str>) -> Self {
        let tree = Tree { file, text, nodes: Vec::new(), children: Vec::new(), comments: Vec::new() };
        Self {
            tree,
            frames: Vec::new(),
            pending: Vec::new(),
            anchors: BTreeMap::new(),
            merged: 0,
            largest_alias: None,
            root: None,
            warnings: Vec::new(),
        }
    }

    pub(crate) fn comment(&mut self, comment: Comment) {
        self.tree.comments.push(comment);
    }

    pub(crate) fn into_comments(self) -> Vec<Comment> {
        self.tree.comments
    }

    pub(crate) fn scalar(&mut self, event: ScalarEvent<'_>) -> Result<(), Fault> {
        let ScalarEvent { text, plain, tag, anchor, mut start, mut end } = event;
        let value = if start == end && plain && tag.is_none() {
            // The parser places an empty value on the colon before it.
            if self.tree.text.as_bytes().get(start as usize) == Some(&b':') {
                (start, end) = (start + 1, end + 1);
            }
            Scalar::Null
        } else {
            let value = match tag {
                Some(tag) => scalar::tagged(tag, &text),
                None if plain => scalar::plain(&text),
                None => Ok(Scalar::Str),
            };
            value.map_err(|message| self.scalar_fault(message, start, end))?
        };
        let kind = match value {
            Scalar::Null => Kind::Null,
            Scalar::Bool(value) => Kind::Bool(value),
            Scalar::Int(value) => Kind::Int(value),
            Scalar::UInt(value) => Kind::UInt(value),
            Scalar::Float(value) => Kind::Float(value),
            Scalar::Str => Kind::Str(self.place_text(text, start, end)),
            Scalar::Decoded(text) => Kind::Str(Text::Own(text.into())),
        };
        let node = self.push(kind, start, end)?;
        self.anchor(anchor, node, Some(LEAF));
        self.attach(node, LEAF);
        Ok(())
    }

    pub(crate) fn open(&mut self, open: Open) -> Result<(), Fault> {
        let node = self.push(Kind::Null, open.start, open.start)?;
        self.anchor(open.anchor, node, None);
        self.pending_child(node);
        self.frames.push(Frame { open, node, first: self.pending.len(), extent: LEAF });
        Ok(())
    }

    pub(crate) fn close(&mut self, end: u32) -> Result<(), Fault> {
        let Some(Frame { open, node, first, extent }) = self.frames.pop() else { return Ok(()) };
        let children = self.pending.split_off(first);
        // The parser ends a block collection where the next token starts; people see it end with its last child.
        let end = if open.flow {
            end
        } else {
            children.iter().map(|id| self.tree.node(*id).end).fold(open.start, u32::max)
        };
        let children = if open.mapping { self.entries(&children)? } else { children };
        let len = u32::try_from(children.len()).unwrap_or(u32::MAX);
        let first = u32::try_from(self.tree.children.len()).unwrap_or(u32::MAX);
        self.tree.children.extend(children);
        let kind = if open.mapping { Kind::Map { first, len } } else { Kind::List { first, len } };
        self.tree.nodes[node as usize] = Node { kind, start: open.start, end };
        self.anchor(open.anchor, node, Some(extent));
        if extent.depth > MAX_DEPTH {
            let span = self.tree.span(node);
            return Err(Fault::new(
                &codes::NESTED_TOO_DEEP,
                "the values are nested too deeply",
                span,
                "from here on",
            ));
        }
        self.grow(node, extent);
        Ok(())
    }

    pub(crate) fn alias(&mut self, anchor: usize, start: u32, end: u32) -> Result<(), Fault> {
        let span = self.span(start, end);
        let Some((target, extent)) = self.anchors.get(&anchor).map(|anchor| (anchor.node, anchor.extent))
        else {
            return Err(Fault::new(
                &codes::YAML_SYNTAX,
                "alias of an unknown anchor",
                span,
                "no anchor has this name",
            ));
        };
        let Some(extent) = extent else {
            let message = "the anchored value contains itself";
            return Err(Fault::new(
                &codes::EXCESSIVE_ALIASING,
                message,
                span,
                "this alias stands inside its own anchor",
            ));
        };
        let node = self.push(Kind::Alias(target), start, end)?;
        if self.largest_alias.is_none_or(|(nodes, _)| extent.nodes > nodes) {
            self.largest_alias = Some((extent.nodes, node));
        }
        self.attach(node, extent);
        Ok(())
    }

    /// The finished tree and its root; `None` for a document without any node.
    pub(crate) fn finish(mut self) -> Result<Option<(Tree, NodeId)>, Fault> {
        let Some((root, extent)) = self.root else { return Ok(None) };
        let written = self.tree.nodes.len() as u64;
        let limit = (written * ALIAS_FACTOR + ALIAS_FLOOR).min(ALIAS_CEILING + written);
        if extent.nodes > limit {
            return Err(self.aliasing_fault(self.largest_alias.map_or(root, |(_, alias)| alias)));
        }
        let end = self.tree.node(root).end;
        // The parser sees the end of the document below the last comment; people see nothing.
        for comment in self.tree.comments.iter_mut().filter(|comment| comment.span.start >= end) {
            if comment.placement == Placement::Above {
                comment.placement = Placement::Free;
            }
        }
        self.tree.nodes.shrink_to_fit();
        self.tree.children.shrink_to_fit();
        Ok(Some((self.tree, root)))
    }

    fn place_text(&self, text: Cow<'_, str>, start: u32, end: u32) -> Text {
        let source = self.tree.text.get(start as usize..end as usize).unwrap_or("");
        if source == text {
            return Text::Source(start, end);
        }
        let mut inside = source.chars();
        if inside.next() == inside.next_back() && inside.as_str() == text && !text.is_empty() {
            return Text::Source(start + 1, end - 1);
        }
        Text::Own(text.into())
    }

    fn push(&mut self, kind: Kind, start: u32, end: u32) -> Result<NodeId, Fault> {
        match NodeId::try_from(self.tree.nodes.len()) {
            Ok(id) if id < NodeId::MAX / 2 => {
                self.tree.nodes.push(Node { kind, start, end });
                Ok(id)
            }
            _ => Err(self.aliasing_fault(0)),
        }
    }

    fn attach(&mut self, node: NodeId, extent: Extent) {
        self.pending_child(node);
        self.grow(node, extent);
    }

    fn pending_child(&mut self, node: NodeId) {
        if !self.frames.is_empty() {
            self.pending.push(node);
        }
    }

    /// Counts a finished child into the collection that holds it.
    fn grow(&mut self, node: NodeId, child: Extent) {
        let merged = self.is_merged(node);
        match self.frames.last_mut() {
            Some(Frame { extent, .. }) => {
                extent.nodes = extent.nodes.saturating_add(child.nodes);
                // What is merged becomes a part of the mapping, not a level below it.
                extent.depth = extent.depth.max(child.depth.saturating_add(u32::from(!merged)));
            }
            None => self.root = Some((node, child)),
        }
    }

    /// Whether a node, the last one that was attached, is the value of a merge key.
    fn is_merged(&self, node: NodeId) -> bool {
        let Some(frame) = self.frames.last().filter(|frame| frame.open.mapping) else { return false };
        match &self.pending[frame.first..] {
            [.., key, value] if *value == node && (self.pending.len() - frame.first).is_multiple_of(2) => {
                self.is_merge(*key)
            }
            _ => false,
        }
    }

    fn anchor(&mut self, anchor: usize, node: NodeId, extent: Option<Extent>) {
        if anchor != 0 {
            self.anchors.insert(anchor, Anchor { node, extent });
        }
    }

    fn span(&self, start: u32, end: u32) -> Span {
        Span { file: self.tree.file, start, end }
    }

    fn aliasing_fault(&self, node: NodeId) -> Fault {
        excessive_aliasing(self.tree.span(node))
    }

    fn scalar_fault(&self, message: String, start: u32, end: u32) -> Fault {
        let span = self.span(start, end);
        let fault = Fault::new(&codes::SCALAR_WITHOUT_VALUE, message, span, "has no value in JSON");
        fault.help("write it in quotes if a string is meant")
    }
}
