//! Certificates and roots, as the files that the pod mounts.

use std::collections::BTreeSet;

use meshc_contract::proxy::{Certificate, IdentityFiles, Roots};
use meshc_plan::{CertificateSource, TrustSource};

use super::feature;
use super::findings::Site;
use crate::envoy::{CredentialMount, IDENTITY_DIRECTORY};

/// What must be mounted so that a proxy finds its key material.
#[derive(Debug, Clone, Default)]
pub(super) struct Needs {
    /// Whether it presents or checks the identity of a workload.
    pub(super) identity: bool,
    /// Secrets and ConfigMaps.
    pub(super) mounts: BTreeSet<CredentialMount>,
}

impl Needs {
    /// Adds what something else needs.
    pub(super) fn extend(&mut self, other: &Self) {
        let Self { identity, mounts } = other;
        self.identity |= identity;
        self.mounts.extend(mounts.iter().cloned());
    }
}

/// The files of the identity.
pub(super) fn identity_files() -> IdentityFiles {
    let file = |name: &str| format!("{IDENTITY_DIRECTORY}/{name}");
    IdentityFiles { certificate: file("tls.crt"), key: file("tls.key"), roots: file("ca.crt") }
}

/// A certificate with its key. `None` for one that no file holds.
pub(super) fn certificate(source: &CertificateSource, site: &mut Site<'_>) -> Option<Certificate> {
    match source {
        CertificateSource::Workload => {
            site.needs.identity = true;
            Some(Certificate::Workload)
        }
        CertificateSource::Secret { name } => {
            let directory = mount(CredentialMount::Certificate { name: name.clone() }, site);
            Some(Certificate::Files {
                certificate: format!("{directory}/tls.crt"),
                key: format!("{directory}/tls.key"),
            })
        }
        CertificateSource::Files { certificate, key } => {
            Some(Certificate::Files { certificate: certificate.clone(), key: key.clone() })
        }
        CertificateSource::Named(name) => {
            site.lacks(&feature::NAMED_CREDENTIAL, format_args!("the certificate `{name}`"));
            None
        }
    }
}

/// What a peer is checked against. `None` for what no file holds.
pub(super) fn roots(source: &TrustSource, site: &mut Site<'_>) -> Option<Roots> {
    let file = |directory: String| Some(Roots::File(format!("{directory}/ca.crt")));
    match source {
        TrustSource::Mesh => {
            site.needs.identity = true;
            Some(Roots::Mesh)
        }
        TrustSource::Secret { name } => file(mount(CredentialMount::Trust { name: name.clone() }, site)),
        TrustSource::ConfigMap { namespace, name } => {
            let wanted = CredentialMount::ConfigMap { namespace: namespace.clone(), name: name.clone() };
            file(mount(wanted, site))
        }
        TrustSource::File(path) => Some(Roots::File(path.clone())),
        TrustSource::System => Some(Roots::System),
        TrustSource::Named(name) => {
            site.lacks(&feature::NAMED_CREDENTIAL, format_args!("the roots `{name}`"));
            None
        }
    }
}

/// Asks for a mount and gives its folder.
fn mount(wanted: CredentialMount, site: &mut Site<'_>) -> String {
    let directory = wanted.directory();
    site.needs.mounts.insert(wanted);
    directory
}
