//! The authority and its leaves on disk.
//!
//! Authority: `root.crt`, `root.key.age`, `intermediate.crt`, `intermediate.key.age`; without `.age` for plaintext
//! keys. Leaf: `<namespace>/<service account>/` with `tls.crt`, `ca.crt`, `tls.key.age` and the Secret encrypted as
//! SOPS does, `secret.sops.yaml`; `tls.key` and `secret.yaml` for plaintext keys.

use std::fs;
use std::path::{Path, PathBuf};

use meshc_contract::SpiffeId;
use rustls_pki_types::CertificateDer;

use crate::files::{self, Entry};
use crate::rotation::{Layout, NEXT, ROTATION};
use crate::{
    AgeIdentities, Authority, CaError, CaMaterial, Issued, Issuer, KeyProtection, PrivateKey, pem, secret,
    sops,
};

pub(crate) const ROOT_CERTIFICATE: &str = "root.crt";
pub(crate) const ROOT_KEY: KeyFile = KeyFile { plain: "root.key", sealed: "root.key.age" };
pub(crate) const INTERMEDIATE_CERTIFICATE: &str = "intermediate.crt";
pub(crate) const INTERMEDIATE_KEY: KeyFile =
    KeyFile { plain: "intermediate.key", sealed: "intermediate.key.age" };
/// Every file that an authority may have. Certificates come last, so that a key is in its place before them.
pub(crate) const AUTHORITY_FILES: [&str; 6] = [
    ROOT_KEY.plain,
    ROOT_KEY.sealed,
    INTERMEDIATE_KEY.plain,
    INTERMEDIATE_KEY.sealed,
    INTERMEDIATE_CERTIFICATE,
    ROOT_CERTIFICATE,
];
pub(crate) const LEAF_CERTIFICATE: &str = "tls.crt";
pub(crate) const LEAF_KEY: KeyFile = KeyFile { plain: "tls.key", sealed: "tls.key.age" };
pub(crate) const ROOTS: &str = "ca.crt";
pub(crate) const SECRET: &str = "secret.yaml";
pub(crate) const SEALED_SECRET: &str = "secret.sops.yaml";

/// The two names that a key may have.
#[derive(Clone, Copy)]
pub(crate) struct KeyFile {
    pub(crate) plain: &'static str,
    pub(crate) sealed: &'static str,
}

/// How the two keys of an authority are protected. The root's recipients are best people who keep it offline; the
/// intermediate's include whatever issues leaves.
#[derive(Debug, Clone)]
pub struct CaProtection {
    /// For the root's key.
    pub root: KeyProtection,
    /// For the intermediate's key.
    pub intermediate: KeyProtection,
}

/// What to do with an authority that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Leave it and fail.
    Refuse,
    /// Replace it; its keys are lost.
    Replace,
}

/// Writes an authority into a folder and gives the paths of its files. Other files in the folder stay.
///
/// # Errors
/// [`CaError::Exists`] when there is one and `existing` is [`Existing::Refuse`]; [`CaError::Encrypt`]; [`CaError::Io`].
pub fn write_ca(
    dir: &Path,
    material: &CaMaterial,
    protection: &CaProtection,
    existing: Existing,
) -> Result<Vec<PathBuf>, CaError> {
    // A rotation that is under way ends with the authority that it rotates.
    let names = AUTHORITY_FILES.into_iter().chain([ROTATION]);
    let found = names.clone().chain([NEXT]).find(|name| fs::symlink_metadata(dir.join(name)).is_ok());
    if let (Some(file), Existing::Refuse) = (found, existing) {
        return Err(CaError::Exists { dir: dir.to_owned(), file });
    }
    let entries = ca_entries(material, protection)?;
    let stage = files::stage(dir)?;
    for entry in &entries {
        files::write(stage.path(), entry, true)?;
    }
    if files::check_real_folder(&dir.join(NEXT))? {
        files::rename(&dir.join(NEXT), &stage.path().join(NEXT))?;
    }
    for name in names {
        files::remove_if_there(&dir.join(name))?;
    }
    let mut written = Vec::new();
    for Entry { name, .. } in &entries {
        let path = dir.join(name);
        files::rename(&stage.path().join(name), &path)?;
        written.push(path);
    }
    Ok(written)
}

/// The files of an authority.
pub(crate) fn ca_entries(material: &CaMaterial, protection: &CaProtection) -> Result<Vec<Entry>, CaError> {
    let CaMaterial { root, intermediate } = material;
    let CaProtection { root: of_root, intermediate: of_intermediate } = protection;
    let mut entries = authority_entries(root, ROOT_CERTIFICATE, ROOT_KEY, of_root)?;
    entries.extend(intermediate_entries(intermediate, of_intermediate)?);
    Ok(entries)
}

/// The files of an intermediate.
pub(crate) fn intermediate_entries(
    intermediate: &Authority,
    protection: &KeyProtection,
) -> Result<Vec<Entry>, CaError> {
    authority_entries(intermediate, INTERMEDIATE_CERTIFICATE, INTERMEDIATE_KEY, protection)
}

fn authority_entries(
    authority: &Authority,
    certificate: &'static str,
    key: KeyFile,
    protection: &KeyProtection,
) -> Result<Vec<Entry>, CaError> {
    let text = pem::certificate(&authority.certificate)?;
    Ok(vec![Entry::public(certificate, &text), key_entry(key, &authority.key.to_pem()?, protection)?])
}

fn key_entry(file: KeyFile, key: &str, protection: &KeyProtection) -> Result<Entry, CaError> {
    match protection {
        KeyProtection::Age(recipients) => Ok(Entry::owner(file.sealed, &recipients.seal(key.as_bytes())?)),
        KeyProtection::Plaintext => Ok(Entry::owner(file.plain, key)),
    }
}

/// Reads the intermediate that issues now, its key, and the roots that are trusted now, the new one first while a rotation
/// is under way. The root's key is neither needed nor touched.
///
/// # Errors
/// [`CaError::Missing`], [`CaError::IdentityNeeded`] when the key is encrypted and `identities` is `None`,
/// [`CaError::Decrypt`], [`CaError::WorldReadable`], [`CaError::RotationState`], [`CaError::IssuerCertificate`] when the
/// files do not belong together.
pub fn load_issuer(dir: &Path, identities: Option<&AgeIdentities>) -> Result<Issuer, CaError> {
    let layout = Layout::read(dir)?;
    let intermediate =
        layout.issuing(INTERMEDIATE_CERTIFICATE).unwrap_or_else(|| dir.join(INTERMEDIATE_CERTIFICATE));
    let chain = read_certificates(&intermediate)?;
    let roots = layout.roots()?;
    let key = load_key(&layout, INTERMEDIATE_KEY, identities)?;
    Issuer::new(&chain, &roots, Box::new(key))
}

/// Reads a key of the authority that issues now.
///
/// # Errors
/// As [`load_issuer`].
pub(crate) fn load_key(
    layout: &Layout<'_>,
    file: KeyFile,
    identities: Option<&AgeIdentities>,
) -> Result<PrivateKey, CaError> {
    let there = |name| layout.issuing(name).filter(|path| path.exists());
    match (there(file.plain), there(file.sealed)) {
        (Some(plain), Some(sealed)) => Err(CaError::TwoKeys { plain, sealed }),
        (Some(plain), None) => {
            PrivateKey::from_pem(&files::read_secret(&plain)?, &plain.display().to_string())
        }
        (None, Some(sealed)) => {
            let content = fs::read(&sealed).map_err(CaError::io("read", &sealed))?;
            let what = sealed.display().to_string();
            let identities = identities.ok_or(CaError::IdentityNeeded { path: sealed })?;
            PrivateKey::from_pem(&identities.open(&content, &what)?, &what)
        }
        (None, None) => Err(CaError::Missing { path: layout.folder().join(file.sealed) }),
    }
}

/// The certificates of a file of an authority.
///
/// # Errors
/// [`CaError::Missing`], [`CaError::Io`], [`CaError::IssuerCertificate`] for a file without certificates.
pub(crate) fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, CaError> {
    let text = fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => CaError::Missing { path: path.to_owned() },
        _ => CaError::io("read", path)(error),
    })?;
    pem::read_certificates(&String::from_utf8_lossy(&text), &path.display().to_string())
}

/// Writes leaves into `<dir>/<namespace>/<service account>/` and gives these folders, in the order of `issued`.
///
/// Each folder is replaced as a whole, so certificate and key always belong together; nothing is replaced before
/// everything is written. A folder with files that meshc does not write is left alone and fails the call.
///
/// # Errors
/// [`CaError::UnsafePath`] for links and foreign files, [`CaError::Encrypt`], [`CaError::Io`].
pub fn write_issued(
    dir: &Path,
    issued: &[Issued],
    protection: &KeyProtection,
) -> Result<Vec<PathBuf>, CaError> {
    let stage = files::stage(dir)?;
    let mut moves = Vec::new();
    for leaf in issued {
        let (namespace, account) = (&leaf.spiffe_id.namespace, &leaf.spiffe_id.service_account);
        let target = leaf_folder(dir, &leaf.spiffe_id);
        files::check_real_folder(&dir.join(namespace))?;
        check_is_ours(&target)?;
        let staged = stage.path().join("new").join(namespace).join(account);
        fs::create_dir_all(&staged).map_err(CaError::io("create", &staged))?;
        for entry in leaf_entries(leaf, protection)? {
            files::write(&staged, &entry, false)?;
        }
        moves.push((staged, target));
    }
    let replaced = stage.path().join("old");
    for (staged, target) in &moves {
        replace_folder(staged, target, &replaced)?;
    }
    Ok(moves.into_iter().map(|(_, target)| target).collect())
}

/// The folder of an identity within a folder of certificates: `<namespace>/<service account>`.
#[must_use]
pub fn leaf_folder(dir: &Path, id: &SpiffeId) -> PathBuf {
    dir.join(&id.namespace).join(&id.service_account)
}

fn leaf_entries(leaf: &Issued, protection: &KeyProtection) -> Result<Vec<Entry>, CaError> {
    let (chain, key) = (leaf.certificate_chain_pem()?, leaf.key.to_pem()?);
    let mut entries = vec![
        Entry::public(LEAF_CERTIFICATE, &chain),
        Entry::public(ROOTS, leaf.roots_pem()),
        key_entry(LEAF_KEY, &key, protection)?,
    ];
    let manifest = secret::manifest(&leaf.secret, leaf.roots_pem(), &chain, &key);
    entries.push(match protection {
        KeyProtection::Age(recipients) => {
            let sealed = sops::encrypt(manifest, recipients, leaf.issued_at)?;
            Entry::owner(SEALED_SECRET, &secret::yaml(&sealed))
        }
        KeyProtection::Plaintext => Entry::owner(SECRET, &secret::yaml(&manifest)),
    });
    Ok(entries)
}

fn check_is_ours(folder: &Path) -> Result<(), CaError> {
    if !files::check_real_folder(folder)? {
        return Ok(());
    }
    let ours = [LEAF_CERTIFICATE, ROOTS, LEAF_KEY.plain, LEAF_KEY.sealed, SECRET, SEALED_SECRET];
    for found in fs::read_dir(folder).map_err(CaError::io("read", folder))? {
        let name = found.map_err(CaError::io("read", folder))?.file_name();
        if !ours.iter().any(|our| name == *our) {
            let reason = format!("`{}` in it is not of meshc: move it away", name.to_string_lossy());
            return Err(CaError::UnsafePath { path: folder.to_owned(), reason });
        }
    }
    Ok(())
}

/// The old folder is moved back when the new one cannot take its place.
fn replace_folder(staged: &Path, target: &Path, replaced: &Path) -> Result<(), CaError> {
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent).map_err(CaError::io("create", parent))?;
    }
    if !target.exists() {
        return files::rename(staged, target);
    }
    fs::create_dir_all(replaced).map_err(CaError::io("create", replaced))?;
    let old = replaced.join("folder");
    files::rename(target, &old)?;
    if let Err(error) = files::rename(staged, target) {
        files::rename(&old, target)?;
        return Err(error);
    }
    fs::remove_dir_all(&old).map_err(CaError::io("remove", &old))
}
