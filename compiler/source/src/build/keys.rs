//! Keys of mappings, which become strings.

use meshc_diagnostics::{Span, codes};

use super::{ALIAS_CEILING, ALIAS_FACTOR, ALIAS_FLOOR, Builder};
use crate::entries;
use crate::fault::Fault;
use crate::scalar::{self, Scalar};
use crate::syntax;
use crate::tree::{Kind, NodeId, Text};

impl Builder {
    /// Makes every key a string, applies merge keys, and lets the last of duplicate keys win.
    pub(super) fn entries(&mut self, children: &[NodeId]) -> Result<Vec<NodeId>, Fault> {
        let mut pairs = Vec::with_capacity(children.len() / 2);
        for pair in children.chunks_exact(2) {
            pairs.push(entries::Pair {
                key: self.key(pair[0])?,
                value: pair[1],
                merge: self.is_merge(pair[0]),
            });
        }
        let budget = self.tree.nodes.len() as u64 * ALIAS_FACTOR + ALIAS_FLOOR;
        let resolved =
            entries::resolve(&self.tree, &pairs, budget.min(ALIAS_CEILING).saturating_sub(self.merged))?;
        self.merged += resolved.merged;
        self.warnings.extend(resolved.warnings);
        Ok(resolved.children)
    }

    /// Whether a key is the merge key, which only an unquoted `<<` is.
    pub(super) fn is_merge(&self, key: NodeId) -> bool {
        let node = self.tree.node(key);
        matches!(node.kind, Kind::Str(Text::Source(start, end)) if (start, end) == (node.start, node.end))
            && self.tree.str(key) == "<<"
    }

    /// A node with the string that kubectl makes of a key.
    fn key(&mut self, key: NodeId) -> Result<NodeId, Fault> {
        let span = self.tree.span(key);
        let target = self.tree.node(self.tree.target(key));
        let source = self.tree.text.get(target.start as usize..target.end as usize).unwrap_or("");
        let scalar = match &target.kind {
            Kind::Str(_) => return Ok(key),
            Kind::Bool(value) => Scalar::Bool(*value),
            Kind::Int(value) => Scalar::Int(*value),
            Kind::Float(value) => Scalar::Float(*value),
            Kind::UInt(value) => Scalar::UInt(*value),
            Kind::Null => Scalar::Null,
            Kind::Map { .. } | Kind::List { .. } | Kind::Alias(_) => return Err(self.collection_key(span)),
        };
        match scalar::key(&scalar, source) {
            Some(text) => self.push(Kind::Str(Text::Own(text.into())), span.start, span.end),
            None => {
                let message = "a mapping key must be a string";
                let fault = Fault::new(&codes::KEY_NOT_A_STRING, message, span, "cannot become a JSON key");
                Err(fault.help("write the key in quotes"))
            }
        }
    }

    fn collection_key(&self, span: Span) -> Fault {
        // `{{ .Values.x }}` is a mapping that is the key of a mapping.
        let before = (span.start as usize).saturating_sub(1);
        match syntax::template_action(self.tree.file, &self.tree.text, before) {
            Some(action) if action.start as usize == before => syntax::template(action),
            _ => {
                let message = "a mapping key must be a string";
                Fault::new(&codes::KEY_NOT_A_STRING, message, span, "a list or mapping as a key")
            }
        }
    }
}
