//! The files of a pod, in a temporary folder: the configuration at its paths, and placeholders where Kubernetes would
//! mount certificates, because Envoy reads them when it starts.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use meshc_ca::{CaProtection, Existing, InitOptions, KeyAlgorithm, KeyProtection};
use meshc_contract::Lifetime;
use meshc_emit::envoy::{CONFIG_DIRECTORY, IDENTITY_DIRECTORY};
use tempfile::TempDir;

use crate::exit::Failure;

/// Name of the bootstrap in its folder.
pub(super) const BOOTSTRAP: &str = "bootstrap.json";

/// A certificate and its key, made for this run, which stand for every certificate of the mesh.
pub(super) struct Placeholders {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Placeholders {
    /// Makes them.
    pub(super) fn new(now: SystemTime) -> Result<Self, Failure> {
        let day = Lifetime::ISTIO_DEFAULT;
        let options = InitOptions {
            trust_domain: "verify.invalid".to_owned(),
            algorithm: KeyAlgorithm::EcdsaP256,
            root_lifetime: day,
            intermediate_lifetime: day,
        };
        let failure = |error: meshc_ca::CaError| Failure::new(error.to_string());
        let folder = temporary()?;
        let material = meshc_ca::init(&options, now.into()).map_err(failure)?;
        let plaintext =
            CaProtection { root: KeyProtection::Plaintext, intermediate: KeyProtection::Plaintext };
        meshc_ca::write_ca(folder.path(), &material, &plaintext, Existing::Replace).map_err(failure)?;
        let read = |name: &str| {
            let path = folder.path().join(name);
            fs::read(&path).map_err(|error| Failure::io("read", &path, &error))
        };
        Ok(Self { certificate: read("root.crt")?, key: read("root.key")? })
    }
}

/// The files of one pod.
pub(super) struct Layout {
    root: TempDir,
}

impl Layout {
    /// Copies a bootstrap folder; absolute paths in it become paths below the temporary folder.
    pub(super) fn of(folder: &Path, placeholders: &Placeholders) -> Result<Self, Failure> {
        let layout = Self { root: temporary()? };
        for path in files(folder)? {
            let text = fs::read_to_string(&path).map_err(|error| Failure::io("read", &path, &error))?;
            layout.place_mounts(&text, placeholders)?;
            let relative = path.strip_prefix(folder).unwrap_or(&path);
            write(&layout.inside(CONFIG_DIRECTORY).join(relative), layout.moved(&text).as_bytes())?;
        }
        Ok(layout)
    }

    /// The bootstrap in it.
    pub(super) fn bootstrap(&self) -> PathBuf {
        self.inside(CONFIG_DIRECTORY).join(BOOTSTRAP)
    }

    fn inside(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }

    fn moved(&self, text: &str) -> String {
        [CONFIG_DIRECTORY, IDENTITY_DIRECTORY].iter().fold(text.to_owned(), |text, directory| {
            text.replace(&format!("{directory}/"), &format!("{}/", self.inside(directory).display())).replace(
                &format!("path: {directory}\n"),
                &format!("path: {}\n", self.inside(directory).display()),
            )
        })
    }

    /// Puts a placeholder at every path that the text names as the file of a certificate, a key or roots.
    fn place_mounts(&self, text: &str, placeholders: &Placeholders) -> Result<(), Failure> {
        for line in text.lines() {
            let Some(path) = line.trim().strip_prefix("filename: ") else { continue };
            let content = if path.ends_with("key") { &placeholders.key } else { &placeholders.certificate };
            if path.starts_with(CONFIG_DIRECTORY) || path.starts_with(IDENTITY_DIRECTORY) {
                write(&self.inside(path), content)?;
            }
        }
        Ok(())
    }
}

fn temporary() -> Result<TempDir, Failure> {
    let folder = std::env::temp_dir();
    tempfile::Builder::new()
        .prefix("meshc-verify-")
        .tempdir()
        .map_err(|error| Failure::io("create a folder in", &folder, &error))
}

/// All files below a folder, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| Failure::io("read", &folder, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| Failure::io("read", &folder, &error))?;
            let kind = entry.file_type().map_err(|error| Failure::io("read", &entry.path(), &error))?;
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| Failure::io("create", parent, &error))?;
    }
    fs::write(path, bytes).map_err(|error| Failure::io("write", path, &error))
}
