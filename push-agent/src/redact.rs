//! Keeps what Secrets hold out of everything that people read.

use kube::core::Status;
use meshc_contract::ObjectRef;
use serde_json::Value;

/// kubectl keeps the whole object in it, data included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// What stands for a value that is not shown.
const HIDDEN: &str = "(not shown)";
const CHANGED: &str = "(changed, not shown)";

/// Whether an object holds secrets.
pub(crate) fn is_secret(group: &str, kind: &str) -> bool {
    group.is_empty() && kind == "Secret"
}

/// What the API server says about an object. About a Secret it may quote a part of the data.
pub(crate) fn message(object: &ObjectRef, status: &Status) -> String {
    if is_secret(&object.group, &object.kind) {
        format!("{} ({}); its text is not shown, because it may quote the data", status.reason, status.code)
    } else {
        status.message.clone()
    }
}

/// Replaces the data of two versions of a Secret, so that only the keys and whether a value changed can be seen.
pub(crate) fn secrets(group: &str, kind: &str, before: &mut Value, after: &mut Value) {
    for value in [&mut *before, &mut *after] {
        if let Some(annotations) = value.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
            annotations.remove(LAST_APPLIED);
        }
    }
    if !is_secret(group, kind) {
        return;
    }
    for field in ["data", "stringData"] {
        let old = before.get(field).cloned().unwrap_or_default();
        if let Some(values) = after.get_mut(field).and_then(Value::as_object_mut) {
            for (key, value) in values {
                let same = old.get(key).is_none_or(|old| old == value);
                *value = if same { HIDDEN } else { CHANGED }.into();
            }
        }
        if let Some(values) = before.get_mut(field).and_then(Value::as_object_mut) {
            values.values_mut().for_each(|value| *value = HIDDEN.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;
    use meshc_contract::ObjectRef;
    use serde_json::json;

    use super::{message, secrets};

    #[test]
    fn data_of_a_secret_is_never_shown_but_its_change_is() {
        let mut before = json!({"data": {"same": "YQ==", "other": "Yg==", "gone": "Yw=="}});
        let mut after = json!({
            "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "YQ=="}},
            "data": {"same": "YQ==", "other": "ZA==", "new": "ZQ=="},
        });
        secrets("", "Secret", &mut before, &mut after);
        assert_eq!(
            before,
            json!({"data": {"same": "(not shown)", "other": "(not shown)", "gone": "(not shown)"}})
        );
        assert_eq!(
            after["data"],
            json!({"same": "(not shown)", "other": "(changed, not shown)", "new": "(not shown)"})
        );
        assert!(!after.to_string().contains("YQ=="));
    }

    #[test]
    fn other_kinds_are_shown() {
        let mut value = json!({"data": {"a": "b"}});
        secrets("", "ConfigMap", &mut json!({}), &mut value);
        assert_eq!(value["data"]["a"], "b");
    }

    #[test]
    fn a_message_about_a_secret_does_not_quote_it() {
        let status = Status::failure("invalid: hunter2", "Invalid").with_code(422);
        let of = |kind: &str| ObjectRef {
            group: String::new(),
            kind: kind.into(),
            namespace: "a".into(),
            name: "b".into(),
        };
        assert!(!message(&of("Secret"), &status).contains("hunter2"));
        assert!(message(&of("ConfigMap"), &status).contains("hunter2"));
    }
}
