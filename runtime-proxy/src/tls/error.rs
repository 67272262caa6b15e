//! What goes wrong with TLS.

use std::path::PathBuf;

/// What goes wrong with TLS. No text has key material in it.
#[derive(Debug, Clone, thiserror::Error)]
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
    Timeout(std::time::Duration),
    /// The handshake failed; the text is what access logs call the transport failure reason.
    #[error("{0}")]
    Handshake(String),
}
