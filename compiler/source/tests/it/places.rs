//! Every value knows its place, to the byte.

use meshc_diagnostics::Sources;
use meshc_source::{Placement, SourceSet};

use crate::load_text;

fn loaded(text: &str) -> SourceSet {
    let (set, findings) = load_text(text);
    assert_eq!(findings, []);
    set
}

fn at<'s>(set: &'s SourceSet, path: &str) -> &'s str {
    set.files.slice(set.documents[0].span(path))
}

const ROUTE: &str = "\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
  annotations:
    a.b/c: \"é🔑\" # marked
spec:
  hosts:
  http:
  - route:
    - destination: {host: a, port: {number: 80}}
    - destination:
        host: reviews
      weight: 90
  - timeout: |
      5s
";

#[test]
fn paths_lead_to_the_bytes_of_scalars() {
    let set = loaded(ROUTE);
    assert_eq!(at(&set, "spec.http[0].route[1].destination.host"), "reviews");
    assert_eq!(at(&set, "spec.http[0].route[0].destination.port.number"), "80");
    assert_eq!(at(&set, "metadata.annotations[\"a.b/c\"]"), "\"é🔑\"");
    assert_eq!(set.files.slice(set.documents[0].key_span("spec.http[0].route[1].weight")), "weight");
}

#[test]
fn collections_end_with_their_last_child() {
    let set = loaded(ROUTE);
    assert_eq!(at(&set, "spec.http[0].route[0].destination"), "{host: a, port: {number: 80}}");
    assert_eq!(at(&set, "spec.http[0].route[1]"), "destination:\n        host: reviews\n      weight: 90");
    assert_eq!(at(&set, "metadata"), "name: reviews\n  annotations:\n    a.b/c: \"é🔑\"");
}

#[test]
fn an_empty_value_is_shown_by_its_key() {
    let set = loaded(ROUTE);
    assert_eq!(at(&set, "spec.hosts"), "hosts");
}

#[test]
fn a_missing_path_falls_back_to_its_nearest_ancestor() {
    let set = loaded(ROUTE);
    assert_eq!(at(&set, "spec.http[0].route[1].destination.subset"), "destination");
    assert_eq!(at(&set, "spec.tcp[3]"), "spec");
    assert_eq!(at(&set, "spec.http[0].match"), "route:");
    assert_eq!(at(&set, "status"), "reviews");
    assert_eq!(at(&set, ""), "reviews");
}

#[test]
fn positions_count_characters_from_one() {
    let set = loaded(ROUTE);
    let document = &set.documents[0];
    let position = |span: u32| set.files.position(document.file(), span);
    let key = document.span("metadata.annotations[\"a.b/c\"]");
    assert_eq!((position(key.start).line, position(key.start).column), (6, 12));
    assert_eq!((position(key.end).line, position(key.end).column), (6, 16));
}

#[test]
fn line_ends_of_windows_and_a_byte_order_mark_shift_nothing() {
    let set = loaded("\u{feff}kind: Foo\r\nspec:\r\n  - x\r\n  - yy\r\n");
    assert_eq!(at(&set, "kind"), "Foo");
    assert_eq!(at(&set, "spec[1]"), "yy");
    let document = &set.documents[0];
    let key = set.files.position(document.file(), document.key_span("kind").start);
    assert_eq!((key.line, key.column), (1, 1));
    let value = set.files.position(document.file(), document.span("spec[1]").start);
    assert_eq!((value.line, value.column), (4, 5));
}

#[test]
fn an_alias_stands_where_it_is_written() {
    let set = loaded("kind: Foo\na: &x {b: 1}\nc: *x\n");
    assert_eq!(at(&set, "c"), "*x");
    assert_eq!(set.files.slice(set.documents[0].get("c").unwrap().target_span()), "{b: 1}");
    assert_eq!(at(&set, "c.b"), "1");
}

#[test]
fn comments_are_kept_with_their_placement() {
    let set = loaded("# lead\n\n# above\nkind: Foo # right\nspec:\n  # inner\n  a: 1\n\n# last\n");
    let document = &set.documents[0];
    let comments: Vec<_> =
        document.comments().iter().map(|c| (set.files.slice(c.span), &*c.text, c.placement)).collect();
    assert_eq!(
        comments,
        [
            ("# lead", " lead", Placement::Free),
            ("# above", " above", Placement::Above),
            ("# right", " right", Placement::Right),
            ("# inner", " inner", Placement::Above),
            ("# last", " last", Placement::Free),
        ]
    );
}

#[test]
fn a_hundred_thousand_comment_lines_are_no_problem() {
    let set = loaded(&format!("kind: Foo\nspec:\n{}- a\n", "# commented out\n".repeat(100_000)));
    assert_eq!(set.documents[0].comments().len(), 100_000);
}

#[test]
fn json_pointers_become_paths() {
    let set = loaded(ROUTE);
    let document = &set.documents[0];
    assert_eq!(document.path_of_pointer("/spec/http/0/route/1/weight"), "spec.http[0].route[1].weight");
    assert_eq!(document.path_of_pointer("/metadata/annotations/a.b~1c"), "metadata.annotations[\"a.b/c\"]");
    assert_eq!(document.path_of_pointer(""), "");
}
