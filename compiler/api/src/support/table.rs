//! `docs/reference/fields.md`: every field of every kind of Istio and what becomes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::{ignored, not_yet};
use crate::published_schemas;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/fields.md");

const INTRODUCTION: &str = "\
# Fields of Istio's kinds

<!-- Generated from compiler/api/src/support: `BLESS=1 cargo test -p meshc-api --lib`. -->

What becomes of each field. No field is passed over in silence:

- *supported*: it has Istio's effect.
- *not supported yet*: it is read and checked; where it is set, `meshc` says `not-supported-yet` (MC2110), and it has no effect.
- *no effect*: where it is set, `meshc` says `field-without-effect` (MC2111), with the reason given here.

A field that a kind does not have is `unknown-field` (MC2001). `[]` stands for each item of a list, `{}` for each entry of a
mapping. Fields of Kubernetes' own kinds go through to the manifests as they are.
";

/// What becomes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Supported,
    /// All values but one.
    SupportedExcept(&'static str),
    NotYet,
    Ignored(&'static str),
}

impl Status {
    fn of(kind: &str, path: &str) -> Self {
        let within = |pattern: &str| {
            path.strip_prefix(pattern).is_some_and(|rest| {
                pattern.is_empty() || rest.is_empty() || rest.starts_with(['.', '[', '{'])
            })
        };
        if not_yet::NOT_YET.iter().any(|(of, pattern)| *of == kind && within(pattern)) {
            return Self::NotYet;
        }
        if let Some((.., reason)) =
            ignored::IGNORED.iter().find(|(of, pattern, _)| *of == kind && within(pattern))
        {
            return Self::Ignored(reason);
        }
        let mut values = not_yet::TOLD_BY_A_PASS.iter().filter(|(of, _)| *of == kind);
        let except =
            values.find_map(|(_, pattern)| pattern.split_once('=').filter(|(field, _)| *field == path));
        except.map_or(Self::Supported, |(_, value)| Self::SupportedExcept(value))
    }

    fn text(self) -> String {
        match self {
            Self::Supported => "supported".to_owned(),
            Self::SupportedExcept(value) => format!("supported, except `{value}`: not supported yet"),
            Self::NotYet => "not supported yet".to_owned(),
            Self::Ignored(reason) => format!("no effect: {reason}"),
        }
    }
}

/// A line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Row {
    Field {
        path: String,
        status: Status,
    },
    /// The same fields with the same fate as those under another path.
    Same {
        path: String,
        first: String,
    },
}

struct Walk<'s> {
    kind: &'s str,
    root: &'s Value,
    rows: Vec<Row>,
    /// Where each definition of the schema was first met.
    first: BTreeMap<&'s str, String>,
}

impl<'s> Walk<'s> {
    fn of(kind: &'s str, root: &'s Value) -> Vec<Row> {
        let mut walk = Self { kind, root, rows: Vec::new(), first: BTreeMap::new() };
        let properties = root["properties"].as_object().unwrap();
        match properties.get("spec") {
            Some(spec) => walk.node("spec", spec),
            None => walk.node("", root),
        }
        walk.rows
    }

    fn node(&mut self, path: &str, schema: &'s Value) {
        let status = Status::of(self.kind, path);
        if !path.is_empty() && status != Status::Supported {
            return self.rows.push(Row::Field { path: path.to_owned(), status });
        }
        let (schema, name) = self.resolve(schema);
        if let Some(item) = schema.get("items") {
            return self.node(&format!("{path}[]"), item);
        }
        if let Some(value) = schema.get("additionalProperties").filter(|value| value.is_object()) {
            return self.node(&format!("{path}{{}}"), value);
        }
        let Some(fields) = schema.get("properties").and_then(Value::as_object) else {
            return self.rows.push(Row::Field { path: path.to_owned(), status });
        };
        if let Some(name) = name {
            if let Some(first) = self.first.get(name).filter(|first| self.same(first, path)) {
                return self.rows.push(Row::Same { path: path.to_owned(), first: first.clone() });
            }
            self.first.entry(name).or_insert_with(|| path.to_owned());
        }
        for (field, value) in fields {
            let separator = if path.is_empty() { "" } else { "." };
            self.node(&format!("{path}{separator}{field}"), value);
        }
    }

    /// A schema without references, and the name of its definition.
    fn resolve(&self, schema: &'s Value) -> (&'s Value, Option<&'s str>) {
        match schema["$ref"].as_str() {
            Some(reference) => {
                let pointer = reference.trim_start_matches('#');
                (self.root.pointer(pointer).unwrap(), pointer.rsplit('/').next())
            }
            None => (schema, None),
        }
    }

    /// Whether the lists say the same of what is below two paths.
    fn same(&self, a: &str, b: &str) -> bool {
        let below = |path: &str| -> BTreeSet<String> {
            let not_yet = not_yet::NOT_YET.iter().chain(not_yet::TOLD_BY_A_PASS).copied();
            let ignored = ignored::IGNORED.iter().map(|(kind, pattern, _)| (*kind, *pattern));
            let of_kind = not_yet.chain(ignored).filter(|(kind, _)| *kind == self.kind);
            of_kind.filter_map(|(_, pattern)| pattern.strip_prefix(path).map(str::to_owned)).collect()
        };
        below(a) == below(b)
    }
}

fn section(page: &mut String, kind: &str, schema: &Value) {
    let _ = writeln!(page, "\n## {kind}\n");
    let whole = Status::of(kind, "");
    if whole != Status::Supported {
        let _ = writeln!(page, "The whole kind: {}.", whole.text());
        return;
    }
    let rows = Walk::of(kind, schema);
    let count = |wanted: fn(&Status) -> bool| {
        rows.iter().filter(|row| matches!(row, Row::Field { status, .. } if wanted(status))).count()
    };
    let supported = count(|status| matches!(status, Status::Supported | Status::SupportedExcept(_)));
    let not_yet = count(|status| *status == Status::NotYet);
    let ignored = count(|status| matches!(status, Status::Ignored(_)));
    let _ = writeln!(page, "{supported} supported, {not_yet} not supported yet, {ignored} without effect.\n");
    let _ = writeln!(page, "| field | |\n|---|---|");
    for row in rows {
        let _ = match row {
            Row::Field { path, status } => writeln!(page, "| `{path}` | {} |", status.text()),
            Row::Same { path, first } => writeln!(page, "| `{path}` | as `{first}` |"),
        };
    }
}

fn page() -> String {
    let schemas = published_schemas();
    let mut kinds: BTreeMap<(&str, &str), &Value> = BTreeMap::new();
    for file in &schemas {
        let group = file.path.split('/').next().unwrap();
        let kind = file.schema["title"].as_str().unwrap();
        // The settings of a proxy are a part of the MeshConfig.
        if group.ends_with("istio.io") && (group, kind) != ("mesh.istio.io", "ProxyConfig") {
            // Files are sorted, and `v1` sorts first.
            kinds.entry((group, kind)).or_insert(&file.schema);
        }
    }
    let mut page = INTRODUCTION.to_owned();
    for ((_, kind), schema) in kinds {
        section(&mut page, kind, schema);
    }
    page
}

/// `BLESS=1 cargo test -p meshc-api --lib` writes it.
#[test]
fn the_table_of_fields_is_current() {
    let current = page();
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(Path::new(PAGE).parent().unwrap()).unwrap();
        std::fs::write(PAGE, current).unwrap();
        return;
    }
    let written = std::fs::read_to_string(PAGE).unwrap_or_default();
    let differs = current.lines().zip(written.lines()).find(|(current, written)| current != written);
    assert!(current == written, "run `BLESS=1 cargo test -p meshc-api --lib`; first difference: {differs:?}");
}
