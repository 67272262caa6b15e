//! The files of a pod, in a temporary folder: the configuration at its paths, and placeholders where Kubernetes would
//! mount certificates, because Envoy reads them when it starts.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use meshc_ca::{CaError, CaProtection, Existing, InitOptions, IssueOptions, KeyAlgorithm, KeyProtection};
use meshc_contract::{IdentityRequest, Lifetime, SecretRef, SpiffeId};
use meshc_emit::envoy::{CONFIG_DIRECTORY, IDENTITY_DIRECTORY};
use meshc_emit::proxy::CONFIG_FILE;
use serde_json::Value;
use tempfile::TempDir;

use crate::exit::Failure;

/// The type of an access log to a file, whose first field is its path.
const FILE_LOG: &str = "envoy.extensions.access_loggers.file.v3.FileAccessLog\"";

/// A certificate with its key and roots, made for this run, which stand for every certificate of the mesh.
pub(super) struct Placeholders {
    certificate: String,
    key: Vec<u8>,
    roots: String,
    identity: SpiffeId,
}

impl Placeholders {
    /// Makes them. A leaf is needed: Envoy refuses a certificate that may not sign handshakes.
    pub(super) fn new(now: SystemTime) -> Result<Self, Failure> {
        let folder = temporary()?;
        let identity = SpiffeId {
            trust_domain: "verify.invalid".to_owned(),
            namespace: "verify".to_owned(),
            service_account: "verify".to_owned(),
        };
        let leaf = issue(&identity, folder.path(), now).map_err(|error| Failure::new(error.to_string()))?;
        let Some(leaf) = leaf else { return Err(Failure::new("no certificate could be made")) };
        let path = leaf.join("tls.key");
        let read = |name: &str| {
            let path = leaf.join(name);
            fs::read_to_string(&path).map_err(|error| Failure::io("read", &path, &error))
        };
        let key = fs::read(&path).map_err(|error| Failure::io("read", &path, &error))?;
        Ok(Self { certificate: read("tls.crt")?, key, roots: read("ca.crt")?, identity })
    }

    /// What stands at a path of a pod, told by the name of the file as Kubernetes and Istio name them.
    fn at(&self, path: &str) -> &[u8] {
        let name = path.rsplit('/').next().unwrap_or_default();
        if name.ends_with("key") || name.ends_with("key.pem") {
            &self.key
        } else if name.contains("ca") {
            self.roots.as_bytes()
        } else {
            self.certificate.as_bytes()
        }
    }
}

/// Makes an authority and a leaf in a folder; returns the folder of the leaf.
fn issue(identity: &SpiffeId, folder: &Path, now: SystemTime) -> Result<Option<PathBuf>, CaError> {
    let authority = folder.join("authority");
    let options = InitOptions {
        trust_domain: identity.trust_domain.clone(),
        algorithm: KeyAlgorithm::EcdsaP256,
        root_lifetime: Lifetime::ISTIO_DEFAULT,
        intermediate_lifetime: Lifetime::ISTIO_DEFAULT,
    };
    let plaintext = || KeyProtection::Plaintext;
    let protection = CaProtection { root: plaintext(), intermediate: plaintext() };
    meshc_ca::write_ca(&authority, &meshc_ca::init(&options, now.into())?, &protection, Existing::Refuse)?;
    let request = IdentityRequest {
        spiffe_id: identity.clone(),
        ttl: Lifetime::ISTIO_DEFAULT,
        workloads: Vec::new(),
        secret: SecretRef { namespace: identity.namespace.clone(), name: identity.service_account.clone() },
    };
    let issuer = meshc_ca::load_issuer(&authority, None)?;
    let leaf = meshc_ca::issue(&request, &issuer, &IssueOptions::default(), now.into())?;
    let written = meshc_ca::write_issued(&folder.join("leaves"), &[leaf], &plaintext())?;
    Ok(written.into_iter().next())
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
            let relative = path.strip_prefix(folder).unwrap_or(&path);
            if relative == Path::new(CONFIG_FILE) {
                let text = layout.with_placeholders(&text, placeholders)?;
                write(&layout.file(CONFIG_FILE), text.as_bytes())?;
                continue;
            }
            layout.place_mounts(&text, placeholders)?;
            let moved = layout.with_log_folders(&layout.moved(&text))?;
            write(&layout.inside(CONFIG_DIRECTORY).join(relative), moved.as_bytes())?;
        }
        Ok(layout)
    }

    /// A file of the configuration in it.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.inside(CONFIG_DIRECTORY).join(name)
    }

    /// What a program said, with the paths of the pod instead of the temporary ones.
    pub(super) fn original(&self, told: &str) -> String {
        told.replace(&self.root.path().display().to_string(), "")
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

    /// Files of access logs below the temporary folder, in folders that stand there; what a machine has as devices stays.
    fn with_log_folders(&self, text: &str) -> Result<String, Failure> {
        let mut moved = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(FILE_LOG) {
            let (before, after) = rest.split_at(at + FILE_LOG.len());
            moved.push_str(before);
            rest = after;
            let Some((gap, tail)) = rest.split_once("\"path\":") else { continue };
            let stated = tail.trim_start().strip_prefix('"').and_then(|tail| tail.split_once('"'));
            let Some((path, end)) = stated else { continue };
            let Some(inside) = self.log_file(path)? else { continue };
            moved.push_str(&format!("{gap}\"path\": \"{}\"", inside.display()));
            rest = end;
        }
        moved.push_str(rest);
        Ok(moved)
    }

    /// The file in place of an access log, empty; none for what a machine has as a device.
    fn log_file(&self, path: &str) -> Result<Option<PathBuf>, Failure> {
        if !path.starts_with('/') || path.starts_with("/dev/") || path.starts_with("/proc/") {
            return Ok(None);
        }
        let inside = self.inside(path);
        write(&inside, b"")?;
        Ok(Some(inside))
    }

    /// Puts a placeholder at every path that the text names as the file of a certificate, a key or roots.
    fn place_mounts(&self, text: &str, placeholders: &Placeholders) -> Result<(), Failure> {
        for line in text.lines() {
            let Some(path) = line.trim().strip_prefix("filename: ") else { continue };
            if path.starts_with(CONFIG_DIRECTORY) || path.starts_with(IDENTITY_DIRECTORY) {
                write(&self.inside(path), placeholders.at(path))?;
            }
        }
        Ok(())
    }

    /// The configuration of a bundled proxy with placeholders for all key material that it names, and with the identity of the
    /// placeholder, since the proxy takes no certificate of another. What is no configuration stays, for the proxy to object to.
    fn with_placeholders(&self, text: &str, placeholders: &Placeholders) -> Result<String, Failure> {
        let Ok(mut config) = serde_json::from_str::<Value>(text) else { return Ok(text.to_owned()) };
        if let Some(identity) = config.pointer_mut("/node/identity") {
            *identity = placeholders.identity.to_string().into();
        }
        self.replace_files(&mut config, placeholders)?;
        Ok(config.to_string())
    }

    fn replace_files(&self, value: &mut Value, placeholders: &Placeholders) -> Result<(), Failure> {
        match value {
            Value::Object(fields) => {
                // Nothing stands for a list of certificates that are revoked.
                fields.retain(|key, value| key != "crl" || !value.is_string());
                for (key, value) in fields {
                    if key == "accessLogs" {
                        self.replace_logs(value)?;
                        continue;
                    }
                    let names_file = matches!(key.as_str(), "certificate" | "key" | "roots" | "file");
                    match value.as_str().filter(|path| names_file && path.starts_with('/')) {
                        Some(path) => {
                            let inside = self.inside(path);
                            write(&inside, placeholders.at(path))?;
                            *value = inside.display().to_string().into();
                        }
                        None => self.replace_files(value, placeholders)?,
                    }
                }
                Ok(())
            }
            Value::Array(items) => {
                items.iter_mut().try_for_each(|item| self.replace_files(item, placeholders))
            }
            _ => Ok(()),
        }
    }

    fn replace_logs(&self, logs: &mut Value) -> Result<(), Failure> {
        for path in logs.as_array_mut().into_iter().flatten().filter_map(|log| log.get_mut("path")) {
            if let Some(inside) = path.as_str().map(|path| self.log_file(path)).transpose()?.flatten() {
                *path = inside.display().to_string().into();
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
