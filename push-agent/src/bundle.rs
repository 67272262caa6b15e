//! A release as bytes: the manifest and the files below `k8s/`, read once, so that what is verified is what is applied.

use std::collections::BTreeMap;

use crate::error::Error;

/// Folder of the objects within a release.
pub(crate) const OBJECT_FOLDER: &str = "k8s";
/// Most files of a release.
pub(crate) const MOST_FILES: usize = 100_000;
/// Largest file, in bytes. etcd stores no object of more than 1.5 MiB.
pub(crate) const LARGEST_FILE: u64 = 4 << 20;
/// Largest manifest, in bytes.
pub(crate) const LARGEST_MANIFEST: u64 = 64 << 20;
/// Largest release, in bytes.
pub(crate) const LARGEST_RELEASE: u64 = 512 << 20;

/// The manifest and the files of a release.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Bundle {
    /// The bytes of `release.json`.
    pub(crate) manifest: Vec<u8>,
    /// Files below `k8s/` by their path relative to the manifest.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

/// Counts what is read, and refuses more than a release may be.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    files: usize,
    bytes: u64,
}

impl Budget {
    /// Takes a file into account.
    pub(crate) fn take(&mut self, path: &str, bytes: u64) -> Result<(), Error> {
        let largest = if path == meshc_contract::RELEASE_FILE { LARGEST_MANIFEST } else { LARGEST_FILE };
        if bytes > largest {
            return Err(Error::Refused(format!("`{path}` is larger than {largest} bytes")));
        }
        self.files += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        if self.files > MOST_FILES {
            return Err(Error::Refused(format!("the release has more than {MOST_FILES} files")));
        }
        if self.bytes > LARGEST_RELEASE {
            return Err(Error::Refused(format!("the release is larger than {LARGEST_RELEASE} bytes")));
        }
        Ok(())
    }
}

/// Whether a path of a manifest or an archive stays in its folder: names joined by `/`, none of them empty, `.` or `..`.
pub(crate) fn stays_inside(path: &str) -> bool {
    let plain = |name: &str| {
        !name.is_empty() && name != "." && name != ".." && !name.contains(['\\', '\0']) && name.len() <= 255
    };
    path.len() <= 1024 && path.split('/').all(plain)
}

/// Whether a file of a release holds an object. Kustomizations are for other tools.
pub(crate) fn holds_object(path: &str) -> bool {
    path.rsplit('/').next() != Some("kustomization.yaml")
}

#[cfg(test)]
mod tests {
    use super::{Budget, LARGEST_FILE, LARGEST_MANIFEST, MOST_FILES, stays_inside};

    #[test]
    fn a_path_that_could_leave_its_folder_is_seen() {
        assert!(stays_inside("k8s/namespaces/shop/service-cart.yaml"));
        for path in
            ["", "/etc/passwd", "k8s/../../etc", "k8s/./a", "k8s//a", "..", "k8s\\..\\a", "a\0b", "k8s/"]
        {
            assert!(!stays_inside(path), "{path:?}");
        }
    }

    #[test]
    fn a_release_is_bounded_in_files_and_bytes() {
        assert!(Budget::default().take("k8s/a", LARGEST_FILE).is_ok());
        assert!(Budget::default().take("k8s/a", LARGEST_FILE + 1).is_err());
        assert!(Budget::default().take("release.json", LARGEST_MANIFEST).is_ok());
        let mut many = Budget::default();
        assert!((0..MOST_FILES).all(|_| many.take("k8s/a", 1).is_ok()));
        assert!(many.take("k8s/a", 1).is_err());
        let mut large = Budget::default();
        assert!((0..1000).any(|_| large.take("k8s/a", LARGEST_FILE).is_err()));
    }
}
