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

#[cfg(test)]
mod tests {
    use meshc_contract::proxy::{Certificate, Roots};
    use meshc_plan::{CertificateSource, TrustSource};

    use super::super::feature;
    use super::super::findings::at_a_site;
    use super::{certificate, roots};

    #[test]
    fn secrets_are_files_below_the_folder_of_their_mount() {
        let source = CertificateSource::Secret { name: "www".into() };
        let (found, _, needs) = at_a_site(|site| certificate(&source, site));
        let expected = Certificate::Files {
            certificate: "/etc/meshc/credentials/www/tls.crt".into(),
            key: "/etc/meshc/credentials/www/tls.key".into(),
        };
        assert_eq!((found, needs.mounts.len(), needs.identity), (Some(expected), 1, false));
        let source = TrustSource::ConfigMap { namespace: "shop".into(), name: "ca".into() };
        let (found, _, needs) = at_a_site(|site| roots(&source, site));
        let directory = needs.mounts.first().unwrap().directory();
        assert_eq!(found, Some(Roots::File(format!("{directory}/ca.crt"))));
    }

    #[test]
    fn the_identity_is_asked_for_and_providers_are_refused() {
        let (found, _, needs) = at_a_site(|site| roots(&TrustSource::Mesh, site));
        assert_eq!((found, needs.identity), (Some(Roots::Mesh), true));
        let named = CertificateSource::Named("sds://vault".into());
        let (found, lacking, _) = at_a_site(|site| certificate(&named, site));
        assert_eq!((found, lacking), (None, vec![feature::NAMED_CREDENTIAL.name]));
    }
}
