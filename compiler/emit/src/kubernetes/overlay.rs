//! Lays what people state about the proxy's container over it, as Istio's injector merges them.

use serde_json::Value;

use super::pods::Fields;

/// Lists of a container whose items are told apart by a field.
const MERGED_LISTS: [(&str, &str); 3] =
    [("env", "name"), ("volumeMounts", "mountPath"), ("ports", "containerPort")];

/// What a probe or hook does: one of these.
const HANDLERS: [&str; 5] = ["exec", "grpc", "httpGet", "sleep", "tcpSocket"];

/// Lays the fields of a container over those of another: mappings field by field, lists of items with a key item by item, and
/// everything else as a whole.
pub(super) fn lay_over(container: &mut Fields, stated: Fields) {
    if HANDLERS.iter().any(|handler| stated.contains_key(*handler)) {
        container.retain(|key, _| !HANDLERS.contains(&key.as_str()));
    }
    for (key, value) in stated {
        match (container.get_mut(&key), value) {
            (_, Value::Null) => {}
            (Some(Value::Object(own)), Value::Object(stated)) => lay_over(own, stated),
            (Some(Value::Array(own)), Value::Array(stated)) => {
                match MERGED_LISTS.iter().find(|(list, _)| *list == key) {
                    Some((_, id)) => merge(own, stated, id),
                    None => *own = stated,
                }
            }
            (_, value) => {
                container.insert(key, value);
            }
        }
    }
}

fn merge(own: &mut Vec<Value>, stated: Vec<Value>, id: &str) {
    for item in stated {
        match own.iter_mut().find(|known| known.get(id).is_some() && known.get(id) == item.get(id)) {
            Some(known) => *known = item,
            None => own.push(item),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::lay_over;

    #[test]
    fn what_is_stated_wins_and_the_rest_stays() {
        let Value::Object(mut own) = json!({
            "image": "ours", "args": ["-c", "x"], "readinessProbe": {"periodSeconds": 15, "httpGet": {"port": 15021}},
            "env": [{"name": "POD_NAME", "value": "a"}], "volumeMounts": [{"mountPath": "/etc/meshc", "name": "c"}],
        }) else {
            panic!("a mapping")
        };
        let Value::Object(stated) = json!({
            "args": ["-l", "debug"], "readinessProbe": {"periodSeconds": 2}, "image": null,
            "env": [{"name": "MINE", "value": "b"}], "volumeMounts": [{"mountPath": "/mine", "name": "m"}],
        }) else {
            panic!("a mapping")
        };
        lay_over(&mut own, stated);
        assert_eq!(
            Value::Object(own),
            json!({
                "image": "ours", "args": ["-l", "debug"], "readinessProbe": {"periodSeconds": 2, "httpGet": {"port": 15021}},
                "env": [{"name": "POD_NAME", "value": "a"}, {"name": "MINE", "value": "b"}],
                "volumeMounts": [{"mountPath": "/etc/meshc", "name": "c"}, {"mountPath": "/mine", "name": "m"}],
            })
        );
    }

    #[test]
    fn a_stated_handler_replaces_the_other_one() {
        let Value::Object(mut own) = json!({"preStop": {"sleep": {"seconds": 20}}}) else {
            panic!("a mapping")
        };
        let Value::Object(stated) = json!({"preStop": {"exec": {"command": ["bye"]}}}) else {
            panic!("a mapping")
        };
        lay_over(&mut own, stated);
        assert_eq!(Value::Object(own), json!({"preStop": {"exec": {"command": ["bye"]}}}));
    }
}
