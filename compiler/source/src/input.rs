//! One file as it comes from a disk, a pipe or a test.

/// A file of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// Path as shown to people: as the user wrote it, with forward slashes.
    pub path: String,
    /// What it holds, or why it was not read.
    pub content: Content,
}

impl InputFile {
    /// A file with these bytes.
    #[must_use]
    pub fn new(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), content: Content::Bytes(bytes.into()) }
    }
}

/// What was found under a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The bytes of a file.
    Bytes(Vec<u8>),
    /// Nothing, for a reason that becomes a diagnostic when the set is loaded.
    Refused(Refusal),
}

/// Why a directory entry with the name of a manifest is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The link points outside the trees that were given.
    SymlinkOutsideTree {
        /// Where it points.
        target: String,
    },
    /// The link leads to itself or to a directory above it.
    SymlinkLoop,
    /// The link points to nothing.
    DanglingSymlink,
    /// The file is larger than the limit.
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// A socket, a pipe or a device.
    NotAFile,
}
