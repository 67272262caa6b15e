//! What tells one version of a file from the next without reading it.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What is seen of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    /// Time of change in seconds and nanoseconds, length, number; `None` if there is no file.
    file: Option<(i64, i64, u64, u64)>,
    /// Where `..data` beside it leads, which the kubelet turns to another folder for a new version of a ConfigMap.
    data: Option<PathBuf>,
}

impl Fingerprint {
    /// What is seen now.
    pub(crate) fn of(path: &Path) -> Self {
        let file = std::fs::metadata(path).ok();
        let file = file.map(|file| (file.mtime(), file.mtime_nsec(), file.len(), file.ino()));
        let data = path.parent().and_then(|folder| std::fs::read_link(folder.join("..data")).ok());
        Self { file, data }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_version_of_a_config_map_is_seen_although_its_files_look_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        for version in ["..1", "..2"] {
            std::fs::create_dir(folder.join(version)).unwrap();
            std::fs::write(folder.join(version).join("proxy.json"), "{}").unwrap();
        }
        std::os::unix::fs::symlink("..1", folder.join("..data")).unwrap();
        std::os::unix::fs::symlink("..data/proxy.json", folder.join("proxy.json")).unwrap();
        let path = folder.join("proxy.json");
        let before = Fingerprint::of(&path);
        assert_eq!(before, Fingerprint::of(&path));
        std::fs::remove_file(folder.join("..data")).unwrap();
        assert_ne!(before, Fingerprint::of(&path));
        std::os::unix::fs::symlink("..2", folder.join("..data")).unwrap();
        assert_ne!(before, Fingerprint::of(&path));
    }
}
