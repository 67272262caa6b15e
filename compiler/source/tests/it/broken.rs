//! A broken document is explained, and everything around it is still read.

use meshc_diagnostics::{Diagnostics, Sources};
use meshc_source::{Content, InputFile, Refusal, load};

use crate::{codes, load_text};

/// Code, line, column and underlined text of the only finding.
fn only(text: &str) -> (&'static str, u32, u32, String) {
    let (set, findings) = load_text(text);
    assert_eq!(findings.len(), 1, "{findings:?}");
    let span = findings[0].primary.as_ref().unwrap().span;
    let position = set.files.position(span.file, span.start);
    (findings[0].code.name, position.line, position.column, set.files.slice(span).to_owned())
}

#[test]
fn other_documents_of_the_file_are_still_read() {
    let (set, findings) = load_text("metadata: {name: a}\n---\na: [1,\nb: }\n---\nmetadata: {name: c}\n");
    assert_eq!(codes(&findings), ["yaml-syntax"]);
    let names: Vec<_> = set.documents.iter().filter_map(|document| document.name()).collect();
    assert_eq!(names, ["a", "c"]);
}

#[test]
fn a_document_that_is_refused_late_does_not_stop_the_next() {
    let (set, findings) = load_text("a: .nan\n---\n~: 1\n---\nmetadata: {name: c}\n");
    assert_eq!(codes(&findings), ["scalar-without-value", "key-not-a-string"]);
    assert_eq!(set.documents.len(), 1);
}

#[test]
fn tab_indentation_is_called_by_its_name() {
    assert_eq!(only("a:\n\tb: 1\n"), ("tab-indentation", 2, 1, "\t".into()));
    assert_eq!(only("a:\n  b: 1\n\tc: 1\n"), ("tab-indentation", 3, 1, "\t".into()));
    assert_eq!(only("a:\n  - x\n  \t\t- y\n"), ("tab-indentation", 3, 3, "\t\t".into()));
}

#[test]
fn templates_are_called_by_their_name() {
    assert_eq!(only("a: {{ .Values.x }}\n"), ("unrendered-template", 1, 4, "{{ .Values.x }}".into()));
    assert_eq!(
        only("{{- if .x }}\na: 1\n{{- end }}\n"),
        ("unrendered-template", 1, 1, "{{- if .x }}".into())
    );
}

#[test]
fn syntax_errors_are_placed() {
    assert_eq!(only("a: \"x\nb: 1\n"), ("yaml-syntax", 1, 4, "\"".into()));
    assert_eq!(only("a: b: c\n"), ("yaml-syntax", 1, 5, ":".into()));
    assert_eq!(only("a:\n  b: 1\n c: 2\n"), ("yaml-syntax", 3, 2, "c".into()));
    assert_eq!(only("a: *nope\n"), ("yaml-syntax", 1, 4, "*nope".into()));
    assert_eq!(only("- 1\n"), ("not-an-object", 1, 1, "- 1".into()));
    assert_eq!(only("just text\n"), ("not-an-object", 1, 1, "just text".into()));
}

#[test]
fn merge_conflicts_are_called_by_their_name() {
    let text = "kind: A\n<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> other\n";
    assert_eq!(only(text), ("yaml-syntax", 2, 1, "<<<<<<<".into()));
    assert!(load_text(text).1[0].message.contains("merge conflict"));
}

#[test]
fn a_trailing_comma_is_shown_where_it_stands() {
    let mut diagnostics = Diagnostics::new();
    let set = load(vec![InputFile::new("a.json", "{\"a\": [1,\n 2, ]}\n")], &mut diagnostics);
    let findings = diagnostics.into_sorted();
    assert_eq!((codes(&findings), set.documents.len()), (vec!["json-syntax"], 0));
    let span = findings[0].primary.as_ref().unwrap().span;
    assert_eq!((set.files.position(span.file, span.start).line, set.files.slice(span)), (2, ","));
    assert_eq!(findings[0].help.as_deref(), Some("delete the comma"));
}

#[test]
fn brackets_that_stay_open_are_told_from_text() {
    for text in ["a: {b: 1\nc:\n  d: 2\n", "a: [1, 2\nb: 3\n", "a: ]\n"] {
        let (set, findings) = load_text(text);
        assert_eq!((codes(&findings), set.documents.len()), (vec!["yaml-syntax"], 0), "{text}");
        assert!(!findings[0].message.contains("while parsing"), "{}", findings[0].message);
    }
}

#[test]
fn files_named_json_must_be_json() {
    let mut diagnostics = Diagnostics::new();
    let broken = InputFile::new("a.json", "{\"a\": 1}\n{\"é\": 2 \"c\"}\n");
    let set = load(vec![broken, InputFile::new("b.json", "\u{feff}{}\n{}")], &mut diagnostics);
    let findings = diagnostics.into_sorted();
    assert_eq!((codes(&findings), set.documents.len()), (vec!["json-syntax"], 2));
    let span = findings[0].primary.as_ref().unwrap().span;
    assert_eq!((set.files.position(span.file, span.start).line, set.files.slice(span)), (2, "\""));
}

#[test]
fn files_that_are_no_text_are_refused_with_the_place_and_others_still_load() {
    let files = vec![
        InputFile::new("a.yaml", &b"kind: A\nx: \xff\xfe\n"[..]),
        InputFile::new("b.yaml", &b"\x7fELF\x01\x00\x00"[..]),
        InputFile::new("c.yaml", "metadata: {name: c}"),
        InputFile::new("cc.yaml", &b"\xff\xfek\0i\0n\0d\0"[..]),
        InputFile { path: "d.yaml".into(), content: Content::Refused(Refusal::SymlinkLoop) },
    ];
    let mut diagnostics = Diagnostics::new();
    let set = load(files, &mut diagnostics);
    let findings = diagnostics.into_sorted();
    assert_eq!(codes(&findings), ["not-utf8", "binary-file", "not-utf8", "symlink-loop"]);
    assert_eq!(set.documents.len(), 1);
    let span = findings[0].primary.as_ref().unwrap().span;
    let position = set.files.position(span.file, span.start);
    assert_eq!((set.files.path(span.file), position.line, position.column), ("a.yaml", 2, 4));
}
