//! Sets of public keys (RFC 7517).

use serde_json::{Map, Value};

use crate::admission::{At, Report};

/// Members that a key must have, by its type.
const MEMBERS: &[(&str, &[&str])] =
    &[("RSA", &["n", "e"]), ("EC", &["crv", "x", "y"]), ("OKP", &["crv", "x"]), ("oct", &["k"])];

/// A set of keys, or one key, as JSON. Private keys do not belong there.
pub(super) fn check(at: &At<'_>, text: &str, report: &mut Report) {
    let Ok(Value::Object(root)) = serde_json::from_str(text) else {
        return report.refuse(at, "the key set is not a JSON object");
    };
    let keys = match root.get("keys") {
        None => vec![&root],
        Some(Value::Array(keys)) => keys.iter().filter_map(Value::as_object).collect(),
        Some(_) => return report.refuse(at, "`keys` of the key set is not a list"),
    };
    for (index, key) in keys.into_iter().enumerate() {
        if let Err(message) = self::key(key) {
            report.refuse(at, format!("key {index} of the key set {message}"));
        }
        if key.contains_key("d") {
            report.warn(
                at,
                format!("key {index} of the key set is a private key; only public keys belong there"),
            );
        }
    }
}

fn key(key: &Map<String, Value>) -> Result<(), String> {
    let kind = key.get("kty").and_then(Value::as_str).ok_or("has no `kty`")?;
    let Some((_, members)) = MEMBERS.iter().find(|(name, _)| *name == kind) else {
        return Err(format!("has the unknown type `{kind}`"));
    };
    match members.iter().find(|member| !key.get(**member).is_some_and(Value::is_string)) {
        Some(member) => Err(format!("has no `{member}`")),
        None => Ok(()),
    }
}
