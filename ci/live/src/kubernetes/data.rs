//! The content of ConfigMaps and Secrets.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::cluster::Object;
use crate::LiveError;

/// Keys and bytes of a ConfigMap (`data`, `binaryData`) or of a Secret (`data`, `stringData`).
pub(super) fn data(object: &Object) -> Result<BTreeMap<String, Vec<u8>>, LiveError> {
    let (plain, encoded) =
        if object.kind == "Secret" { ("stringData", "data") } else { ("data", "binaryData") };
    let texts = |field: &str| -> Result<BTreeMap<String, String>, LiveError> {
        match &object.value[field] {
            serde_json::Value::Null => Ok(BTreeMap::new()),
            value => object.part(value),
        }
    };
    let mut content = BTreeMap::new();
    for (key, text) in texts(encoded)? {
        // Base64 in manifests may be wrapped.
        let text: String = text.split_whitespace().collect();
        let bytes = BASE64_STANDARD
            .decode(text)
            .map_err(|error| LiveError::invalid(&object.path, format_args!("{encoded}.{key}: {error}")))?;
        content.insert(key, bytes);
    }
    content.extend(texts(plain)?.into_iter().map(|(key, text)| (key, text.into_bytes())));
    Ok(content)
}
