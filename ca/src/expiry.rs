//! Which certificates end soon: the gate that a scheduled job runs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use meshc_contract::Lifetime;
use time::{Duration, OffsetDateTime};

use crate::{CaError, CertificateFacts, inspect_pem};

/// A certificate that needs somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// The first file that holds it.
    pub path: PathBuf,
    /// Its SPIFFE ID when it is a leaf, else its subject.
    pub name: String,
    /// First moment of its validity.
    pub not_before: OffsetDateTime,
    /// Last moment of its validity.
    pub not_after: OffsetDateTime,
    /// What is the matter.
    pub state: ExpiryState,
}

/// What is the matter with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpiryState {
    /// It is over.
    Expired,
    /// It ends within the time that was asked for.
    Soon,
    /// It has not begun: a clock is wrong.
    NotYetValid,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExpiryReport {
    /// How many different certificates were read.
    pub checked: usize,
    /// Those that need somebody, the first to end first.
    pub expiring: Vec<Expiry>,
}

/// Reads the given files, and every `*.crt` below the given folders. A certificate that is in several files, as an
/// intermediate is in every `tls.crt`, counts once. Links to folders are not followed.
///
/// # Errors
/// [`CaError::Io`]; [`CaError::IssuerCertificate`] and [`CaError::Certificate`] for files that hold no certificate.
pub fn check_expiry(
    paths: &[PathBuf],
    within: Lifetime,
    now: OffsetDateTime,
) -> Result<ExpiryReport, CaError> {
    let files = certificate_files(paths)?;
    // A lifetime that leads past the end of time is longer than any certificate.
    let seconds = i64::try_from(within.seconds()).unwrap_or(i64::MAX);
    let horizon = now.checked_add(Duration::seconds(seconds));
    let mut seen = BTreeSet::new();
    let mut expiring = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).map_err(CaError::io("read", &path))?;
        for facts in inspect_pem(&text, &path.display().to_string())? {
            if seen.insert((facts.issuer.clone(), facts.serial.clone())) {
                expiring.extend(state(&facts, horizon, now).map(|state| expiry(&path, facts, state)));
            }
        }
    }
    expiring.sort_by(|a, b| (a.not_after, &a.path).cmp(&(b.not_after, &b.path)));
    Ok(ExpiryReport { checked: seen.len(), expiring })
}

/// The given files, and every `*.crt` below the given folders, in the order of their names. Links to folders are not
/// followed.
///
/// # Errors
/// [`CaError::Io`].
pub fn certificate_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CaError> {
    let mut files = Vec::new();
    paths.iter().try_for_each(|path| collect(path, &mut files))?;
    Ok(files)
}

fn state(
    facts: &CertificateFacts,
    horizon: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Option<ExpiryState> {
    if facts.not_after < now {
        Some(ExpiryState::Expired)
    } else if facts.not_before > now {
        Some(ExpiryState::NotYetValid)
    } else if horizon.is_none_or(|horizon| facts.not_after <= horizon) {
        Some(ExpiryState::Soon)
    } else {
        None
    }
}

fn expiry(path: &Path, facts: CertificateFacts, state: ExpiryState) -> Expiry {
    let CertificateFacts { subject, not_before, not_after, uris, .. } = facts;
    let name = if subject.is_empty() { uris.join(", ") } else { subject };
    Expiry { path: path.to_owned(), name, not_before, not_after, state }
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), CaError> {
    let metadata = fs::metadata(path).map_err(CaError::io("read", path))?;
    if metadata.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).map_err(CaError::io("read", path))? {
        let entry = entry.map_err(CaError::io("read", path))?;
        let kind = entry.file_type().map_err(CaError::io("read", path))?;
        entries.push((entry.path(), kind));
    }
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (path, kind) in entries {
        if kind.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "crt") {
            files.push(path);
        }
    }
    Ok(())
}
