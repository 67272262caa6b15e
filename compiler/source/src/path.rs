//! Paths of fields, as `spec.http[0].route[1].destination.host` or `metadata.annotations["a.b/c"]`.

use std::borrow::Cow;
use std::fmt::Write as _;

use meshc_diagnostics::Span;

use crate::NodeRef;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step<'p> {
    Key(Cow<'p, str>),
    Index(usize),
}

/// Appends a key to a path. A key that would not read back is put in brackets and quotes, with `\` before `"` and `\`.
pub fn push_key(path: &mut String, key: &str) {
    if key.is_empty() || key.contains(['.', '[', ']', '"']) {
        let key = key.replace('\\', "\\\\").replace('"', "\\\"");
        // Writing to a string cannot fail.
        let _ = write!(path, "[\"{key}\"]");
    } else {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(key);
    }
}

/// Appends the index of a list item to a path.
pub fn push_index(path: &mut String, index: usize) {
    let _ = write!(path, "[{index}]");
}

/// The steps of a path. What does not read as a path becomes a key, which then is found nowhere.
pub(crate) fn steps(path: &str) -> impl Iterator<Item = Step<'_>> {
    let mut rest = path;
    std::iter::from_fn(move || {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        if rest.is_empty() {
            return None;
        }
        if let Some((key, after)) = quoted(rest) {
            rest = after;
            return Some(Step::Key(key));
        }
        if let Some((index, after)) = rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            rest = after;
            return Some(index.parse().map_or(Step::Key(index.into()), Step::Index));
        }
        let end = rest.find(['.', '[']).filter(|end| *end > 0).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        rest = after;
        Some(Step::Key(key.into()))
    })
}

/// The key of a step `["…"]` and what follows it.
fn quoted(path: &str) -> Option<(Cow<'_, str>, &str)> {
    let inner = path.strip_prefix("[\"")?;
    let mut escaped = false;
    let end = inner.find(|c| {
        let quote = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        quote
    })?;
    let (key, after) = (&inner[..end], inner[end + 1..].strip_prefix(']')?);
    if !key.contains('\\') {
        return Some((key.into(), after));
    }
    let mut plain = String::with_capacity(key.len());
    let mut chars = key.chars();
    while let Some(c) = chars.next() {
        plain.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    Some((plain.into(), after))
}

/// What a path leads to.
pub(crate) struct Found<'d> {
    /// The last node on the path that exists.
    pub(crate) node: NodeRef<'d>,
    /// The key of that node, if it is the value of a mapping.
    pub(crate) key: Option<Span>,
    /// Whether the path exists as a whole.
    pub(crate) whole: bool,
}

pub(crate) fn find<'d>(root: NodeRef<'d>, path: &str) -> Found<'d> {
    let mut found = Found { node: root, key: None, whole: true };
    for step in steps(path) {
        let next = match step {
            Step::Key(key) => found.node.entry(&key).map(|entry| (entry.value, Some(entry.key_span))),
            Step::Index(index) => found.node.items().nth(index).map(|item| (item, None)),
        };
        match next {
            Some((node, key)) => found = Found { node, key, whole: true },
            None => {
                found.whole = false;
                break;
            }
        }
    }
    found
}

/// The path that a JSON pointer names in a document, which tells list indices from keys.
pub(crate) fn from_pointer(root: NodeRef<'_>, pointer: &str) -> String {
    let mut path = String::new();
    let mut node = Some(root);
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        let index = step.parse().ok().filter(|_| node.is_some_and(|node| node.items().len() > 0));
        match index {
            Some(index) => {
                push_index(&mut path, index);
                node = node.and_then(|node| node.items().nth(index));
            }
            None => {
                push_key(&mut path, &step);
                node = node.and_then(|node| node.get(&step));
            }
        }
    }
    path
}
