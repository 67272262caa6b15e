//! What holds for every input.

use std::fmt::Write as _;

use meshc_diagnostics::{Diagnostics, Sources, render};
use meshc_source::{Document, InputFile, NodeRef, SourceSet, Value, load, push_index, push_key};
use proptest::prelude::*;
use serde_json::json;

/// Any JSON value, with the texts that YAML likes to misread.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let text = prop_oneof![
        "[ -~]{0,12}",
        "\\PC{0,8}",
        proptest::sample::select(vec![
            "yes",
            "0777",
            "1e3",
            "~",
            "<<",
            "",
            "a: b",
            "- a",
            "#x",
            "*a",
            "{{ .x }}",
            "\t\n\u{85}"
        ])
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        (-1e9..1e9).prop_map(|value: f64| json!((value * 8.0).trunc() / 8.0 + 0.0625)),
        text.clone().prop_map(|value| json!(value)),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(|items| json!(items)),
            proptest::collection::btree_map(text.clone(), inner, 0..5).prop_map(|entries| json!(entries)),
        ]
    })
}

/// Text that is often nearly YAML.
fn nearly_yaml() -> impl Strategy<Value = String> {
    let tokens = vec![
        "a",
        "b",
        ": ",
        ":",
        "- ",
        "-",
        "\n",
        "\n  ",
        "\n    ",
        "\t",
        "{",
        "}",
        "[",
        "]",
        ", ",
        "\"",
        "'",
        "&x ",
        "*x",
        "<<: ",
        "!!str ",
        "!!int ",
        "! ",
        "|\n",
        ">-\n",
        "# c",
        "---\n",
        "...\n",
        "? ",
        "~",
        "1",
        "é🔑",
        "\u{feff}",
        "\r\n",
        "%YAML 1.2\n",
        "{{ x }}",
        "kind: List\nitems:\n",
        "\u{0}",
        "\u{1b}",
        "\\u00e9",
        "@",
        "`",
        "=",
    ];
    proptest::collection::vec(proptest::sample::select(tokens), 0..40).prop_map(|tokens| tokens.concat())
}

fn loaded(text: &str) -> (SourceSet, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    (load(vec![InputFile::new("a.yaml", text)], &mut diagnostics), diagnostics)
}

/// A value as block YAML, strings as JSON writes them.
fn block(value: &serde_json::Value, indent: usize, out: &mut String) {
    match value {
        serde_json::Value::Object(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                write!(out, "\n{:indent$}{}:", "", json!(key)).unwrap();
                block(value, indent + 2, out);
            }
        }
        serde_json::Value::Array(items) if !items.is_empty() => {
            for item in items {
                write!(out, "\n{:indent$}-", "").unwrap();
                block(item, indent + 2, out);
            }
        }
        _ => write!(out, " {value}").unwrap(),
    }
}

/// Calls back for every node with its path.
fn walk(node: NodeRef<'_>, path: &str, visit: &mut impl FnMut(NodeRef<'_>, &str)) {
    visit(node, path);
    for entry in node.entries() {
        let mut path = path.to_owned();
        push_key(&mut path, entry.key);
        walk(entry.value, &path, visit);
    }
    for (index, item) in node.items().enumerate() {
        let mut path = path.to_owned();
        push_index(&mut path, index);
        walk(item, &path, visit);
    }
}

fn is_scalar(node: NodeRef<'_>) -> bool {
    !matches!(node.value(), Value::List | Value::Map)
}

/// The bytes under the span of a scalar, read alone, give its value.
fn assert_slices_back(set: &SourceSet, document: &Document) {
    walk(document.root(), "", &mut |node, path| {
        if is_scalar(node) {
            let source = set.files.slice(node.span());
            let alone = loaded(&format!("alone: {source}\n")).0;
            assert_eq!(alone.documents[0].to_value()["alone"], node.to_value(), "{path}: {source}");
        }
    });
}

proptest! {
    #[test]
    fn json_and_block_yaml_of_a_value_read_as_the_value(value in any_json()) {
        let value = json!({ "v": value });
        let mut yaml = String::new();
        block(&value, 0, &mut yaml);
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap(), yaml] {
            let (set, diagnostics) = loaded(&text);
            prop_assert_eq!(diagnostics.into_sorted(), []);
            prop_assert_eq!(set.documents.len(), 1);
            prop_assert_eq!(set.documents[0].to_value(), value.clone());
            let decoded: serde_json::Value = set.documents[0].deserialize().unwrap();
            prop_assert_eq!(decoded, value.clone());
            assert_slices_back(&set, &set.documents[0]);
        }
    }

    #[test]
    fn paths_lead_back_to_the_nodes_that_they_name(value in any_json()) {
        let (set, _) = loaded(&json!({ "v": value }).to_string());
        let document = &set.documents[0];
        walk(document.root(), "", &mut |node, path| {
            assert_eq!(document.get(path).map(NodeRef::identity), Some(node.identity()), "{path}");
        });
    }

    #[test]
    fn any_text_loads_without_panic_and_with_places_inside_it(text in prop_oneof![nearly_yaml(), "\\PC{0,60}"]) {
        let (set, diagnostics) = loaded(&text);
        for document in &set.documents {
            walk(document.root(), "", &mut |node, _| {
                let span = node.span();
                assert!(set.files.text(span.file).get(span.start as usize..span.end as usize).is_some());
            });
            let decoded: serde_json::Value = document.deserialize().unwrap();
            assert_eq!(decoded, document.to_value());
        }
        for finding in diagnostics.iter() {
            let span = finding.primary.as_ref().unwrap().span;
            assert!(set.files.text(span.file).get(span.start as usize..span.end as usize).is_some());
        }
        let findings = diagnostics.into_sorted();
        let human = render::human(&findings, &set.files, false, 80);
        prop_assert!(findings.iter().all(|finding| human.contains(finding.code.name)));
        prop_assert_eq!(render::concise(&findings, &set.files).lines().count(), findings.len());
    }
}
