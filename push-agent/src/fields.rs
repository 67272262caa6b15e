//! What a manager owns of an object: the reverse of server-side apply, by `metadata.managedFields`.
//!
//! The API server records for each manager the set of fields that it applied (`fieldsV1`): `f:name` is a field, `k:{…}` the item
//! of a list with these keys, `v:…` an item of a set, `i:n` one by place, `.` the thing itself, and an empty set a whole value.

use serde_json::{Map, Value};

/// The field sets that a manager applied: one for each version of the API group that it used.
fn sets<'v>(object: &'v Value, manager: &str) -> impl Iterator<Item = &'v Value> {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    entries.into_iter().flatten().filter_map(move |entry| {
        let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
        let applied = text("manager") == manager && text("operation") == "Apply";
        if applied && text("subresource").is_empty() { entry.get("fieldsV1") } else { None }
    })
}

/// Whether a manager applied an object.
pub(crate) fn applied_by(object: &Value, manager: &str) -> bool {
    sets(object, manager).next().is_some()
}

/// The configuration that a manager last applied, read from an object. Of an object that it never applied, only what identifies
/// it: applying that gives up everything.
pub(crate) fn applied(object: &Value, manager: &str) -> Value {
    configuration(object, sets(object, manager))
}

/// The same with everything that a manager would own in another version of the object, as far as the object has it.
pub(crate) fn applied_or_taken(object: &Value, later: &Value, manager: &str) -> Value {
    configuration(object, sets(object, manager).chain(sets(later, manager)))
}

fn configuration<'v>(object: &Value, sets: impl Iterator<Item = &'v Value>) -> Value {
    let configuration = match sets.cloned().reduce(union) {
        Some(set) => owned(object, &set),
        None => Value::Object(Map::new()),
    };
    identify(object, configuration)
}

fn identify(object: &Value, mut configuration: Value) -> Value {
    for field in ["apiVersion", "kind"] {
        configuration[field] = object.get(field).cloned().unwrap_or_default();
    }
    if !configuration["metadata"].is_object() {
        configuration["metadata"] = Value::Object(Map::new());
    }
    for field in ["name", "namespace"] {
        if let Some(value) = object.get("metadata").and_then(|metadata| metadata.get(field)) {
            configuration["metadata"][field] = value.clone();
        }
    }
    configuration
}

/// The part of a value that a set names.
fn owned(value: &Value, set: &Value) -> Value {
    let Some(members) = set.as_object().filter(|members| members.keys().any(|key| key != ".")) else {
        // The whole value, or the thing without what is in it.
        return match (set.get(".").is_some(), value) {
            (true, Value::Object(_)) => Value::Object(Map::new()),
            (true, Value::Array(_)) => Value::Array(Vec::new()),
            _ => value.clone(),
        };
    };
    match value {
        Value::Object(fields) => Value::Object(owned_fields(fields, members)),
        Value::Array(items) => Value::Array(
            items.iter().enumerate().filter_map(|(index, item)| owned_item(index, item, members)).collect(),
        ),
        other => other.clone(),
    }
}

fn owned_fields(fields: &Map<String, Value>, members: &Map<String, Value>) -> Map<String, Value> {
    let named = members.iter().filter_map(|(key, set)| {
        let name = key.strip_prefix("f:")?;
        Some((name.to_owned(), owned(fields.get(name)?, set)))
    });
    named.collect()
}

fn owned_item(index: usize, item: &Value, members: &Map<String, Value>) -> Option<Value> {
    members.iter().find_map(|(key, set)| {
        let (selector, text) = key.split_once(':')?;
        let chosen = match selector {
            "k" => {
                let keys: Map<String, Value> = serde_json::from_str(text).ok()?;
                keys.iter().all(|(key, value)| item.get(key) == Some(value))
            }
            "v" => serde_json::from_str::<Value>(text).ok()? == *item,
            "i" => text.parse() == Ok(index),
            _ => false,
        };
        chosen.then(|| owned(item, set))
    })
}

/// What is in either of two sets. The whole of a value holds every part of it.
fn union(one: Value, other: Value) -> Value {
    match (one, other) {
        (Value::Object(mut one), Value::Object(other)) if !one.is_empty() && !other.is_empty() => {
            for (key, set) in other {
                let joined = match one.remove(&key) {
                    Some(present) => union(present, set),
                    None => set,
                };
                one.insert(key, joined);
            }
            Value::Object(one)
        }
        _ => Value::Object(Map::new()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{applied, applied_by, applied_or_taken};

    fn object() -> Value {
        json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {
                "name": "cart",
                "namespace": "shop",
                "uid": "1",
                "labels": {"app": "cart", "theirs": "x"},
                "managedFields": [
                    {"manager": "meshc-push", "operation": "Apply", "apiVersion": "apps/v1", "fieldsV1": {
                        "f:metadata": {"f:labels": {"f:app": {}}},
                        "f:spec": {
                            "f:selector": {},
                            "f:template": {"f:spec": {
                                "f:containers": {"k:{\"name\":\"app\"}": {
                                    ".": {}, "f:name": {}, "f:image": {},
                                    "f:ports": {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}},
                                }},
                                "f:volumes": {"k:{\"name\":\"tmp\"}": {".": {}, "f:name": {}, "f:emptyDir": {}}},
                            }},
                        },
                    }},
                    {"manager": "meshc-push", "operation": "Apply", "subresource": "status", "fieldsV1": {"f:status": {}}},
                    {"manager": "scaler", "operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
                ],
            },
            "spec": {
                "replicas": 3,
                "selector": {"matchLabels": {"app": "cart"}},
                "template": {"spec": {
                    "containers": [
                        {"name": "theirs", "image": "t"},
                        {"name": "app", "image": "i", "imagePullPolicy": "Always",
                         "ports": [{"containerPort": 80, "protocol": "TCP"}]},
                    ],
                    "volumes": [{"name": "tmp", "emptyDir": {}}],
                    "dnsPolicy": "ClusterFirst",
                }},
            },
            "status": {"replicas": 3},
        })
    }

    #[test]
    fn what_was_applied_is_read_back_without_defaults_and_what_others_own() {
        assert_eq!(
            applied(&object(), "meshc-push"),
            json!({
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "cart", "namespace": "shop", "labels": {"app": "cart"}},
                "spec": {
                    "selector": {"matchLabels": {"app": "cart"}},
                    "template": {"spec": {
                        "containers": [{"name": "app", "image": "i", "ports": [{"containerPort": 80}]}],
                        "volumes": [{"name": "tmp", "emptyDir": {}}],
                    }},
                },
            })
        );
    }

    #[test]
    fn of_an_object_that_was_never_applied_only_the_identity_is_read() {
        assert!(applied_by(&object(), "meshc-push"));
        assert!(!applied_by(&object(), "scaler"));
        assert_eq!(
            applied(&object(), "scaler"),
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "cart", "namespace": "shop"}})
        );
    }

    #[test]
    fn fields_that_would_be_taken_are_read_with_their_old_values() {
        let mut later = object();
        later["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:replicas"] = json!({});
        later["spec"]["replicas"] = json!(1);
        let before = applied_or_taken(&object(), &later, "meshc-push");
        assert_eq!(before["spec"]["replicas"], 3);
        assert_eq!(before["spec"]["template"]["spec"]["containers"].as_array().map(Vec::len), Some(1));
    }

    #[test]
    fn items_of_sets_and_of_lists_by_place_are_found() {
        let object = json!({
            "apiVersion": "v1", "kind": "X",
            "metadata": {
                "name": "a",
                "finalizers": ["ours", "theirs"],
                "managedFields": [{"manager": "m", "operation": "Apply", "fieldsV1": {
                    "f:metadata": {"f:finalizers": {".": {}, "v:\"ours\"": {}}},
                    "f:list": {"i:1": {}},
                    "f:empty": {".": {}},
                }}],
            },
            "list": ["x", "y"],
            "empty": {"theirs": 1},
        });
        assert_eq!(
            applied(&object, "m"),
            json!({
                "apiVersion": "v1", "kind": "X",
                "metadata": {"name": "a", "finalizers": ["ours"]},
                "list": ["y"], "empty": {},
            })
        );
    }
}
