//! Where the lock file of a tree is, and how it is written: beside the old one and then renamed.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use meshc_api::{LOCK_FILE, Lock};

use crate::args::InputArgs;
use crate::exit::Failure;

/// The lock file that a run reads: the one that the option names, else the one in the folder that is read.
pub(crate) fn present(args: &InputArgs) -> Result<Option<PathBuf>, Failure> {
    if let Some(stated) = &args.lock {
        return Ok(Some(stated.clone()));
    }
    let mut found = Vec::new();
    for place in places(args) {
        match fs::symlink_metadata(&place) {
            Ok(metadata) if metadata.is_file() => found.push(place),
            // A link could lead out of the tree, and a pipe has no end.
            Ok(_) => {
                let place = place.display();
                return Err(Failure::new(format!("`{place}` is not an ordinary file; name one with --lock")));
            }
            Err(_) => {}
        }
    }
    match &found[..] {
        [] => Ok(None),
        [only] => Ok(Some(only.clone())),
        [first, second, ..] => Err(Failure::new(format!(
            "there are two lock files, `{}` and `{}`; name one with --lock",
            first.display(),
            second.display()
        ))),
    }
}

/// The lock file that a run writes: the one that there is, else a new one in the first folder that is read.
pub(crate) fn wanted(args: &InputArgs) -> Result<PathBuf, Failure> {
    if let Some(present) = present(args)? {
        return Ok(present);
    }
    let first = places(args).into_iter().next();
    first.ok_or_else(|| Failure::new("what comes from stdin has no folder; name a file with --lock"))
}

/// Whether the option names a file that is still to be written.
pub(crate) fn is_new(args: &InputArgs) -> bool {
    args.lock.as_deref().is_some_and(|path| !path.exists())
}

fn places(args: &InputArgs) -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> = Vec::new();
    for path in args.paths.iter().filter(|path| path.as_os_str() != "-") {
        let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
        let place = folder.join(LOCK_FILE);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// Writes a lock file so that whoever reads it sees the old one or the new one.
pub(crate) fn write(path: &Path, lock: &Lock) -> Result<(), Failure> {
    let failure = |error: std::io::Error| Failure::io("write", path, &error);
    // What a link names is replaced, not the link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let parent = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".meshc-lock-");
    let mut file = builder.tempfile_in(parent).map_err(failure)?;
    file.write_all(lock.to_string().as_bytes()).map_err(failure)?;
    file.as_file().set_permissions(permissions(&target)).map_err(failure)?;
    file.as_file().sync_all().map_err(failure)?;
    file.persist(&target).map_err(|error| failure(error.error))?;
    Ok(())
}

/// Those of the file that is replaced, or those of a file that git keeps.
fn permissions(path: &Path) -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).map_or_else(|_| fs::Permissions::from_mode(0o644), |metadata| metadata.permissions())
}
