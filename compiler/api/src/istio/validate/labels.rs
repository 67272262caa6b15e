//! Labels of Kubernetes.

use std::collections::BTreeMap;

use crate::admission::{At, Report};

/// Labels whose keys and values Kubernetes takes.
pub(super) fn check(at: &At<'_>, labels: &BTreeMap<String, String>, report: &mut Report) {
    for (key, value) in labels {
        if !is_key(key) {
            report.refuse(&at.field(key), format!("`{key}` is not the key of a label"));
        }
        if !(value.is_empty() || is_name(value)) {
            report.refuse(&at.field(key), format!("`{value}` is not the value of a label"));
        }
    }
}

/// `name`, or `prefix/name` with a host name as prefix.
fn is_key(key: &str) -> bool {
    match key.split_once('/') {
        None => is_name(key),
        Some((prefix, name)) => {
            prefix.len() <= 253 && prefix.split('.').all(super::names::is_label) && is_name(name)
        }
    }
}

fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let alphanumeric = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    bytes.len() <= 63
        && alphanumeric(bytes.first())
        && alphanumeric(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_names_as_kubernetes_takes_them() {
        for key in ["app", "a.b/c", "app.kubernetes.io/name", "A_b-c.d"] {
            assert!(is_key(key), "{key}");
        }
        for key in ["", "/a", "a/", "a/b/c", "-a", "a b", "a_b/c", "*"] {
            assert!(!is_key(key), "{key}");
        }
        assert!(!is_name(&"a".repeat(64)));
    }
}
