//! Where the recordings of a real istiod are.

use std::path::{Path, PathBuf};

/// Folders of the recordings. Without them the test says so; in CI they must be there.
pub(crate) fn recordings() -> Vec<PathBuf> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/conformance/istiod"));
    let Ok(entries) = std::fs::read_dir(root) else {
        assert!(std::env::var_os("CI").is_none(), "{} must be there in CI", root.display());
        println!("skipped: {} is not there", root.display());
        return Vec::new();
    };
    let folders = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut folders: Vec<_> = folders.collect();
    folders.sort();
    folders
}
