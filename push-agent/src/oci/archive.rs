//! The layer: tar and gzip, held in memory and never unpacked to a disk.

use std::io::Read;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use meshc_contract::RELEASE_FILE;
use tar::{Archive, Builder, EntryType, Header};

use crate::bundle::{Budget, Bundle, LARGEST_RELEASE, OBJECT_FOLDER, stays_inside};
use crate::error::Error;

/// Reads the files of a release out of a layer. Links, devices, paths that leave the release and files that come twice are
/// refused, and so is what inflates to more than a release may be.
pub(super) fn unpack(layer: &[u8]) -> Result<Bundle, Error> {
    // Headers and padding take up to two blocks of 512 bytes a file.
    let bounded = GzDecoder::new(layer).take(LARGEST_RELEASE * 2);
    let mut archive = Archive::new(bounded);
    let mut budget = Budget::default();
    let mut bundle = Bundle::default();
    let mut has_manifest = false;
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let Some(path) = path(&entry.path_bytes())? else { continue };
        match entry.header().entry_type() {
            EntryType::Directory => continue,
            EntryType::Regular => {}
            other => return Err(Error::Refused(format!("`{path}` in the layer is no file: {other:?}"))),
        }
        budget.take(&path, entry.size())?;
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(unreadable)?;
        let twice = if path == RELEASE_FILE {
            bundle.manifest = content;
            std::mem::replace(&mut has_manifest, true)
        } else if path.starts_with(&format!("{OBJECT_FOLDER}/")) {
            bundle.files.insert(path.clone(), content).is_some()
        } else {
            false
        };
        if twice {
            return Err(Error::Refused(format!("`{path}` is in the layer twice")));
        }
    }
    if !has_manifest {
        return Err(Error::Refused(format!("the layer holds no {RELEASE_FILE}")));
    }
    Ok(bundle)
}

/// The path of an entry; none for the folder of the release itself, which some tools write as `./`.
fn path(bytes: &[u8]) -> Result<Option<String>, Error> {
    let text = String::from_utf8_lossy(bytes);
    let path = text.strip_prefix("./").unwrap_or(&text);
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() || path == "." {
        return Ok(None);
    }
    if !stays_inside(path) {
        return Err(Error::Refused(format!("`{}` in the layer leaves the release", text.escape_debug())));
    }
    Ok(Some(path.to_owned()))
}

/// Packs a release: sorted, without times and owners, so that equal releases are equal bytes.
pub(super) fn pack(bundle: &Bundle) -> Result<Vec<u8>, Error> {
    let failure = |error: std::io::Error| Error::Failed(format!("cannot pack the release: {error}"));
    let Bundle { manifest, files } = bundle;
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let manifest = std::iter::once((RELEASE_FILE, manifest));
    let files = files.iter().map(|(path, content)| (path.as_str(), content));
    for (path, content) in files.chain(manifest) {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        builder.append_data(&mut header, path, content.as_slice()).map_err(failure)?;
    }
    builder.into_inner().and_then(GzEncoder::finish).map_err(failure)
}

fn unreadable(error: std::io::Error) -> Error {
    Error::Refused(format!("the layer cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tar::{Builder, EntryType, Header};

    use super::{pack, unpack};
    use crate::bundle::Bundle;

    /// A layer of entries whose names are written as they are, without the checks of the tar library.
    fn layer(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
        let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (name, kind, content) in entries {
            let mut header = Header::new_ustar();
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(*kind);
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append(&header, *content).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    #[test]
    fn a_layer_of_another_tool_is_read() {
        let layer = layer(&[
            ("./", EntryType::Directory, b""),
            ("./release.json", EntryType::Regular, b"{}"),
            ("./k8s/", EntryType::Directory, b""),
            ("./k8s/a.yaml", EntryType::Regular, b"a"),
            ("identities.yaml", EntryType::Regular, b"b"),
        ]);
        let bundle = unpack(&layer).unwrap();
        assert_eq!(bundle.manifest, b"{}");
        assert_eq!(bundle.files.keys().collect::<Vec<_>>(), ["k8s/a.yaml"]);
    }

    #[test]
    fn entries_that_leave_the_release_or_are_no_files_are_refused() {
        for (name, kind) in [
            ("../etc/passwd", EntryType::Regular),
            ("/etc/passwd", EntryType::Regular),
            ("k8s/../../x", EntryType::Regular),
            ("k8s/link.yaml", EntryType::Symlink),
            ("k8s/hard.yaml", EntryType::Link),
            ("k8s/pipe", EntryType::Fifo),
            ("k8s/device", EntryType::Char),
        ] {
            let layer = layer(&[("release.json", EntryType::Regular, b"{}"), (name, kind, b"")]);
            assert!(unpack(&layer).is_err(), "{name}");
        }
        let twice = layer(&[
            ("release.json", EntryType::Regular, b"{}"),
            ("release.json", EntryType::Regular, b"{}"),
        ]);
        assert!(unpack(&twice).unwrap_err().to_string().contains("twice"));
        assert!(unpack(&layer(&[])).unwrap_err().to_string().contains("no release.json"));
    }

    #[test]
    fn what_inflates_beyond_the_bounds_is_refused() {
        let zeros = vec![0; 5 << 20];
        let layer = layer(&[("k8s/a.yaml", EntryType::Regular, &zeros)]);
        assert!(layer.len() < 100_000);
        assert!(unpack(&layer).unwrap_err().to_string().contains("larger"));
        let mut garbage = GzEncoder::new(Vec::new(), Compression::fast());
        garbage.write_all(&[7; 4096]).unwrap();
        assert!(unpack(&garbage.finish().unwrap()).is_err());
        assert!(unpack(b"no gzip").is_err());
    }

    #[test]
    fn long_paths_survive_packing() {
        let long = format!("k8s/namespaces/{}/deployment-{}.yaml", "n".repeat(63), "d".repeat(200));
        let bundle = Bundle { manifest: b"{}".to_vec(), files: [(long, b"x".to_vec())].into() };
        assert_eq!(unpack(&pack(&bundle).unwrap()).unwrap(), bundle);
    }
}
