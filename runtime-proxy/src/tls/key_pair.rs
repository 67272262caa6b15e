//! A certificate with its key.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::sign::CertifiedKey;

use super::cell::{Content, Material};
use super::names::{Names, covers};
use super::{TlsError, pem, provider};

/// Where a certificate with its key is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeySource {
    /// Path of the chain.
    pub(super) certificate: PathBuf,
    /// Path of the key.
    pub(super) key: PathBuf,
    /// The SPIFFE ID that the certificate must be of; files of anybody else are not presented as the workload's.
    pub(super) identity: Option<String>,
}

/// A certificate with its key.
#[derive(Debug)]
pub(super) struct KeyPair {
    /// As rustls takes it.
    pub(super) certified: Arc<CertifiedKey>,
    /// Path of the chain.
    pub(super) path: PathBuf,
    names: Names,
}

impl KeyPair {
    /// Whether the certificate is for a host.
    pub(super) fn is_for(&self, host: &str) -> bool {
        self.names.dns.iter().any(|pattern| covers(pattern, host))
    }
}

impl Material for KeyPair {
    type Source = KeySource;

    fn files(source: &KeySource) -> Vec<Vec<PathBuf>> {
        vec![vec![source.certificate.clone()], vec![source.key.clone()]]
    }

    fn may_be_absent(source: &KeySource) -> bool {
        source.identity.is_none()
    }

    fn parse(source: &KeySource, files: &[Content]) -> Result<Self, TlsError> {
        let [certificate, key] = files else {
            return Err(TlsError::file(&source.certificate, "it was not read with its key"));
        };
        let chain = pem::certificates(certificate)?;
        let private = pem::key(key)?;
        let problem = |problem: String| TlsError::file(&certificate.path, problem);
        let names = chain.first().and_then(|leaf| Names::parse(leaf).ok());
        let names = names.ok_or_else(|| problem("its first certificate is malformed".to_owned()))?;
        if let Some(wanted) = &source.identity
            && names.spiffe() != Some(wanted)
        {
            return Err(problem(format!("it is the certificate of {}, not of {wanted}", names.told())));
        }
        // The error of the library is told for mismatches alone: another one could be about the content of the key.
        let certified = CertifiedKey::from_der(chain, private, provider::provider(&[])?.as_ref());
        let certified = certified.map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                problem(format!("the key {} is not that of the certificate", key.path.display()))
            }
            _ => TlsError::file(&key.path, "there is no key in it that TLS can use"),
        })?;
        Ok(Self { certified: Arc::new(certified), path: certificate.path.clone(), names })
    }
}
