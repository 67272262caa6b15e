//! Output folders: written beside the old one and then renamed, so that nobody ever sees half of a compilation.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use meshc_emit::{ArtifactSet, Content};
use meshc_source::disk::OUTPUT_MARKER;
use rayon::prelude::*;

use crate::exit::Failure;

/// Replaces `target` by the artifacts, or leaves it as it was.
pub(crate) fn replace(target: &Path, artifacts: &ArtifactSet) -> Result<(), Failure> {
    refuse_foreign(target)?;
    let parent = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    fs::create_dir_all(&parent).map_err(|error| Failure::io("create", &parent, &error))?;
    let staging = tempfile::Builder::new()
        .prefix(".meshc-")
        .tempdir_in(&parent)
        .map_err(|error| Failure::io("create a folder in", &parent, &error))?;
    let fresh = staging.path().join("new");
    write_all(&fresh, target, artifacts)?;
    if target.exists() {
        let old = staging.path().join("old");
        fs::rename(target, &old).map_err(|error| Failure::io("move", target, &error))?;
        if let Err(error) = fs::rename(&fresh, target) {
            let _ = fs::rename(&old, target);
            return Err(Failure::io("write", target, &error));
        }
    } else {
        fs::rename(&fresh, target).map_err(|error| Failure::io("write", target, &error))?;
    }
    Ok(())
}

/// A folder with content that meshc did not write is somebody's work.
fn refuse_foreign(target: &Path) -> Result<(), Failure> {
    if !target.exists() || target.join(OUTPUT_MARKER).is_file() {
        return Ok(());
    }
    let mut entries = fs::read_dir(target).map_err(|error| Failure::io("read", target, &error))?;
    if entries.next().is_none() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "`{}` is not empty and was not written by meshc; name another --out-dir, or empty it first",
        target.display()
    )))
}

/// Writes the artifacts on all threads: thousands of small files take the system more time than the compiler. A file that the
/// old output has with the same bytes is linked, which is cheaper still, and keeps the time at which it changed.
fn write_all(fresh: &Path, old: &Path, artifacts: &ArtifactSet) -> Result<(), Failure> {
    let marker = Content::from("{\"format\":1}\n".to_owned());
    let mut files: Vec<(&str, &Content)> =
        artifacts.iter().map(|(path, content)| (path.as_str(), content)).collect();
    files.push((OUTPUT_MARKER, &marker));
    let folders: BTreeSet<PathBuf> =
        files.iter().filter_map(|(path, _)| Some(fresh.join(path).parent()?.to_owned())).collect();
    for folder in folders {
        fs::create_dir_all(&folder).map_err(|error| Failure::io("create", &folder, &error))?;
    }
    let write = |buffer: &mut Vec<u8>, (path, content): &(&str, &Content)| {
        let fresh = fresh.join(path);
        let failure = |error: io::Error| Failure::io("write", &fresh, &error);
        buffer.clear();
        content.write_to(buffer).map_err(failure)?;
        let old = old.join(path);
        let linked = is_file_of(&old, buffer) && fs::hard_link(&old, &fresh).is_ok();
        if linked { Ok(()) } else { fs::write(&fresh, buffer).map_err(failure) }
    };
    files.par_iter().map_init(Vec::new, write).collect()
}

/// Whether a path is an ordinary file of these bytes.
fn is_file_of(path: &Path, bytes: &[u8]) -> bool {
    let Ok(metadata) = fs::symlink_metadata(path) else { return false };
    let same_size = u64::try_from(bytes.len()).is_ok_and(|size| size == metadata.len());
    metadata.is_file() && same_size && fs::read(path).is_ok_and(|old| old == bytes)
}
