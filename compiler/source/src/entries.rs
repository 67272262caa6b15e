//! The entries of a mapping: merge keys and duplicate keys, as kubectl decides them.

use std::collections::{BTreeMap, BTreeSet};

use meshc_diagnostics::{Diagnostic, codes};

use crate::fault::{Fault, excessive_aliasing};
use crate::tree::{Kind, NodeId, Tree};

/// An entry as written; the key is a string node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    pub(crate) key: NodeId,
    pub(crate) value: NodeId,
    /// The key is `<<`.
    pub(crate) merge: bool,
}

/// The entries that count.
pub(crate) struct Resolved {
    /// Keys and values in turn.
    pub(crate) children: Vec<NodeId>,
    /// What a person should know about keys that stand twice.
    pub(crate) warnings: Vec<Diagnostic>,
    /// How many entries merge keys brought.
    pub(crate) merged: u64,
}

/// Decides the entries of a mapping. Whatever comes later wins, also when a merge key comes after the key that it
/// overwrites: this is how the YAML library of kubectl works, in contrast to the proposal for merge keys.
pub(crate) fn resolve(tree: &Tree, pairs: &[Pair], budget: u64) -> Result<Resolved, Fault> {
    if !pairs.iter().any(|pair| pair.merge) && !has_duplicates(tree, pairs) {
        let children = pairs.iter().flat_map(|pair| [pair.key, pair.value]).collect();
        return Ok(Resolved { children, warnings: Vec::new(), merged: 0 });
    }
    let mut entries = Entries { tree, list: Vec::new(), by_key: BTreeMap::new() };
    let mut written: BTreeMap<&str, NodeId> = BTreeMap::new();
    let mut warnings = Vec::new();
    let mut merged = 0;
    for pair in pairs {
        if pair.merge {
            for mapping in merge_sources(tree, pair.value)? {
                merged += mapping.len() as u64 / 2;
                if merged > budget {
                    return Err(excessive_aliasing(tree.span(pair.key)));
                }
                for entry in mapping.chunks_exact(2) {
                    if let Some(earlier) = written.get(tree.str(entry[0])) {
                        warnings.push(overwritten(tree, *earlier, pair.key));
                    }
                    entries.insert(entry[0], entry[1]);
                }
            }
        } else {
            if let Some(earlier) = written.insert(tree.str(pair.key), pair.key) {
                warnings.push(duplicate(tree, earlier, pair.key));
            }
            entries.insert(pair.key, pair.value);
        }
    }
    let children = entries.list.into_iter().flatten().collect();
    Ok(Resolved { children, warnings, merged })
}

struct Entries<'t> {
    tree: &'t Tree,
    list: Vec<[NodeId; 2]>,
    by_key: BTreeMap<&'t str, usize>,
}

impl Entries<'_> {
    fn insert(&mut self, key: NodeId, value: NodeId) {
        let at = *self.by_key.entry(self.tree.str(key)).or_insert(self.list.len());
        match self.list.get_mut(at) {
            Some(entry) => *entry = [key, value],
            None => self.list.push([key, value]),
        }
    }
}

/// The mappings that a merge key names, in the order in which they are laid over each other.
fn merge_sources(tree: &Tree, value: NodeId) -> Result<Vec<&[NodeId]>, Fault> {
    match &tree.node(tree.target(value)).kind {
        // Of a list, the first mapping takes precedence, so it is applied last.
        Kind::List { first, len } => {
            tree.children(*first, *len).iter().rev().map(|item| merge_source(tree, *item)).collect()
        }
        _ => Ok(vec![merge_source(tree, value)?]),
    }
}

fn merge_source(tree: &Tree, value: NodeId) -> Result<&[NodeId], Fault> {
    match &tree.node(tree.target(value)).kind {
        Kind::Map { first, len } => Ok(tree.children(*first, *len)),
        _ => {
            let message = "a merge key needs a mapping or a list of mappings";
            let span = tree.span(value);
            Err(Fault::new(&codes::MERGE_NOT_A_MAPPING, message, span, "not a mapping"))
        }
    }
}

fn has_duplicates(tree: &Tree, pairs: &[Pair]) -> bool {
    if pairs.len() <= 12 {
        // Cheaper than a set for the mappings that manifests are made of.
        return pairs.iter().enumerate().any(|(at, pair)| {
            let key = tree.str(pair.key);
            pairs[..at].iter().any(|earlier| tree.str(earlier.key) == key)
        });
    }
    let mut keys = BTreeSet::new();
    !pairs.iter().all(|pair| keys.insert(tree.str(pair.key)))
}

fn duplicate(tree: &Tree, first: NodeId, last: NodeId) -> Diagnostic {
    let key = tree.str(last);
    Diagnostic::new(&codes::DUPLICATE_KEY, format!("the key `{key}` stands twice in one mapping"))
        .at(tree.span(last), "this one counts")
        .related(tree.span(first), "this one is ignored")
        .consequence("kubectl and Argo CD read only the last one; strict readers refuse the file")
        .help("delete one of the two")
}

fn overwritten(tree: &Tree, key: NodeId, merge: NodeId) -> Diagnostic {
    let name = tree.str(key);
    Diagnostic::new(
        &codes::MERGE_OVERWRITES_KEY,
        format!("the merge key overwrites the key `{name}` above it"),
    )
    .at(tree.span(merge), "merged after it")
    .related(tree.span(key), "this one is ignored")
    .consequence("kubectl lets whatever comes later win, other YAML readers let the written key win")
    .help("move the merge key to the top of the mapping")
}
