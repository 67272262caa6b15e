//! The files of an image layout, each checked by its descriptor.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

use super::{LARGEST_DOCUMENT, MANIFEST_TYPE, TAG};
use crate::error::Error;
use crate::verify::sha256;

/// What another document says about a blob.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default)]
    media_type: String,
    pub(super) digest: String,
    size: u64,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Index {
    manifests: Vec<Descriptor>,
}

/// The manifest of a release.
#[derive(Debug, Deserialize)]
pub(super) struct Manifest {
    pub(super) config: Descriptor,
    pub(super) layers: Vec<Descriptor>,
}

/// The manifest with a tag, or the only one.
pub(super) fn manifest(layout: &Path, tag: Option<&str>) -> Result<(Descriptor, Manifest), Error> {
    let marker: Value = parse("oci-layout", &read(layout, "oci-layout", LARGEST_DOCUMENT)?)?;
    if marker.get("imageLayoutVersion").and_then(Value::as_str) != Some("1.0.0") {
        return Err(Error::Refused(format!("`{}` is no OCI image layout 1.0.0", layout.display())));
    }
    let Index { manifests } = parse("index.json", &read(layout, "index.json", LARGEST_DOCUMENT)?)?;
    let named = |descriptor: &&Descriptor| match tag {
        Some(tag) => descriptor.annotations.get(TAG).is_some_and(|name| name == tag),
        None => true,
    };
    let found: Vec<&Descriptor> = manifests.iter().filter(named).collect();
    let descriptor = match (&found[..], tag) {
        ([descriptor], _) => (*descriptor).clone(),
        ([], Some(tag)) => {
            return Err(Error::Failed(format!("`{}` has no manifest with the tag {tag}", layout.display())));
        }
        ([], None) => return Err(Error::Failed(format!("`{}` has no manifest", layout.display()))),
        (_, Some(tag)) => {
            return Err(Error::Refused(format!(
                "`{}` has several manifests with the tag {tag}",
                layout.display()
            )));
        }
        (_, None) => {
            return Err(Error::Failed(format!(
                "`{}` has several manifests: name one by its tag, as oci:{}:TAG",
                layout.display(),
                layout.display()
            )));
        }
    };
    let manifest = parse("the manifest", &blob(layout, &descriptor, MANIFEST_TYPE, LARGEST_DOCUMENT)?)?;
    Ok((descriptor, manifest))
}

/// A blob whose media type, size and digest are as its descriptor says.
pub(super) fn blob(
    layout: &Path,
    descriptor: &Descriptor,
    media_type: &str,
    most: u64,
) -> Result<Vec<u8>, Error> {
    let Descriptor { media_type: stated, digest, size, annotations: _ } = descriptor;
    if stated != media_type {
        return Err(Error::Refused(format!("{digest} is of type `{stated}`, a release has {media_type}")));
    }
    let hexadecimal = digest.strip_prefix("sha256:").filter(|text| {
        text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    });
    let Some(hexadecimal) = hexadecimal else {
        return Err(Error::Refused(format!("`{digest}` is no SHA-256 digest")));
    };
    let content = read(layout, &format!("blobs/sha256/{hexadecimal}"), most)?;
    if content.len() as u64 != *size {
        return Err(Error::Refused(format!("{digest} has {} bytes instead of {size}", content.len())));
    }
    let found = sha256(&content);
    if found != hexadecimal {
        return Err(Error::Refused(format!("the blob {digest} was changed: its digest is sha256:{found}")));
    }
    Ok(content)
}

/// Reads a file of the layout, which must not be a link.
fn read(layout: &Path, name: &str, most: u64) -> Result<Vec<u8>, Error> {
    let path = layout.join(name);
    let failure = |error: std::io::Error| Error::io("read", &path, &error);
    if !fs::symlink_metadata(&path).map_err(failure)?.is_file() {
        return Err(Error::Refused(format!("`{}` is not a file", path.display())));
    }
    let mut content = Vec::new();
    fs::File::open(&path).map_err(failure)?.take(most + 1).read_to_end(&mut content).map_err(failure)?;
    if content.len() as u64 > most {
        return Err(Error::Refused(format!("`{}` is larger than {most} bytes", path.display())));
    }
    Ok(content)
}

fn parse<T: for<'de> Deserialize<'de>>(name: &str, content: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(content)
        .map_err(|error| Error::Refused(format!("{name} of the image layout cannot be read: {error}")))
}
