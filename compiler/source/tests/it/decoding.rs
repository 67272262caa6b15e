//! Values into types, with the place of what does not fit.

use std::collections::BTreeMap;

use meshc_source::DecodeError;
use serde::Deserialize;

use crate::load_text;

#[derive(Debug, Deserialize, PartialEq)]
struct Object {
    spec: Spec,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Spec {
    hosts: Vec<String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    http: Vec<Http>,
    #[serde(default)]
    mode: Option<Mode>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Http {
    #[serde(default)]
    timeout: Option<String>,
    weight: i32,
    #[serde(default)]
    share: f64,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Mode {
    Strict,
    Port(u16),
}

fn decode(text: &str) -> Result<Object, DecodeError> {
    let (set, findings) = load_text(text);
    assert_eq!(findings, []);
    set.documents[0].deserialize()
}

/// Message, underlined text and path of the error.
fn error(spec: &str) -> (String, String, String) {
    let text = format!("kind: Foo\nspec:\n{spec}");
    let (set, _) = load_text(&text);
    let error = set.documents[0].deserialize::<Object>().unwrap_err();
    (error.message, set.files.slice(error.span).to_owned(), error.path)
}

#[test]
fn a_fitting_object_is_read() {
    let object = decode(
        "spec:\n  hosts: [a, \"b\"]\n  labels: {x: null}\n  http: [{weight: 1e2, share: 1}]\n  mode: STRICT\n",
    );
    let http = Http { timeout: None, weight: 100, share: 1.0 };
    let labels = BTreeMap::from([("x".to_owned(), String::new())]);
    let hosts = vec!["a".to_owned(), "b".to_owned()];
    assert_eq!(
        object,
        Ok(Object { spec: Spec { hosts, labels, http: vec![http], mode: Some(Mode::Strict) } })
    );
}

#[test]
fn null_is_absent() {
    let object = decode("spec:\n  hosts: [a]\n  labels:\n  http: ~\n  mode: {PORT: 80}\n").unwrap();
    assert_eq!((object.spec.labels.len(), object.spec.http.len()), (0, 0));
    assert_eq!(object.spec.mode, Some(Mode::Port(80)));
    let (message, place, path) = error("  hosts:\n");
    assert_eq!((message.as_str(), place.as_str(), path.as_str()), ("missing field `hosts`", "spec", "spec"));
}

#[test]
fn an_unknown_field_is_placed_at_its_key() {
    let (message, place, path) = error("  hosts: [a]\n  http:\n  - weight: 1\n    timeOut: 5s\n");
    assert!(message.starts_with("unknown field `timeOut`"), "{message}");
    assert_eq!((place.as_str(), path.as_str()), ("timeOut", "spec.http[0].timeOut"));
}

#[test]
fn numbers_and_booleans_are_no_strings() {
    let (message, place, path) = error("  hosts:\n  - a\n  - y\n");
    assert_eq!(message, "expected a string, found the boolean `true`");
    assert_eq!((place.as_str(), path.as_str()), ("y", "spec.hosts[1]"));
    let (message, place, path) = error("  hosts: [a]\n  labels: {\"a.b/c\": 1.10}\n");
    assert_eq!(message, "expected a string, found the number `1.1`");
    assert_eq!((place.as_str(), path.as_str()), ("1.10", "spec.labels[\"a.b/c\"]"));
}

#[test]
fn a_collection_that_does_not_fit_is_placed_at_its_key() {
    let (_, place, path) = error("  hosts: [a]\n  http:\n  - timeout:\n      seconds: 5\n    weight: 1\n");
    assert_eq!((place.as_str(), path.as_str()), ("timeout", "spec.http[0].timeout"));
    let (message, place, path) = error("  hosts: [a]\n  http:\n  - timeout: 5s\n    share: 1\n");
    assert_eq!(message, "missing field `weight`");
    assert_eq!((place.as_str(), path.as_str()), ("timeout: 5s", "spec.http[0]"));
}

#[test]
fn numbers_out_of_range_and_unknown_names_are_placed() {
    let (_, place, path) = error("  hosts: [a]\n  http: [{weight: 80800000000}]\n");
    assert_eq!((place.as_str(), path.as_str()), ("80800000000", "spec.http[0].weight"));
    let (message, place, path) = error("  hosts: [a]\n  mode: LAX\n");
    assert!(message.starts_with("`LAX` is not one of `"), "{message}");
    assert_eq!((place.as_str(), path.as_str()), ("LAX", "spec.mode"));
}

#[test]
fn a_part_of_an_object_can_be_read_alone() {
    let (set, _) = load_text("spec:\n  http:\n  - weight: 1\n  - weight: x\n  none:\n");
    let document = &set.documents[0];
    let http: Option<Http> = document.deserialize_at("spec.http[0]").unwrap();
    assert_eq!(http.map(|http| http.weight), Some(1));
    assert_eq!(document.deserialize_at::<Http>("spec.none"), Ok(None));
    assert_eq!(document.deserialize_at::<Http>("spec.tcp"), Ok(None));
    let error = document.deserialize_at::<Http>("spec.http[1]").unwrap_err();
    assert_eq!((set.files.slice(error.span), error.path.as_str()), ("x", "spec.http[1].weight"));
}
