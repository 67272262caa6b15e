//! Releases in OCI image layouts: one manifest whose only layer is the release as tar and gzip, as Flux and Argo CD read it.

mod archive;
mod layout;
mod pack;

use std::path::Path;

use crate::bundle::{Bundle, LARGEST_RELEASE};
use crate::error::Error;

pub(crate) use pack::pack;

/// Media type of a manifest.
const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
/// Media type of the configuration, that of Flux.
const CONFIG_TYPE: &str = "application/vnd.cncf.flux.config.v1+json";
/// Media type of the layer, that of Flux.
const LAYER_TYPE: &str = "application/vnd.cncf.flux.content.v1.tar+gzip";
/// Annotation of the index that names a manifest.
const TAG: &str = "org.opencontainers.image.ref.name";
/// Largest index, manifest or configuration, in bytes; the limit of registries.
const LARGEST_DOCUMENT: u64 = 4 << 20;

/// Reads a release. Size and digest of each blob are checked from the index down to the layer.
pub(crate) fn read(layout: &Path, tag: Option<&str>) -> Result<Bundle, Error> {
    let (_, manifest) = layout::manifest(layout, tag)?;
    layout::blob(layout, &manifest.config, CONFIG_TYPE, LARGEST_DOCUMENT)?;
    let [layer] = &manifest.layers[..] else {
        let count = manifest.layers.len();
        return Err(Error::Refused(format!("the manifest has {count} layers, a release has one")));
    };
    archive::unpack(&layout::blob(layout, layer, LAYER_TYPE, LARGEST_RELEASE)?)
}

/// The digest of the manifest.
pub(crate) fn fingerprint(layout: &Path, tag: Option<&str>) -> Result<String, Error> {
    Ok(layout::manifest(layout, tag)?.0.digest)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{fingerprint, pack, read};
    use crate::verify::tests::bundle;

    const TEXT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: shop\n";

    fn layout() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let layout = folder.path().join("layout");
        pack(&bundle(TEXT, |_| {}), &layout, Some("v1")).unwrap();
        (folder, layout)
    }

    fn blobs(layout: &Path) -> Vec<std::path::PathBuf> {
        let mut blobs: Vec<_> =
            fs::read_dir(layout.join("blobs/sha256")).unwrap().map(|e| e.unwrap().path()).collect();
        blobs.sort();
        blobs
    }

    #[test]
    fn a_packed_release_reads_back_and_packs_to_the_same_bytes() {
        let (_one, first) = layout();
        let (_two, second) = layout();
        assert_eq!(read(&first, None).unwrap(), bundle(TEXT, |_| {}));
        assert_eq!(read(&first, Some("v1")).unwrap(), bundle(TEXT, |_| {}));
        assert_eq!(fs::read(first.join("index.json")).unwrap(), fs::read(second.join("index.json")).unwrap());
        assert_eq!(fingerprint(&first, None).unwrap(), fingerprint(&second, Some("v1")).unwrap());
        assert_eq!(blobs(&first).len(), 3);
    }

    #[test]
    fn tags_stand_beside_each_other_and_one_must_be_named() {
        let (_folder, layout) = layout();
        let other = format!("{TEXT}data:\n  b: c\n");
        pack(&bundle(&other, |_| {}), &layout, Some("v2")).unwrap();
        assert_eq!(read(&layout, Some("v1")).unwrap(), bundle(TEXT, |_| {}));
        assert_eq!(read(&layout, Some("v2")).unwrap(), bundle(&other, |_| {}));
        assert!(read(&layout, None).unwrap_err().to_string().contains("tag"));
        assert!(read(&layout, Some("v3")).is_err());
        pack(&bundle(&other, |_| {}), &layout, Some("v1")).unwrap();
        assert_eq!(read(&layout, Some("v1")).unwrap(), bundle(&other, |_| {}));
    }

    #[test]
    fn a_changed_blob_is_refused_whichever_it_is() {
        for index in 0..3 {
            let (_folder, layout) = layout();
            let path = &blobs(&layout)[index];
            let mut bytes = fs::read(path).unwrap();
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            fs::write(path, &bytes).unwrap();
            assert!(read(&layout, None).unwrap_err().to_string().contains("digest"), "{}", path.display());
            bytes.push(0);
            fs::write(path, &bytes).unwrap();
            assert!(read(&layout, None).unwrap_err().to_string().contains("bytes"), "{}", path.display());
            fs::remove_file(path).unwrap();
            assert!(read(&layout, None).is_err());
        }
    }
}
