//! Writes a release into an image layout. Equal releases make equal blobs.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE, TAG, archive};
use crate::bundle::Bundle;
use crate::error::Error;
use crate::verify::sha256;

/// Adds a release to a layout, which is made where there is none, and returns the digest of its manifest. A tag moves to the new
/// release; the index is replaced last, so that a reader finds the old or the new one.
pub(crate) fn pack(bundle: &Bundle, layout: &Path, tag: Option<&str>) -> Result<String, Error> {
    let blobs = layout.join("blobs/sha256");
    fs::create_dir_all(&blobs).map_err(|error| Error::io("create", &blobs, &error))?;
    let layer = blob(&blobs, LAYER_TYPE, &archive::pack(bundle)?)?;
    let config = blob(&blobs, CONFIG_TYPE, b"{}")?;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": config,
        "layers": [layer],
    });
    let mut descriptor = blob(&blobs, MANIFEST_TYPE, manifest.to_string().as_bytes())?;
    let digest = descriptor["digest"].as_str().unwrap_or_default().to_owned();
    if let Some(tag) = tag {
        descriptor["annotations"] = json!({ TAG: tag });
    }
    write(layout, "oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": others(layout, tag)?.into_iter().chain([descriptor]).collect::<Vec<Value>>(),
    });
    write(layout, "index.json", index.to_string().as_bytes())?;
    Ok(digest)
}

/// The manifests of the index that keep their place: those with another tag.
fn others(layout: &Path, tag: Option<&str>) -> Result<Vec<Value>, Error> {
    let path = layout.join("index.json");
    let Some(tag) = tag.filter(|_| path.exists()) else { return Ok(Vec::new()) };
    let text = fs::read(&path).map_err(|error| Error::io("read", &path, &error))?;
    let index: Value = serde_json::from_slice(&text)
        .map_err(|error| Error::Failed(format!("`{}` is no index: {error}", path.display())))?;
    let manifests = index.get("manifests").and_then(Value::as_array).cloned().unwrap_or_default();
    let name = |manifest: &Value| manifest.get("annotations")?.get(TAG)?.as_str().map(str::to_owned);
    Ok(manifests.into_iter().filter(|manifest| name(manifest).is_some_and(|name| name != tag)).collect())
}

/// Writes a blob and returns its descriptor.
fn blob(blobs: &Path, media_type: &str, content: &[u8]) -> Result<Value, Error> {
    let digest = sha256(content);
    write(blobs, &digest, content)?;
    Ok(json!({ "mediaType": media_type, "digest": format!("sha256:{digest}"), "size": content.len() }))
}

/// Replaces a file in one step.
fn write(folder: &Path, name: &str, content: &[u8]) -> Result<(), Error> {
    let partial = folder.join(format!(".{name}.{}", std::process::id()));
    let path = folder.join(name);
    fs::write(&partial, content).map_err(|error| Error::io("write", &partial, &error))?;
    fs::rename(&partial, &path).map_err(|error| Error::io("write", &path, &error))
}
