//! PEM files.

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};

use super::TlsError;
use super::cell::Content;

/// All certificates of a file, at least one.
///
/// # Errors
/// If there is none, or the file is malformed.
pub(super) fn certificates(file: &Content) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    all(file, "certificate")
}

/// All revocation lists of a file, at least one.
///
/// # Errors
/// If there is none, or the file is malformed.
pub(super) fn revocation_lists(
    file: &Content,
) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsError> {
    all(file, "certificate revocation list")
}

/// The private key of a file.
///
/// # Errors
/// If there is none, or the file is malformed.
pub(super) fn key(file: &Content) -> Result<PrivateKeyDer<'static>, TlsError> {
    // The error of the parser could quote the file, so that it is not told.
    PrivateKeyDer::from_pem_slice(&file.bytes)
        .map_err(|_| TlsError::file(&file.path, "there is no private key in it that PEM allows"))
}

fn all<T: PemObject>(file: &Content, what: &str) -> Result<Vec<T>, TlsError> {
    let found = T::pem_slice_iter(&file.bytes).collect::<Result<Vec<T>, _>>();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(TlsError::file(&file.path, format!("there is no {what} in it"))),
        Err(_) => Err(TlsError::file(&file.path, "it is malformed PEM")),
    }
}
