//! Documents, lists and JSON.

use meshc_diagnostics::Diagnostics;
use meshc_source::{InputFile, load, open, parse_file};

use crate::{codes, load_text};

fn names(text: &str) -> Vec<String> {
    let (set, findings) = load_text(text);
    assert_eq!(findings, [], "{text}");
    let names = set.documents.iter().map(|document| document.name().unwrap_or("-").to_owned());
    names.collect()
}

#[test]
fn documents_of_a_file_come_in_order_and_empty_ones_are_skipped() {
    let text =
        "---\n---\n# only a comment\n---\nmetadata: {name: a}\n--- # b\nmetadata:\n  name: b\n...\n---\n";
    assert_eq!(names(text), ["a", "b"]);
    assert_eq!(names(""), Vec::<String>::new());
}

#[test]
fn lists_are_taken_apart() {
    let text = "\
kind: List
apiVersion: v1
items:
- {kind: A, metadata: {name: a}}
- kind: List
  items:
  - kind: B
    metadata: {name: b}
";
    assert_eq!(names(text), ["a", "b"]);
    assert_eq!(names("kind: List\napiVersion: v1\n"), Vec::<String>::new());
    assert_eq!(names("kind: AllowList\nmetadata: {name: c}\n"), ["c"]);
}

#[test]
fn items_of_a_typed_list_take_their_type_from_it() {
    let (set, _) = load_text("kind: ServiceList\napiVersion: v1\nitems: [{metadata: {name: a}}]\n");
    let item = &set.documents[0];
    assert_eq!((item.kind(), item.api_version(), item.name()), (Some("Service"), Some("v1"), Some("a")));
}

#[test]
fn an_item_that_is_no_object_is_reported() {
    let (set, findings) = load_text("kind: List\nitems: [x, {metadata: {name: a}}]\n");
    assert_eq!((set.documents.len(), codes(&findings)), (1, vec!["not-an-object"]));
}

#[test]
fn json_reads_as_json() {
    let text = "{\n\t\"kind\": \"A\",\n\t\"metadata\": {\"name\": \"\\u00e9\\/\\ud83d\\udd11\\n\"}\n}\n";
    assert_eq!(names(text), ["é/🔑\n"]);
}

#[test]
fn json_objects_may_follow_each_other() {
    let object = |name: &str| format!("{{\"metadata\": {{\"name\": \"{name}\"}}}}");
    assert_eq!(names(&format!("{}\n{}{}\n", object("a"), object("b"), object("c"))), ["a", "b", "c"]);
    let (set, _) = load_text(&format!("{}\n{}", object("a"), object("b")));
    assert_eq!(set.files.slice(set.documents[1].span("metadata.name")), "\"b\"");
}

#[test]
fn files_are_loaded_in_the_order_of_their_paths() {
    let file = |path: &str| InputFile::new(path, format!("metadata: {{name: {path}}}"));
    let mut diagnostics = Diagnostics::new();
    let set = load(vec![file("b"), file("a/c"), file("a")], &mut diagnostics);
    let names: Vec<_> = set.documents.iter().filter_map(|document| document.name()).collect();
    assert_eq!(names, ["a", "a/c", "b"]);
}

#[test]
fn files_parsed_one_by_one_give_what_loading_gives() {
    let file = |path: &str| InputFile::new(path, format!("metadata: {{name: {path}}}\n---\n- 1\n"));
    let inputs = || vec![file("b"), file("a"), InputFile::new("c", &b"\0"[..])];
    let mut whole = Diagnostics::new();
    let set = load(inputs(), &mut whole);
    let mut parts = Diagnostics::new();
    let (files, readable) = open(inputs(), &mut parts);
    let mut names = Vec::new();
    for file in readable.into_iter().rev() {
        let documents = parse_file(file, files.shared_text(file).unwrap(), &mut parts);
        names.extend(documents.iter().filter_map(|document| document.name().map(str::to_owned)));
    }
    names.sort();
    let loaded: Vec<_> = set.documents.iter().filter_map(|document| document.name()).collect();
    assert_eq!(
        (loaded, whole.into_sorted()),
        (names.iter().map(String::as_str).collect(), parts.into_sorted())
    );
}
