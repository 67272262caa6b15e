//! Small files cannot make big work.

use std::fmt::Write as _;

use crate::{codes, document, load_text};

/// Nine levels of ten aliases each: the billion laughs.
fn laughs() -> String {
    let mut text = String::from("kind: Foo\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(",");
        writeln!(text, "a{level}: &a{level} [{aliases}]").unwrap();
    }
    text
}

#[test]
fn billion_laughs_are_refused() {
    let (set, findings) = load_text(&laughs());
    assert_eq!((set.documents.len(), codes(&findings)), (0, vec!["excessive-aliasing"]));
}

#[test]
fn merge_keys_cannot_multiply_either() {
    let mut text = String::from("kind: Foo\nm0: &m0 {k0: 0}\n");
    for level in 1..3_000 {
        let before = level - 1;
        writeln!(text, "m{level}: &m{level}\n  <<: *m{before}\n  k{level}: 0").unwrap();
    }
    let (set, findings) = load_text(&text);
    assert_eq!((set.documents.len(), codes(&findings)), (0, vec!["excessive-aliasing"]));
}

#[test]
fn an_anchor_that_contains_itself_is_refused() {
    let (set, findings) = load_text("kind: Foo\na: &a [*a]\n");
    assert_eq!((set.documents.len(), codes(&findings)), (0, vec!["excessive-aliasing"]));
}

#[test]
fn deep_nesting_is_refused_and_what_is_allowed_can_be_read_back() {
    let nested = |depth: usize| format!("kind: {}{}\n", "[".repeat(depth), "]".repeat(depth));
    for depth in [255, 10_000, 100_000] {
        let (set, findings) = load_text(&nested(depth));
        assert_eq!((set.documents.len(), findings.len()), (0, 1), "{depth}");
    }
    let deep = document(&nested(250));
    let value: serde_json::Value = deep.deserialize().unwrap();
    assert_eq!(value, deep.to_value());
}

#[test]
fn aliases_count_towards_the_depth() {
    let mut text = String::from("kind: Foo\na0: &a0 x\n");
    for level in 1..400 {
        writeln!(text, "a{level}: &a{level} [*a{}]", level - 1).unwrap();
    }
    let (set, findings) = load_text(&text);
    assert_eq!((set.documents.len(), codes(&findings)), (0, vec!["nested-too-deep"]));
}

#[test]
fn a_ten_megabyte_file_loads() {
    let mut text = String::new();
    while text.len() < 10 << 20 {
        write!(text, "kind: ConfigMap\nmetadata:\n  name: c{}\ndata:\n  a: |\n", text.len()).unwrap();
        for _ in 0..2_000 {
            text.push_str("    some line of a certain length that fills the file\n");
        }
        text.push_str("---\n");
    }
    let (set, findings) = load_text(&text);
    assert_eq!(findings, []);
    assert!(set.documents.len() > 90);
}
