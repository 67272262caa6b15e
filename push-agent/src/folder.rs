//! Reads a release from an output folder of `meshc build`.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use meshc_contract::RELEASE_FILE;

use crate::bundle::{Budget, Bundle, LARGEST_MANIFEST, OBJECT_FOLDER, stays_inside};
use crate::error::Error;
use crate::verify::sha256;

/// Reads the manifest and everything below `k8s/`. The folder itself may be a link, nothing in it may.
pub(crate) fn read(folder: &Path) -> Result<Bundle, Error> {
    let mut budget = Budget::default();
    let manifest = manifest(folder, &mut budget)?;
    let mut bundle = Bundle { manifest, ..Bundle::default() };
    let objects = folder.join(OBJECT_FOLDER);
    if fs::symlink_metadata(&objects).is_ok() {
        refuse_link(&objects)?;
        walk(&objects, OBJECT_FOLDER, &mut budget, &mut bundle)?;
    }
    Ok(bundle)
}

/// The digest of the manifest, which holds the checksum of every file.
pub(crate) fn fingerprint(folder: &Path) -> Result<String, Error> {
    Ok(sha256(&manifest(folder, &mut Budget::default())?))
}

fn manifest(folder: &Path, budget: &mut Budget) -> Result<Vec<u8>, Error> {
    let path = folder.join(RELEASE_FILE);
    if fs::symlink_metadata(&path).is_err() {
        return Err(Error::Failed(format!(
            "`{}` holds no {RELEASE_FILE}: name the output folder of `meshc build`",
            folder.display()
        )));
    }
    refuse_link(&path)?;
    file(&path, RELEASE_FILE, LARGEST_MANIFEST, budget)
}

fn walk(folder: &Path, relative: &str, budget: &mut Budget, bundle: &mut Bundle) -> Result<(), Error> {
    let entries = fs::read_dir(folder).map_err(|error| Error::io("read", folder, &error))?;
    for entry in entries {
        let path = entry.map_err(|error| Error::io("read", folder, &error))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).map(|name| format!("{relative}/{name}"));
        let Some(name) = name.filter(|name| stays_inside(name)) else {
            return Err(Error::Refused(format!("`{}` is no name of a file of a release", path.display())));
        };
        refuse_link(&path)?;
        if path.is_dir() {
            walk(&path, &name, budget, bundle)?;
        } else {
            let content = file(&path, &name, LARGEST_MANIFEST, budget)?;
            bundle.files.insert(name, content);
        }
    }
    Ok(())
}

/// A link could lead out of the folder, a device or a pipe could go on for ever.
fn refuse_link(path: &Path) -> Result<(), Error> {
    let kind = fs::symlink_metadata(path).map_err(|error| Error::io("read", path, &error))?.file_type();
    if kind.is_file() || kind.is_dir() {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "`{}` is neither a file nor a folder; a release has no links",
        path.display()
    )))
}

fn file(path: &Path, name: &str, most: u64, budget: &mut Budget) -> Result<Vec<u8>, Error> {
    let failure = |error: std::io::Error| Error::io("read", path, &error);
    let open = fs::File::open(path).map_err(failure)?;
    let mut content = Vec::new();
    open.take(most + 1).read_to_end(&mut content).map_err(failure)?;
    budget.take(name, content.len() as u64)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::{fingerprint, read};

    fn release() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("k8s/cluster")).unwrap();
        fs::write(folder.path().join("release.json"), "{}").unwrap();
        fs::write(folder.path().join("k8s/cluster/a.yaml"), "a: 1\n").unwrap();
        folder
    }

    #[test]
    fn the_manifest_and_the_objects_are_read_and_nothing_else() {
        let folder = release();
        fs::write(folder.path().join("identities.yaml"), "x").unwrap();
        let bundle = read(folder.path()).unwrap();
        assert_eq!(bundle.manifest, b"{}");
        assert_eq!(bundle.files.keys().collect::<Vec<_>>(), ["k8s/cluster/a.yaml"]);
        let link = folder.path().parent().unwrap().join(format!("link-{}", std::process::id()));
        symlink(folder.path(), &link).unwrap();
        assert_eq!(read(&link).unwrap(), bundle);
        fs::remove_file(link).unwrap();
    }

    #[test]
    fn a_link_in_a_release_is_refused_wherever_it_leads() {
        let folder = release();
        symlink("/etc/hostname", folder.path().join("k8s/cluster/b.yaml")).unwrap();
        assert!(read(folder.path()).unwrap_err().to_string().contains("links"));
        let folder = release();
        fs::remove_file(folder.path().join("release.json")).unwrap();
        symlink("k8s/cluster/a.yaml", folder.path().join("release.json")).unwrap();
        assert!(read(folder.path()).is_err());
        assert!(fingerprint(folder.path()).is_err());
        let folder = release();
        fs::rename(folder.path().join("k8s"), folder.path().join("real")).unwrap();
        symlink("real", folder.path().join("k8s")).unwrap();
        assert!(read(folder.path()).is_err());
    }

    #[test]
    fn a_folder_without_a_manifest_says_what_to_name() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).unwrap_err().to_string().contains("meshc build"));
    }
}
