//! The changes of the folder that make a step. The step happens with the change that puts `rotation.yaml` in its place;
//! what comes before it counts for nothing, what comes after it the next run ends.

use std::fs::{self, File};
use std::path::Path;

use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::layout::{Layout, is_replaced};
use super::state::{NEXT, ROTATION, Rotation, RotationPhase};
use crate::CaError;
use crate::change::{Change, make_all};
use crate::files::{self, Access, Entry};
use crate::store::{AUTHORITY_FILES, ROOT_CERTIFICATE};

const PARTIAL: &str = "next.partial";
const PARTIAL_STATE: &str = "rotation.yaml.partial";

/// The folder of an authority that no other process rotates meanwhile. The system lets go of it when the process ends,
/// however it ends.
pub(super) struct Folder<'d> {
    dir: &'d Path,
    lock: File,
}

impl Drop for Folder<'_> {
    /// Closing the file alone would not do: a program that another thread is just starting still has a copy of the descriptor.
    fn drop(&mut self) {
        // What cannot be unlocked ends with the process at the latest.
        let _ = self.lock.unlock();
    }
}

impl<'d> Folder<'d> {
    /// Takes the folder and ends what a run that was killed began.
    pub(super) fn take(dir: &'d Path) -> Result<Self, CaError> {
        let lock = File::open(dir).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => CaError::Missing { path: dir.join(ROOT_CERTIFICATE) },
            _ => CaError::io("open", dir)(error),
        })?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(CaError::RotationLocked { dir: dir.to_owned() }),
            Err(fs::TryLockError::Error(error)) => return Err(CaError::io("lock", dir)(error)),
        }
        for name in [NEXT, PARTIAL] {
            check_is_ours(&dir.join(name))?;
        }
        make_all(&recovery(dir)?)?;
        Ok(Self { dir, lock })
    }

    /// How far its rotation has come.
    pub(super) fn rotation(&self) -> Result<Option<Rotation>, CaError> {
        Layout::read(self.dir).map(|layout| layout.rotation)
    }
}

/// What ends the run that was killed; nothing when none was.
fn recovery(dir: &Path) -> Result<Vec<Change>, CaError> {
    let mut changes = vec![Change::RemoveFile(dir.join(PARTIAL_STATE))];
    let Some(rotation) = Rotation::read(dir)? else { return Ok(changes) };
    changes.extend(match rotation.phase {
        RotationPhase::Staging | RotationPhase::Aborting => aborted(dir),
        RotationPhase::Promoting => promoted(dir, &rotation),
        RotationPhase::Add | RotationPhase::Switch | RotationPhase::Done => Vec::new(),
    });
    Ok(changes)
}

/// Puts the state in its place, at one moment.
pub(super) fn with_state(dir: &Path, rotation: &Rotation) -> Vec<Change> {
    let partial = dir.join(PARTIAL_STATE);
    let content = Zeroizing::new(rotation.text().into_bytes());
    vec![
        Change::RemoveFile(partial.clone()),
        Change::Write { path: partial.clone(), access: Access::Public, content },
        Change::Move { from: partial, to: dir.join(ROTATION) },
    ]
}

/// Writes `next/`, then puts the state that gives it its meaning in its place.
pub(super) fn staged(dir: &Path, entries: Vec<Entry>, rotation: &Rotation) -> Vec<Change> {
    let partial = dir.join(PARTIAL);
    let staging = Rotation { phase: RotationPhase::Staging, files: Vec::new(), ..rotation.clone() };
    let mut changes = with_state(dir, &staging);
    changes.extend(cleared(&partial));
    changes.extend(cleared(&dir.join(NEXT)));
    changes.push(Change::CreateFolder(partial.clone()));
    changes.extend(entries.into_iter().map(|Entry { name, access, content }| Change::Write {
        path: partial.join(name),
        access,
        content,
    }));
    changes.push(Change::Move { from: partial, to: dir.join(NEXT) });
    changes.extend(with_state(dir, rotation));
    changes
}

/// The state while `next/` takes the place of what is beside it.
pub(super) fn promoting(dir: &Path, rotation: Rotation, now: OffsetDateTime) -> Result<Rotation, CaError> {
    let mut files = Vec::new();
    for name in AUTHORITY_FILES {
        let path = dir.join(NEXT).join(name);
        if path.try_exists().map_err(CaError::io("read", &path))? {
            files.push(name);
        }
    }
    Ok(Rotation { phase: RotationPhase::Promoting, since: now, files, ..rotation })
}

/// Moves the files of `next/` to their places; those of the old authority that have no successor go.
pub(super) fn promoted(dir: &Path, promoting: &Rotation) -> Vec<Change> {
    let next = dir.join(NEXT);
    let mut changes = Vec::new();
    for name in AUTHORITY_FILES.into_iter().filter(|name| is_replaced(name, &promoting.files)) {
        let (from, to) = (next.join(name), dir.join(name));
        if !promoting.files.contains(&name) {
            changes.push(Change::RemoveFile(to));
        } else if from.exists() {
            changes.push(Change::Move { from, to });
        }
    }
    changes.push(Change::RemoveFolder(next));
    changes.extend(with_state(dir, &done(promoting.clone())));
    changes
}

/// The state when that is over.
pub(super) fn done(promoting: Rotation) -> Rotation {
    Rotation { phase: RotationPhase::Done, longest_leaf: None, files: Vec::new(), ..promoting }
}

/// Deletes `next/`, then the state.
pub(super) fn aborted(dir: &Path) -> Vec<Change> {
    let mut changes = cleared(&dir.join(PARTIAL));
    changes.extend(cleared(&dir.join(NEXT)));
    changes.push(Change::RemoveFile(dir.join(ROTATION)));
    changes
}

/// Deletes a folder of an authority, its keys first.
fn cleared(folder: &Path) -> Vec<Change> {
    let files = AUTHORITY_FILES.into_iter().map(|name| Change::RemoveFile(folder.join(name)));
    files.chain([Change::RemoveFolder(folder.to_owned())]).collect()
}

/// A folder that a rotation replaces or deletes holds nothing but an authority.
fn check_is_ours(folder: &Path) -> Result<(), CaError> {
    if !files::check_real_folder(folder)? {
        return Ok(());
    }
    for found in fs::read_dir(folder).map_err(CaError::io("read", folder))? {
        let name = found.map_err(CaError::io("read", folder))?.file_name();
        if !AUTHORITY_FILES.iter().any(|our| name == *our) {
            let reason = format!("`{}` in it is not of meshc: move it away", name.to_string_lossy());
            return Err(CaError::UnsafePath { path: folder.to_owned(), reason });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Folder;

    #[test]
    fn a_folder_is_free_again_although_a_program_that_is_just_starting_has_a_copy_of_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::take(dir.path()).unwrap();
        let inherited = folder.lock.try_clone().unwrap();
        assert!(Folder::take(dir.path()).is_err(), "it is held");
        drop(folder);
        assert!(Folder::take(dir.path()).is_ok());
        drop(inherited);
    }
}
