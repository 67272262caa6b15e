//! `Secret` of the core group.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::null_default::null_default;

/// Confidential values by key. `Debug` prints the keys only.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Secret {
    /// What the keys mean (`kubernetes.io/tls`); absent means `Opaque`.
    #[serde(default, rename = "type")]
    pub secret_type: Option<String>,
    /// Values in base64.
    #[serde(default, deserialize_with = "null_default")]
    pub data: BTreeMap<String, String>,
    /// Values as text; they win over `data`.
    #[serde(default, deserialize_with = "null_default")]
    pub string_data: BTreeMap<String, String>,
    /// Whether the values cannot be changed.
    #[serde(default)]
    pub immutable: Option<bool>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { secret_type, data, string_data, immutable } = self;
        f.debug_struct("Secret")
            .field("secret_type", secret_type)
            .field("data", &data.keys())
            .field("string_data", &string_data.keys())
            .field("immutable", immutable)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_holds_no_value() {
        let secret: Secret =
            serde_json::from_str(r#"{"data": {"tls.key": "aHVudGVyMg=="}, "stringData": {"a": "hunter2"}}"#)
                .unwrap();
        let printed = format!("{secret:?}");
        assert!(printed.contains("tls.key"), "{printed}");
        assert!(!printed.contains("hunter2") && !printed.contains("aHVudGVyMg"), "{printed}");
    }
}
