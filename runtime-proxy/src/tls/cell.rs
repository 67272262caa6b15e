//! One piece of key material that is read from files and read again when they change.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwapOption, Guard};
use aws_lc_rs::digest::{Context, Digest, SHA256};

use super::TlsError;
use crate::log;

/// What can be made of the content of files.
pub(super) trait Material: Sized {
    /// Which files, and what they must hold.
    type Source: fmt::Debug + Clone + Ord;

    /// The files to read; the first that exists of each inner list.
    fn files(source: &Self::Source) -> Vec<Vec<PathBuf>>;

    /// Whether the proxy runs without the files: those of its own identity must be there, while one Secret that is absent must not
    /// keep everything else from being served, as with Envoy. Handshakes that need the files fail until they are there.
    fn may_be_absent(source: &Self::Source) -> bool;

    /// Makes it of the contents, in the order of [`files`](Self::files).
    ///
    /// # Errors
    /// If they are not what they should be.
    fn parse(source: &Self::Source, files: &[Content]) -> Result<Self, TlsError>;
}

/// A file with its content.
pub(super) struct Content {
    /// The file.
    pub(super) path: PathBuf,
    /// What is in it.
    pub(super) bytes: Vec<u8>,
}

/// One piece of key material. What was read last without an error stays.
pub(super) struct Cell<T: Material> {
    source: T::Source,
    current: ArcSwapOption<T>,
    /// What was tried last, so that the same trouble is told once and unchanged files cost no parsing.
    tried: Mutex<Tried>,
}

enum Tried {
    Content(Vec<u8>),
    Unreadable(TlsError),
}

impl<T: Material + fmt::Debug> fmt::Debug for Cell<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Cell").field("source", &self.source).finish_non_exhaustive()
    }
}

impl<T: Material> Cell<T> {
    /// Reads the files for the first time.
    ///
    /// # Errors
    /// If they cannot be read or are not what they should be. Files that may be absent are waited for instead.
    pub(super) fn load(source: &T::Source) -> Result<Arc<Self>, TlsError> {
        let (current, tried) = match read::<T>(source) {
            Ok(files) => {
                let digest = digest(&files).as_ref().to_vec();
                (Some(Arc::new(T::parse(source, &files)?)), Tried::Content(digest))
            }
            Err(error) if T::may_be_absent(source) && is_absent::<T>(source) => {
                log::warn("key material is not there yet; handshakes that need it fail", &[("file", &error)]);
                (None, Tried::Unreadable(error))
            }
            Err(error) => return Err(error),
        };
        let current = ArcSwapOption::new(current);
        Ok(Arc::new(Self { source: source.clone(), current, tried: Mutex::new(tried) }))
    }

    /// Reads the files again; whether something else is in them that could be taken.
    ///
    /// # Errors
    /// If they cannot be read or are not what they should be, once for each such content.
    pub(super) fn poll(&self) -> Result<bool, TlsError> {
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        let files = match read::<T>(&self.source) {
            Ok(files) => files,
            Err(error) => {
                let known = matches!(&*tried, Tried::Unreadable(before) if *before == error);
                *tried = Tried::Unreadable(error.clone());
                return if known { Ok(false) } else { Err(error) };
            }
        };
        let digest = digest(&files);
        if matches!(&*tried, Tried::Content(before) if before == digest.as_ref()) {
            return Ok(false);
        }
        *tried = Tried::Content(digest.as_ref().to_vec());
        self.current.store(Some(Arc::new(T::parse(&self.source, &files)?)));
        Ok(true)
    }

    /// What is in force; nothing while the files were never there.
    pub(super) fn get(&self) -> Guard<Option<Arc<T>>> {
        self.current.load()
    }
}

fn read<T: Material>(source: &T::Source) -> Result<Vec<Content>, TlsError> {
    T::files(source).iter().map(|candidates| read_first(candidates)).collect()
}

fn is_absent<T: Material>(source: &T::Source) -> bool {
    T::files(source).iter().any(|candidates| !candidates.iter().any(|path| path.exists()))
}

fn read_first(candidates: &[PathBuf]) -> Result<Content, TlsError> {
    let path = candidates.iter().find(|path| path.exists()).or(candidates.first());
    let path = path.map_or(Path::new(""), PathBuf::as_path);
    match std::fs::read(path) {
        Ok(bytes) => Ok(Content { path: path.to_owned(), bytes }),
        Err(error) => Err(TlsError::file(path, format!("it cannot be read: {error}"))),
    }
}

fn digest(files: &[Content]) -> Digest {
    let mut context = Context::new(&SHA256);
    for file in files {
        context.update(&(file.bytes.len() as u64).to_be_bytes());
        context.update(&file.bytes);
    }
    context.finish()
}
