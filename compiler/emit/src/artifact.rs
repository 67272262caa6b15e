//! What a build writes: files by path.
//!
//! Emitters fill an [`ArtifactSet`]; only the caller touches a disk. Contents are lists of shared texts, so that a resource that
//! a thousand proxies hold is in memory once.

mod content;
mod path;

use std::collections::BTreeMap;

pub use content::Content;
pub(crate) use content::lines;
pub use path::ArtifactPath;

/// Files by path.
#[derive(Debug, Clone, Default)]
pub struct ArtifactSet {
    files: BTreeMap<ArtifactPath, Content>,
}

impl ArtifactSet {
    /// No files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file; one of the same path is replaced.
    pub fn insert(&mut self, path: ArtifactPath, content: impl Into<Content>) {
        self.files.insert(path, content.into());
    }

    /// Adds the files of another set.
    pub fn extend(&mut self, other: ArtifactSet) {
        self.files.extend(other.files);
    }

    /// All files, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&ArtifactPath, &Content)> {
        self.files.iter()
    }

    /// One file.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Content> {
        self.files.get(&ArtifactPath(path.to_owned()))
    }

    /// Number of files.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{ArtifactPath, ArtifactSet, Content};

    #[test]
    fn files_are_found_by_path_and_come_sorted() {
        let mut set = ArtifactSet::new();
        set.insert(ArtifactPath::new(["b"]), "2".to_owned());
        set.insert(ArtifactPath::new(["a", "x"]), "1".to_owned());
        let paths: Vec<&str> = set.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["a/x", "b"]);
        assert_eq!(set.get("a/x").map(Content::to_text).as_deref(), Some("1"));
        assert_eq!((set.len(), set.is_empty()), (2, false));
    }
}
