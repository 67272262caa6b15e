//! Changes of a folder as data: each happens whole or not at all, so a process that is killed leaves a number of them
//! done, and what the folder then means can be tested after every one.

use std::fs;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::CaError;
use crate::files::{self, Access};

/// One change. All of them can be made again by a run that does not know how far an earlier one came, except
/// [`Change::CreateFolder`] and [`Change::Write`], which fail on what is there already.
pub(crate) enum Change {
    /// Makes a folder.
    CreateFolder(PathBuf),
    /// Writes a new file and waits until it is on the disk.
    Write { path: PathBuf, access: Access, content: Zeroizing<Vec<u8>> },
    /// Moves a file or folder over what is in its place, and waits until both folders are on the disk.
    Move { from: PathBuf, to: PathBuf },
    /// Removes a file or link that may be absent.
    RemoveFile(PathBuf),
    /// Removes an empty folder that may be absent.
    RemoveFolder(PathBuf),
}

impl Change {
    /// Makes the change.
    ///
    /// # Errors
    /// [`CaError::Io`].
    pub(crate) fn make(&self) -> Result<(), CaError> {
        #[cfg(test)]
        killed::here(self)?;
        match self {
            Self::CreateFolder(path) => fs::create_dir(path).map_err(CaError::io("create", path)),
            Self::Write { path, access, content } => files::write_new(path, *access, content, true),
            Self::Move { from, to } => {
                files::rename(from, to)?;
                to.parent().map_or(Ok(()), sync)?;
                from.parent().filter(|parent| Some(*parent) != to.parent()).map_or(Ok(()), sync)
            }
            Self::RemoveFile(path) => files::remove_if_there(path),
            Self::RemoveFolder(path) => match fs::remove_dir(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(CaError::io("remove", path)(error))
                }
                _ => Ok(()),
            },
        }
    }
}

/// Makes all of them, in their order.
///
/// # Errors
/// That of the first that fails; those after it are not made.
pub(crate) fn make_all(changes: &[Change]) -> Result<(), CaError> {
    changes.iter().try_for_each(Change::make)
}

/// A rename is kept over a power failure once its folder is on the disk. Systems that cannot open folders do so by
/// themselves.
fn sync(folder: &Path) -> Result<(), CaError> {
    if cfg!(unix) {
        fs::File::open(folder).and_then(|file| file.sync_all()).map_err(CaError::io("write", folder))?;
    }
    Ok(())
}

/// A process that is killed between two changes, or within one that writes.
#[cfg(test)]
pub(crate) mod killed {
    use std::cell::Cell;

    use super::{CaError, Change, files};

    /// How a process ends.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Death {
        /// After this many changes.
        pub(crate) after: usize,
        /// Half of the next file is on the disk.
        pub(crate) torn: bool,
    }

    thread_local! {
        static DEATH: Cell<Option<Death>> = const { Cell::new(None) };
    }

    /// Runs something that is killed, unless it ends earlier; then it gives its result.
    pub(crate) fn run<T>(death: Death, run: impl FnOnce() -> Result<T, CaError>) -> Option<T> {
        DEATH.set(Some(death));
        let result = run();
        let survived = DEATH.replace(None);
        match (result, survived) {
            (Ok(value), _) => Some(value),
            (Err(_), None) => None,
            (Err(error), Some(_)) => panic!("it failed by itself: {error}"),
        }
    }

    pub(super) fn here(change: &Change) -> Result<(), CaError> {
        let Some(Death { after, torn }) = DEATH.get() else { return Ok(()) };
        if after > 0 {
            DEATH.set(Some(Death { after: after - 1, torn }));
            return Ok(());
        }
        DEATH.set(None);
        if let (true, Change::Write { path, access, content }) = (torn, change) {
            files::write_new(path, *access, &content[..content.len() / 2], false)?;
        }
        Err(CaError::Sign { reason: "killed".to_owned() })
    }
}
