//! Output folders: written beside the old one and then renamed, so that nobody ever sees half of a compilation.

use std::collections::BTreeSet;
use std::fs;
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
    write_all(&fresh, artifacts)?;
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

/// Writes the artifacts on all threads: thousands of small files take the system more time than the compiler.
fn write_all(fresh: &Path, artifacts: &ArtifactSet) -> Result<(), Failure> {
    let marker = Content::from("{\"format\":1}\n".to_owned());
    let mut files: Vec<(PathBuf, &Content)> =
        artifacts.iter().map(|(path, content)| (fresh.join(path.as_str()), content)).collect();
    files.push((fresh.join(OUTPUT_MARKER), &marker));
    let folders: BTreeSet<&Path> = files.iter().filter_map(|(path, _)| path.parent()).collect();
    for folder in folders {
        fs::create_dir_all(folder).map_err(|error| Failure::io("create", folder, &error))?;
    }
    files.par_iter().map_init(Vec::new, |buffer, (path, content)| write(path, content, buffer)).collect()
}

fn write(path: &Path, content: &Content, buffer: &mut Vec<u8>) -> Result<(), Failure> {
    buffer.clear();
    content
        .write_to(buffer)
        .and_then(|()| fs::write(path, buffer))
        .map_err(|error| Failure::io("write", path, &error))
}
