//! Which kinds and fields no pass acts on: a field that is set and has no effect is told, never passed over.

mod ignored;
mod keys;
mod not_yet;
#[cfg(test)]
mod table;

use meshc_contract::ObjectRef;
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_source::{Entry, NodeRef, push_index, push_key};

use crate::ResourceSet;

/// Reports every field, annotation and label of the objects that no pass acts on, and every object of a kind that none acts on.
pub fn report_unsupported(set: &ResourceSet, diagnostics: &mut Diagnostics) {
    for (object, document) in set.typed_objects() {
        report(&object.kind, document.root(), Some(&object), diagnostics);
        keys::report(&object, document.root(), diagnostics);
    }
}

/// Reports fields of one object or message; the messages `MeshConfig` and `MeshNetworks` count as kinds.
pub(crate) fn report(
    kind: &str,
    root: NodeRef<'_>,
    object: Option<&ObjectRef>,
    diagnostics: &mut Diagnostics,
) {
    report_below(kind, "", root, object, diagnostics);
}

/// Reports fields of a message of its own that is the part of another one under a path, as the settings in the annotation
/// `proxy.istio.io/config` are the part `defaultConfig.` of a `MeshConfig`.
pub(crate) fn report_below(
    kind: &str,
    part: &str,
    root: NodeRef<'_>,
    object: Option<&ObjectRef>,
    diagnostics: &mut Diagnostics,
) {
    let mut push = |mut finding: Diagnostic, path: String| {
        finding.object = object.cloned();
        finding.path = Some(path).filter(|path| !path.is_empty());
        diagnostics.push(finding);
    };
    for (_, pattern) in of_kind(not_yet::NOT_YET, kind, |entry| entry.0) {
        let Some(pattern) = pattern.strip_prefix(part) else { continue };
        each(root, pattern, &mut |path, place| {
            let (what, consequence) = match path {
                "" => (kind, "no proxy acts on the object"),
                path => (path, "the rest of the object has its effect; this field has none"),
            };
            let finding =
                Diagnostic::new(&codes::NOT_SUPPORTED_YET, format!("`{what}` is not supported yet"))
                    .at(place.span(), "")
                    .consequence(consequence);
            push(finding, path.to_owned());
        });
    }
    for (_, pattern, reason) in of_kind(ignored::IGNORED, kind, |entry| entry.0) {
        let Some(pattern) = pattern.strip_prefix(part) else { continue };
        each(root, pattern, &mut |path, place| {
            let what = if path.is_empty() { kind } else { path };
            let finding = Diagnostic::new(&codes::FIELD_WITHOUT_EFFECT, format!("`{what}` has no effect"))
                .at(place.span(), "")
                .consequence(*reason);
            push(finding, path.to_owned());
        });
    }
}

/// Entries of a kind in a list that is sorted by kind.
fn of_kind<'l, T>(list: &'l [T], kind: &str, kind_of: impl Fn(&T) -> &str) -> &'l [T] {
    let start = list.partition_point(|entry| kind_of(entry) < kind);
    let end = list.partition_point(|entry| kind_of(entry) <= kind);
    &list[start..end]
}

/// Where a field stands.
enum Place<'d> {
    Field(Entry<'d>),
    Item(NodeRef<'d>),
    Root(NodeRef<'d>),
}

impl Place<'_> {
    fn span(&self) -> meshc_diagnostics::Span {
        match self {
            Place::Field(entry) => entry.key_span,
            Place::Item(node) => node.headline(),
            Place::Root(node) => match node.get("metadata").and_then(|metadata| metadata.get("name")) {
                Some(name) => name.span(),
                None => node.headline(),
            },
        }
    }
}

/// Calls `found` for each field that a pattern names and that is set. A pattern is a path in which `[]` stands for every
/// item of a list and `{}` for every entry of a map; `=VALUE` at the end asks for that string.
fn each(root: NodeRef<'_>, pattern: &str, found: &mut impl FnMut(&str, &Place<'_>)) {
    let (steps, value) =
        pattern.split_once('=').map_or((pattern, None), |(steps, value)| (steps, Some(value)));
    walk(root, steps, value, &Place::Root(root), &mut String::new(), found);
}

fn walk<'d>(
    node: NodeRef<'d>,
    steps: &str,
    value: Option<&str>,
    place: &Place<'d>,
    path: &mut String,
    found: &mut impl FnMut(&str, &Place<'_>),
) {
    if node.is_null() {
        return;
    }
    if steps.is_empty() {
        if value.is_none_or(|value| node.as_str() == Some(value)) {
            found(path, place);
        }
        return;
    }
    let depth = path.len();
    if let Some(rest) = steps.strip_prefix("[]") {
        for (index, item) in node.items().enumerate() {
            push_index(path, index);
            walk(item, rest, value, &Place::Item(item), path, found);
            path.truncate(depth);
        }
        return;
    }
    let steps = steps.strip_prefix('.').unwrap_or(steps);
    let (key, rest) = match steps.strip_prefix("{}") {
        Some(rest) => (None, rest),
        None => {
            let (key, rest) = steps.split_at(steps.find(['.', '[', '{']).unwrap_or(steps.len()));
            (Some(key), rest)
        }
    };
    for entry in node.entries().filter(|entry| key.is_none_or(|key| key == entry.key)) {
        push_key(path, entry.key);
        walk(entry.value, rest, value, &Place::Field(entry), path, found);
        path.truncate(depth);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::published_schemas;

    /// Patterns of both lists.
    fn patterns() -> Vec<(&'static str, &'static str)> {
        let ignored = ignored::IGNORED.iter().map(|(kind, pattern, _)| (*kind, *pattern));
        not_yet::NOT_YET.iter().copied().chain(ignored).collect()
    }

    #[test]
    fn the_lists_are_sorted_and_say_everything_once() {
        let ignored: Vec<_> = ignored::IGNORED.iter().map(|(kind, pattern, _)| (*kind, *pattern)).collect();
        for list in [not_yet::NOT_YET, &ignored] {
            for pair in list.windows(2) {
                assert!(pair[0] < pair[1], "{:?} stands before {:?}", pair[0], pair[1]);
                let within = pair[1].0 == pair[0].0 && pair[1].1.starts_with(&format!("{}.", pair[0].1));
                assert!(!within, "{:?} says {:?} already", pair[0], pair[1]);
            }
        }
    }

    #[test]
    fn every_pattern_names_a_field_of_its_kind() {
        let schemas = published_schemas();
        for (kind, pattern) in patterns() {
            // Two kinds have this name; only that of `networking.istio.io` is an object.
            let file = schemas.iter().rev().find(|file| {
                file.schema["title"] == kind
                    && (kind.starts_with("Mesh") || !file.path.starts_with("mesh.istio.io"))
            });
            let schema = &file.unwrap_or_else(|| panic!("no schema of {kind}")).schema;
            assert!(names_field(schema, schema, pattern), "{kind} has no {pattern}");
        }
    }

    fn names_field(root: &Value, schema: &Value, pattern: &str) -> bool {
        if let Some(reference) = schema["$ref"].as_str() {
            return names_field(root, root.pointer(reference.trim_start_matches('#')).unwrap(), pattern);
        }
        let pattern = pattern.strip_prefix('.').unwrap_or(pattern);
        if let Some(value) = pattern.strip_prefix('=') {
            return schema["enum"].as_array().unwrap().iter().any(|option| option == value);
        }
        if pattern.is_empty() {
            return !schema.is_null();
        }
        if let Some(rest) = pattern.strip_prefix("[]") {
            return names_field(root, &schema["items"], rest);
        }
        if let Some(rest) = pattern.strip_prefix("{}") {
            return names_field(root, &schema["additionalProperties"], rest);
        }
        let end = pattern.find(['.', '[', '{', '=']).unwrap_or(pattern.len());
        let (key, rest) = pattern.split_at(end);
        schema["properties"].get(key).is_some_and(|inner| names_field(root, inner, rest))
    }
}
