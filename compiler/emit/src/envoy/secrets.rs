//! Certificates and roots: Istio's SDS names, read from files (dataplane.md §3.3, §9.2, translation-spec §5.6).
//!
//! Every secret is described by a small file beside the bootstrap, which Envoy reads once; the description names the files
//! that hold the key material and the folder that Kubernetes swaps when it changes. Envoy reloads key material only where it
//! is delivered so, also for files that the user names himself.

use std::collections::BTreeSet;

use meshc_plan::{
    CertificateSource, FilterChain, Listener, TrustSource, Upstream, UpstreamTls, UpstreamTlsChoice,
};

use super::xds::{self, Any, DataSource};
use crate::hash;

/// Where the bootstrap and the descriptions of secrets are mounted.
pub const CONFIG_DIRECTORY: &str = "/etc/meshc";

/// Where the certificate, the key and the roots of the workload are mounted: `tls.crt`, `tls.key` and `ca.crt`.
pub const IDENTITY_DIRECTORY: &str = "/var/run/secrets/meshc";

/// Below it, a folder for each Secret or ConfigMap that TLS settings name.
pub const CREDENTIALS_DIRECTORY: &str = "/etc/meshc/credentials";

/// Where a Debian image, such as Envoy's, keeps the roots of the operating system.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Kubernetes swaps the files of a volume by renaming this link, so that it must be part of a watched path.
const SWAPPED: &str = "..data";

/// One secret of a proxy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SdsSecret {
    /// A certificate with its key.
    Certificate(CertificateSource),
    /// Roots.
    Trust(TrustSource),
}

/// A Secret or ConfigMap that must be mounted into the proxy so that its TLS settings work.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CredentialMount {
    /// A Secret with a certificate and its key: `tls.crt`, `tls.key`.
    Certificate {
        /// Name as the configuration states it.
        name: String,
    },
    /// A Secret with roots: `ca.crt`. The name may end in `-cacert` where the Secret of that name does not exist; the Secret
    /// without the suffix then holds the roots, and its `ca.crt` is mounted here.
    Trust {
        /// Name of Istio's SDS secret.
        name: String,
    },
    /// A ConfigMap with roots: `ca.crt`.
    ConfigMap {
        /// Namespace.
        namespace: String,
        /// Name.
        name: String,
    },
}

impl CredentialMount {
    /// The folder that its keys are mounted in, as files.
    #[must_use]
    pub fn directory(&self) -> String {
        match self {
            Self::Certificate { name } | Self::Trust { name } => format!("{CREDENTIALS_DIRECTORY}/{name}"),
            Self::ConfigMap { namespace, name } => {
                format!("{CREDENTIALS_DIRECTORY}/configmap.{namespace}.{name}")
            }
        }
    }
}

impl SdsSecret {
    /// Istio's name, by which statistics and `istioctl proxy-config secret` know it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Certificate(CertificateSource::Workload) => "default".to_owned(),
            Self::Certificate(CertificateSource::Secret { name })
            | Self::Trust(TrustSource::Secret { name }) => {
                format!("kubernetes://{name}")
            }
            Self::Certificate(CertificateSource::Files { certificate, key }) => {
                format!("file-cert:{certificate}~{key}")
            }
            Self::Certificate(CertificateSource::Named(name)) | Self::Trust(TrustSource::Named(name)) => {
                name.clone()
            }
            Self::Trust(TrustSource::Mesh) => "ROOTCA".to_owned(),
            Self::Trust(TrustSource::ConfigMap { namespace, name }) => {
                format!("configmap://{namespace}/{name}")
            }
            Self::Trust(TrustSource::File(path)) => format!("file-root:{path}"),
            Self::Trust(TrustSource::System) => "file-root:system".to_owned(),
        }
    }

    /// The description, relative to [`CONFIG_DIRECTORY`]. Its last part is also a valid key of a ConfigMap.
    pub(super) fn path(&self) -> String {
        let file = match self {
            Self::Certificate(CertificateSource::Workload) => "default".to_owned(),
            Self::Certificate(CertificateSource::Secret { name }) => format!("certificate-{name}"),
            Self::Trust(TrustSource::Mesh) => "rootca".to_owned(),
            Self::Trust(TrustSource::Secret { name }) => format!("trust-{name}"),
            Self::Trust(TrustSource::System) => "trust-system-roots".to_owned(),
            Self::Certificate(CertificateSource::Files { .. } | CertificateSource::Named(_)) => {
                format!("certificate-file-{:016x}", hash::fnv1a(&self.name()))
            }
            Self::Trust(TrustSource::ConfigMap { .. } | TrustSource::File(_) | TrustSource::Named(_)) => {
                format!("trust-file-{:016x}", hash::fnv1a(&self.name()))
            }
        };
        format!("sds/{file}.yaml")
    }

    /// The reference to it inside of a TLS context.
    pub(super) fn reference(&self) -> xds::SdsSecretConfig {
        let path = format!("{CONFIG_DIRECTORY}/{}", self.path());
        xds::SdsSecretConfig {
            name: self.name(),
            sds_config: Some(xds::ConfigSource {
                path_config_source: Some(xds::PathConfigSource { path }),
                resource_api_version: "V3",
            }),
        }
    }

    /// What must be mounted for it, beside the identity of the workload.
    pub(super) fn mount(&self) -> Option<CredentialMount> {
        match self {
            Self::Certificate(CertificateSource::Secret { name }) => {
                Some(CredentialMount::Certificate { name: name.clone() })
            }
            Self::Trust(TrustSource::Secret { name }) => Some(CredentialMount::Trust { name: name.clone() }),
            Self::Trust(TrustSource::ConfigMap { namespace, name }) => {
                Some(CredentialMount::ConfigMap { namespace: namespace.clone(), name: name.clone() })
            }
            Self::Certificate(
                CertificateSource::Workload | CertificateSource::Files { .. } | CertificateSource::Named(_),
            )
            | Self::Trust(
                TrustSource::Mesh | TrustSource::File(_) | TrustSource::System | TrustSource::Named(_),
            ) => None,
        }
    }

    /// The name of what only a provider could hand out.
    pub(super) fn provider(&self) -> Option<&str> {
        match self {
            Self::Certificate(CertificateSource::Named(name)) | Self::Trust(TrustSource::Named(name)) => {
                Some(name)
            }
            Self::Certificate(_) | Self::Trust(_) => None,
        }
    }

    /// Whether it is part of the identity of the workload.
    pub(super) fn is_identity(&self) -> bool {
        matches!(self, Self::Certificate(CertificateSource::Workload) | Self::Trust(TrustSource::Mesh))
    }

    /// The content of the description.
    pub(super) fn description(&self) -> xds::DiscoveryResponse {
        xds::DiscoveryResponse { resources: vec![Any::Secret(self.secret())] }
    }

    /// The secret that it describes.
    pub(super) fn secret(&self) -> xds::Secret {
        let (tls_certificate, validation_context) = match self {
            Self::Certificate(source) => (certificate(source, self.mount().as_ref()), None),
            Self::Trust(source) => (None, trust(source, self.mount().as_ref())),
        };
        xds::Secret { name: self.name(), tls_certificate, validation_context }
    }
}

/// Whoever names a provider that no file stands for gets a description without key material, and Envoy refuses to use it.
fn certificate(source: &CertificateSource, mount: Option<&CredentialMount>) -> Option<xds::TlsCertificate> {
    let swapped = |directory: String| {
        let file = |name: &str| DataSource::file(format!("{directory}/{SWAPPED}/{name}"));
        (file("tls.crt"), file("tls.key"), directory.clone())
    };
    let (chain, key, watched) = match source {
        CertificateSource::Workload => swapped(IDENTITY_DIRECTORY.to_owned()),
        CertificateSource::Secret { .. } => swapped(mount?.directory()),
        CertificateSource::Files { certificate, key } => {
            (DataSource::file(certificate.clone()), DataSource::file(key.clone()), parent(certificate))
        }
        CertificateSource::Named(_) => return None,
    };
    Some(xds::TlsCertificate {
        certificate_chain: Some(chain),
        private_key: Some(key),
        watched_directory: Some(xds::WatchedDirectory { path: watched }),
    })
}

fn trust(source: &TrustSource, mount: Option<&CredentialMount>) -> Option<xds::CertificateValidationContext> {
    let swapped =
        |directory: String| (DataSource::file(format!("{directory}/{SWAPPED}/ca.crt")), Some(directory));
    let (roots, watched) = match source {
        TrustSource::Mesh => swapped(IDENTITY_DIRECTORY.to_owned()),
        TrustSource::Secret { .. } | TrustSource::ConfigMap { .. } => swapped(mount?.directory()),
        TrustSource::File(path) => (DataSource::file(path.clone()), Some(parent(path))),
        TrustSource::System => (DataSource::file(SYSTEM_ROOTS.to_owned()), None),
        TrustSource::Named(_) => return None,
    };
    Some(xds::CertificateValidationContext {
        trusted_ca: Some(roots),
        watched_directory: watched.map(|path| xds::WatchedDirectory { path }),
        ..xds::CertificateValidationContext::default()
    })
}

fn parent(path: &str) -> String {
    match path.rsplit_once('/') {
        None => ".".to_owned(),
        Some(("", _)) => "/".to_owned(),
        Some((parent, _)) => parent.to_owned(),
    }
}

/// Secrets that a listener needs.
pub(super) fn of_listener(listener: &Listener) -> BTreeSet<SdsSecret> {
    let chains = listener.chains.iter().chain(&listener.default_chain);
    chains
        .filter_map(|chain: &FilterChain| chain.tls.as_ref())
        .flat_map(|tls| {
            let certificates = tls.certificates.iter().cloned().map(SdsSecret::Certificate);
            certificates.chain(tls.client.trust.iter().cloned().map(SdsSecret::Trust))
        })
        .collect()
}

/// Secrets that a cluster needs.
pub(super) fn of_upstream(upstream: &Upstream) -> BTreeSet<SdsSecret> {
    let of_tls = |tls: &UpstreamTls| -> BTreeSet<SdsSecret> {
        let certificates = tls.certificate.iter().cloned().map(SdsSecret::Certificate);
        certificates.chain(tls.trust.iter().cloned().map(SdsSecret::Trust)).collect()
    };
    match &upstream.tls {
        UpstreamTlsChoice::None | UpstreamTlsChoice::Withheld => BTreeSet::new(),
        UpstreamTlsChoice::Always(tls) | UpstreamTlsChoice::Auto(tls) => of_tls(tls),
    }
}

#[cfg(test)]
mod tests {
    use meshc_plan::{CertificateSource, TrustSource};

    use super::SdsSecret;

    fn yaml(secret: &SdsSecret) -> String {
        crate::yaml::to_string(&serde_json::to_value(secret.description()).unwrap())
    }

    #[test]
    fn the_identity_is_read_from_a_volume_that_kubernetes_swaps() {
        let secret = SdsSecret::Certificate(CertificateSource::Workload);
        let expected = "\
resources:
- \"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret
  name: default
  tlsCertificate:
    certificateChain:
      filename: /var/run/secrets/meshc/..data/tls.crt
    privateKey:
      filename: /var/run/secrets/meshc/..data/tls.key
    watchedDirectory:
      path: /var/run/secrets/meshc
";
        assert_eq!((secret.path().as_str(), yaml(&secret).as_str()), ("sds/default.yaml", expected));
    }

    #[test]
    fn names_are_istios_and_every_secret_has_a_file_of_its_own() {
        let secret = |name: &str| CertificateSource::Secret { name: name.into() };
        let file = |path: &str| TrustSource::File(path.into());
        let secrets = [
            (SdsSecret::Certificate(CertificateSource::Workload), "default"),
            (SdsSecret::Trust(TrustSource::Mesh), "ROOTCA"),
            (SdsSecret::Certificate(secret("www")), "kubernetes://www"),
            (SdsSecret::Certificate(secret("www-cacert")), "kubernetes://www-cacert"),
            (SdsSecret::Trust(TrustSource::Secret { name: "www-cacert".into() }), "kubernetes://www-cacert"),
            (
                SdsSecret::Trust(TrustSource::ConfigMap { namespace: "a".into(), name: "b".into() }),
                "configmap://a/b",
            ),
            (SdsSecret::Trust(file("/etc/ca.pem")), "file-root:/etc/ca.pem"),
            (SdsSecret::Trust(file("/etc/ca2.pem")), "file-root:/etc/ca2.pem"),
            (SdsSecret::Trust(TrustSource::System), "file-root:system"),
            (
                SdsSecret::Certificate(CertificateSource::Files {
                    certificate: "/c".into(),
                    key: "/k".into(),
                }),
                "file-cert:/c~/k",
            ),
        ];
        let paths: std::collections::BTreeSet<String> =
            secrets.iter().map(|(secret, _)| secret.path()).collect();
        assert_eq!(paths.len(), secrets.len());
        for (secret, name) in secrets {
            assert_eq!(secret.name(), name);
            assert!(yaml(&secret).contains("filename: /"), "{}", yaml(&secret));
        }
    }
}
