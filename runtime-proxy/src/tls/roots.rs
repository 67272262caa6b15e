//! Certificates that peers are checked against.

use std::path::PathBuf;

use rustls_pki_types::{CertificateDer, TrustAnchor};

use super::cell::{Content, Material};
use super::{TlsError, pem};

/// Where roots are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RootSource {
    /// The roots of the mesh, which come with the identity of the workload.
    Mesh(PathBuf),
    /// A file that must be right to the last certificate.
    File(PathBuf),
    /// The bundle of the operating system, of which a certificate that is no root is passed over.
    System(Vec<PathBuf>),
}

impl RootSource {
    /// The usual paths: Debian and Alpine, Fedora, openSUSE, RHEL 6, the BSDs.
    pub(super) fn system() -> Self {
        let paths = [
            "/etc/ssl/certs/ca-certificates.crt",
            "/etc/pki/tls/certs/ca-bundle.crt",
            "/etc/ssl/ca-bundle.pem",
            "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
            "/etc/ssl/cert.pem",
        ];
        Self::System(paths.iter().map(PathBuf::from).collect())
    }
}

/// Certificates that peers are checked against.
#[derive(Debug)]
pub(super) struct RootSet {
    /// As webpki takes them.
    pub(super) anchors: Vec<TrustAnchor<'static>>,
    /// The certificates; none of the operating system's, which `/certs` does not list.
    pub(super) certificates: Vec<CertificateDer<'static>>,
    /// Path of the file.
    pub(super) path: PathBuf,
}

impl Material for RootSet {
    type Source = RootSource;

    fn files(source: &RootSource) -> Vec<Vec<PathBuf>> {
        match source {
            RootSource::Mesh(path) | RootSource::File(path) => vec![vec![path.clone()]],
            RootSource::System(paths) => vec![paths.clone()],
        }
    }

    fn may_be_absent(source: &RootSource) -> bool {
        !matches!(source, RootSource::Mesh(_))
    }

    fn parse(source: &RootSource, files: &[Content]) -> Result<Self, TlsError> {
        let Some(file) = files.first() else {
            return Err(TlsError::Settings("no file of roots was read".to_owned()));
        };
        let certificates = pem::certificates(file)?;
        let mut anchors = Vec::with_capacity(certificates.len());
        for (index, certificate) in certificates.iter().enumerate() {
            match (webpki::anchor_from_trusted_cert(certificate), source) {
                (Ok(anchor), _) => anchors.push(anchor.to_owned()),
                (Err(_), RootSource::System(_)) => {}
                (Err(_), RootSource::Mesh(_) | RootSource::File(_)) => {
                    let problem = format!("its certificate number {} is malformed", index + 1);
                    return Err(TlsError::file(&file.path, problem));
                }
            }
        }
        if anchors.is_empty() {
            return Err(TlsError::file(&file.path, "there is no root in it"));
        }
        let certificates = match source {
            RootSource::Mesh(_) | RootSource::File(_) => certificates,
            RootSource::System(_) => Vec::new(),
        };
        Ok(Self { anchors, certificates, path: file.path.clone() })
    }
}
