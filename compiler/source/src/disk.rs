//! Reads the trees that a user names. The only module of the compiler below the cli that opens files, and only the
//! cli calls it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use crate::input::{Content, InputFile, Refusal};

/// Largest file that is read, in bytes: some sixty times the largest object that Kubernetes stores.
pub const MAX_FILE_BYTES: u64 = 64 << 20;

/// Stands in every folder that meshc wrote. Below a directory that is read, such a folder is output and not input, as the
/// default output folder `dist` is when a tree is compiled from within.
pub const OUTPUT_MARKER: &str = "meshc.metadata";

/// What `-` is called in diagnostics.
pub const STDIN: &str = "<stdin>";

/// A path that cannot be read at all, which ends the run.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{path}`: {source}")]
pub struct ReadError {
    /// The path as the user knows it.
    pub path: String,
    /// What the operating system says.
    pub source: io::Error,
}

/// Reads files, directories and `-` (standard input), sorted by path, each file once.
///
/// A directory is read with all below it, except hidden entries and folders that meshc wrote ([`OUTPUT_MARKER`]); only files
/// named `*.yaml`, `*.yml` and `*.json` count.
/// A file that is named itself is read whatever it is called. Links are followed within the directories named; what
/// they must not reach, and files that are too large, come back as [`Content::Refused`].
///
/// # Errors
/// A path that does not exist or may not be read.
pub fn read_paths(paths: &[PathBuf], stdin: &mut dyn Read) -> Result<Vec<InputFile>, ReadError> {
    let mut walk = Walk::default();
    let mut inputs = Vec::new();
    for path in paths {
        if path.as_os_str() != "-" {
            walk.start(path)?;
        } else if !inputs.iter().any(|input: &InputFile| input.path == STDIN) {
            inputs.push(InputFile { path: STDIN.to_owned(), content: read_bounded(stdin, STDIN)? });
        }
    }
    walk.links()?;
    for (file, path) in walk.files {
        let handle = fs::File::open(&file);
        let mut handle = handle.map_err(|source| ReadError { path: path.clone(), source })?;
        inputs.push(InputFile { content: read_bounded(&mut handle, &path)?, path });
    }
    inputs.extend(walk.refused);
    inputs.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(inputs)
}

fn read_bounded(reader: &mut dyn Read, path: &str) -> Result<Content, ReadError> {
    let mut bytes = Vec::new();
    let read = reader.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|source| ReadError { path: path.to_owned(), source })?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Ok(Content::Refused(Refusal::TooLarge { limit: MAX_FILE_BYTES }));
    }
    Ok(Content::Bytes(bytes))
}

/// What was found so far. Real entries are walked before links, so that a file has its own name if it has one.
#[derive(Default)]
struct Walk {
    /// The directories that the user named; links must not leave them.
    roots: Vec<PathBuf>,
    /// Where a file is, and how it is called.
    files: BTreeMap<PathBuf, String>,
    /// Directories that were walked, each once, so that links between them cannot multiply the work.
    walked: BTreeSet<PathBuf>,
    links: BTreeSet<Link>,
    refused: Vec<InputFile>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Link {
    name: String,
    path: PathBuf,
    /// The directory that holds it.
    parent: PathBuf,
}

impl Walk {
    /// Takes in a path that the user named.
    fn start(&mut self, path: &Path) -> Result<(), ReadError> {
        let name = shown(path);
        let error = |source| ReadError { path: path.display().to_string(), source };
        let real = fs::canonicalize(path).map_err(error)?;
        if fs::metadata(&real).map_err(error)?.is_dir() {
            self.roots.push(real.clone());
            self.directory(real, name)
        } else {
            self.files.entry(real).or_insert(name);
            Ok(())
        }
    }

    /// Takes in a directory and all below it; links are put aside.
    fn directory(&mut self, real: PathBuf, name: String) -> Result<(), ReadError> {
        let mut rest = vec![(real, name)];
        while let Some((directory, name)) = rest.pop() {
            if !self.walked.insert(directory.clone()) {
                continue;
            }
            let error = |source| ReadError { path: name.clone(), source };
            for entry in fs::read_dir(&directory).map_err(error)? {
                let entry = entry.map_err(error)?;
                let file_name = entry.file_name().to_string_lossy().into_owned();
                if file_name.starts_with('.') {
                    continue;
                }
                let kind = entry.file_type().map_err(error)?;
                let (path, name) = (entry.path(), join(&name, &file_name));
                if kind.is_dir() {
                    if !path.join(OUTPUT_MARKER).is_file() {
                        rest.push((path, name));
                    }
                } else if kind.is_symlink() {
                    self.links.insert(Link { name, path, parent: directory.clone() });
                } else if is_manifest(&name) && kind.is_file() {
                    self.files.entry(path).or_insert(name);
                } else if is_manifest(&name) {
                    self.refuse(name, Refusal::NotAFile);
                }
            }
        }
        Ok(())
    }

    /// Follows the links, and those that are found behind them.
    fn links(&mut self) -> Result<(), ReadError> {
        while let Some(Link { name, path, parent }) = self.links.pop_first() {
            let target = match fs::canonicalize(&path) {
                Ok(target) => target,
                Err(source) => match source.kind() {
                    io::ErrorKind::PermissionDenied => return Err(ReadError { path: name, source }),
                    io::ErrorKind::NotFound => {
                        // It may have named a directory; only a file of another type is certainly none of ours.
                        if is_manifest(&name) || Path::new(&name).extension().is_none() {
                            self.refuse(name, Refusal::DanglingSymlink);
                        }
                        continue;
                    }
                    _ => {
                        self.refuse(name, Refusal::SymlinkLoop);
                        continue;
                    }
                },
            };
            let directory = target.is_dir();
            if !directory && !is_manifest(&name) {
                continue;
            }
            if !self.roots.iter().any(|root| target.starts_with(root)) {
                self.refuse(name, Refusal::SymlinkOutsideTree { target: target.display().to_string() });
            } else if directory && parent.starts_with(&target) {
                self.refuse(name, Refusal::SymlinkLoop);
            } else if directory {
                self.directory(target, name)?;
            } else if target.is_file() {
                self.files.entry(target).or_insert(name);
            } else {
                self.refuse(name, Refusal::NotAFile);
            }
        }
        Ok(())
    }

    fn refuse(&mut self, path: String, refusal: Refusal) {
        self.refused.push(InputFile { path, content: Content::Refused(refusal) });
    }
}

fn is_manifest(name: &str) -> bool {
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| {
        ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    })
}

/// A path as shown to people: `./mesh//a` is `mesh/a`, and the current directory is nothing.
fn shown(path: &Path) -> String {
    let mut name = String::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::RootDir => name.push('/'),
            _ => name = join(&name, &component.as_os_str().to_string_lossy()),
        }
    }
    name
}

fn join(parent: &str, name: &str) -> String {
    match parent {
        "" | "/" => format!("{parent}{name}"),
        _ => format!("{parent}/{name}"),
    }
}
