//! Access to the pods of an object: `metadata` and `spec` of a pod or of a template.

use meshc_plan::PodPlace;
use serde_json::{Map, Value};

/// A mapping of a manifest.
pub(super) type Fields = Map<String, Value>;

/// The pods of an object. Missing mappings on the way are made.
pub(super) fn pods(object: &mut Value, place: PodPlace) -> &mut Fields {
    let path: &[&str] = match place {
        PodPlace::Object => &[],
        PodPlace::Template => &["spec", "template"],
        PodPlace::JobTemplate => &["spec", "jobTemplate", "spec", "template"],
    };
    path.iter().fold(fields(object), |parent, key| child(parent, key))
}

/// A value as a mapping. What is no mapping becomes an empty one, as `null` is for Kubernetes.
pub(super) fn fields(value: &mut Value) -> &mut Fields {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(fields) => fields,
        _ => unreachable!("a mapping has just been put there"),
    }
}

/// A mapping below another.
pub(super) fn child<'v>(parent: &'v mut Fields, key: &str) -> &'v mut Fields {
    fields(parent.entry(key).or_insert(Value::Null))
}

/// A list below a mapping.
pub(super) fn list<'v>(parent: &'v mut Fields, key: &str) -> &'v mut Vec<Value> {
    let value = parent.entry(key).or_insert(Value::Null);
    if !value.is_array() {
        *value = Value::Array(Vec::new());
    }
    match value {
        Value::Array(items) => items,
        _ => unreachable!("a list has just been put there"),
    }
}

/// The items of a list, if it is there.
pub(super) fn items<'v>(parent: &'v Fields, key: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    parent.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// The name of an item.
pub(super) fn name(item: &Value) -> Option<&str> {
    item.get("name").and_then(Value::as_str)
}

/// States a text unless one is stated.
pub(super) fn default_text(fields: &mut Fields, key: &str, text: impl Into<String>) {
    fields.entry(key).or_insert_with(|| Value::String(text.into()));
}
