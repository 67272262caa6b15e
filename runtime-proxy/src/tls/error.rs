//! What goes wrong with TLS.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustls::CertificateError;

/// What goes wrong with TLS. No text has key material in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TlsError {
    /// A file cannot be read, or is not what it should be.
    #[error("{}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, without its content.
        problem: String,
    },
    /// Settings that cannot be compiled.
    #[error("{0}")]
    Settings(String),
    /// The handshake took too long.
    #[error("the TLS handshake took longer than {0:?}")]
    Timeout(Duration),
    /// The handshake failed; the text is what access logs call the transport failure reason.
    #[error("{0}")]
    Handshake(String),
}

impl TlsError {
    /// A file that is not what it should be.
    pub(super) fn file(path: &Path, problem: impl Into<String>) -> Self {
        Self::File { path: path.to_owned(), problem: problem.into() }
    }

    /// A handshake that failed, as tokio-rustls tells it: the error of rustls inside one of I/O.
    pub(super) fn handshake(error: &io::Error) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        Self::Handshake(match inner {
            Some(inner) => reason(inner),
            None if error.kind() == io::ErrorKind::UnexpectedEof => {
                "the peer closed the connection during the TLS handshake".to_owned()
            }
            None => format!("the connection failed during the TLS handshake: {error}"),
        })
    }
}

fn reason(error: &rustls::Error) -> String {
    use rustls::Error;
    match error {
        Error::InvalidMessage(_) => "the peer does not speak TLS here, or breaks its rules".to_owned(),
        Error::NoCertificatesPresented => "the peer presented no certificate".to_owned(),
        Error::AlertReceived(alert) => format!("the peer refused the TLS handshake: {alert:?}"),
        Error::InvalidCertificate(problem) => certificate_problem(problem),
        Error::PeerIncompatible(problem) => format!("nothing in common with the peer: {problem:?}"),
        other => other.to_string(),
    }
}

/// What is wrong with the certificate of a peer.
pub(super) fn certificate_problem(problem: &CertificateError) -> String {
    let text = match problem {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "is not valid yet",
        CertificateError::Revoked => "is revoked",
        CertificateError::UnknownIssuer => "was not issued by a root that is trusted here",
        CertificateError::UnknownRevocationStatus => "is of an authority that no revocation list is of",
        CertificateError::ExpiredRevocationList | CertificateError::ExpiredRevocationListContext { .. } => {
            "cannot be checked: the revocation list has expired"
        }
        CertificateError::BadSignature => {
            "has a wrong signature, or its key was not used to sign the handshake"
        }
        CertificateError::BadEncoding => "is malformed",
        CertificateError::Other(other) => return other.to_string(),
        other => return format!("the certificate of the peer is refused: {other}"),
    };
    format!("the certificate of the peer {text}")
}
