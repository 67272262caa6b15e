//! Files that appear whole or not at all: written in a temporary folder on the same file system, then renamed.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::CaError;

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everyone, as far as the process's umask allows: certificates.
    Public,
    /// The owner only: keys, encrypted ones too.
    Owner,
}

/// One file to write.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) access: Access,
    pub(crate) content: Zeroizing<Vec<u8>>,
}

impl Entry {
    pub(crate) fn public(name: &'static str, content: &str) -> Self {
        Self { name, access: Access::Public, content: Zeroizing::new(content.as_bytes().to_vec()) }
    }

    pub(crate) fn owner(name: &'static str, content: &str) -> Self {
        Self { name, access: Access::Owner, content: Zeroizing::new(content.as_bytes().to_vec()) }
    }
}

/// A temporary folder within `dir`, which only its owner can enter; it goes away with what is left in it.
pub(crate) fn stage(dir: &Path) -> Result<TempDir, CaError> {
    fs::create_dir_all(dir).map_err(CaError::io("create", dir))?;
    tempfile::Builder::new().prefix(".meshc-").tempdir_in(dir).map_err(CaError::io("create a folder in", dir))
}

/// Writes a file that must not exist yet and gives its path. `durable` waits until it is on the disk, which is worth
/// its time for an authority, not for thousands of leaves that can be issued again.
pub(crate) fn write(dir: &Path, entry: &Entry, durable: bool) -> Result<PathBuf, CaError> {
    let Entry { name, access, content } = entry;
    let path = dir.join(name);
    write_new(&path, *access, content, durable)?;
    Ok(path)
}

/// Writes a file that must not exist yet; a link in its place is not followed.
pub(crate) fn write_new(path: &Path, access: Access, content: &[u8], durable: bool) -> Result<(), CaError> {
    let mut file = create(path, access).map_err(CaError::io("create", path))?;
    file.write_all(content).map_err(CaError::io("write", path))?;
    if durable {
        file.sync_all().map_err(CaError::io("write", path))?;
    }
    Ok(())
}

fn create(path: &Path, access: Access) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(match access {
            Access::Public => 0o644,
            Access::Owner => 0o600,
        });
    }
    #[cfg(not(unix))]
    let _ = access;
    options.open(path)
}

/// Moves a file or folder to its place.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), CaError> {
    fs::rename(from, to).map_err(CaError::io("move into place", to))
}

/// Removes a file that may be absent.
pub(crate) fn remove_if_there(path: &Path) -> Result<(), CaError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(CaError::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Reads a file that is a private key, or opens one, into a buffer that is wiped. A file that everyone may read is refused;
/// the group may read it, since Kubernetes mounts Secrets so (`fsGroup`). What is no regular file, such as a pipe, has no
/// readers to ask for.
pub(crate) fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, CaError> {
    let mut file = File::open(path).map_err(CaError::io("read", path))?;
    let metadata = file.metadata().map_err(CaError::io("read", path))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = metadata.permissions().mode() & 0o777;
        if metadata.is_file() && mode & 0o007 != 0 {
            return Err(CaError::WorldReadable { path: path.to_owned(), mode });
        }
    }
    // One allocation with room to see the end of the file, so that no copy stays behind where a buffer grew.
    let size = usize::try_from(metadata.len()).unwrap_or(0).max(4096) + 1;
    let mut content = Zeroizing::new(Vec::with_capacity(size));
    file.read_to_end(&mut content).map_err(CaError::io("read", path))?;
    Ok(content)
}

/// Whether a folder may be written into or replaced: it is absent, or a real folder. A link could lead anywhere.
pub(crate) fn check_real_folder(path: &Path) -> Result<bool, CaError> {
    let refuse = |reason: &str| CaError::UnsafePath { path: path.to_owned(), reason: reason.to_owned() };
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => Ok(true),
        Ok(metadata) if metadata.is_symlink() => Err(refuse("it is a symbolic link: remove it")),
        Ok(_) => Err(refuse("a file is in the place of a folder: remove it")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(CaError::io("read", path)(error)),
    }
}
