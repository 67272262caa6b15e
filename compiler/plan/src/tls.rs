//! TLS on both sides of the proxy.

use crate::StringMatch;

/// TLS that the proxy terminates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownstreamTls {
    /// Certificates that it presents, in order.
    pub certificates: Vec<CertificateSource>,
    /// Whether and how clients present one.
    pub client: ClientCertificate,
    /// ALPN, in order.
    pub alpn: Vec<String>,
    /// Smallest version; `None` leaves Envoy's default.
    pub min_version: Option<TlsVersion>,
    /// Largest version; `None` leaves Envoy's default.
    pub max_version: Option<TlsVersion>,
    /// Cipher suites for TLS 1.2 and below, in order; empty leaves Envoy's default.
    pub cipher_suites: Vec<String>,
    /// Curves, in order; empty leaves Envoy's default.
    pub ecdh_curves: Vec<String>,
}

/// Whether and how clients present a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// Whether one is required.
    pub required: bool,
    /// What it is checked against; `None` checks nothing.
    pub trust: Option<TrustSource>,
    /// Names of which one must be in it, in order; empty accepts all.
    pub names: Vec<StringMatch>,
    /// SHA-256 of accepted public keys, base64.
    pub spki: Vec<String>,
    /// SHA-256 of accepted certificates, hex.
    pub hash: Vec<String>,
    /// Path of a revocation list.
    pub crl: Option<String>,
    /// Whether a chain that does not verify is accepted (`insecureSkipVerify`).
    pub accept_untrusted: bool,
}

/// A certificate with its key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CertificateSource {
    /// The identity of the workload (`default` of Istio's SDS).
    Workload,
    /// A Kubernetes Secret that the proxy mounts (`kubernetes://<name>`).
    Secret {
        /// Name as the configuration states it, without the scheme.
        name: String,
    },
    /// Files of the proxy.
    Files {
        /// Path of the certificate chain.
        certificate: String,
        /// Path of the key.
        key: String,
    },
    /// Anything else that names a provider (`sds://x`, `builtin://`).
    Named(String),
}

/// What a peer is checked against.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrustSource {
    /// The roots of the mesh (`ROOTCA` of Istio's SDS).
    Mesh,
    /// The CA in a Kubernetes Secret (`kubernetes://<name>-cacert`; the suffix is part of the name here).
    Secret {
        /// Name of the SDS secret without the scheme, `-cacert` included.
        name: String,
    },
    /// A ConfigMap (`configmap://<namespace>/<name>`).
    ConfigMap {
        /// Namespace.
        namespace: String,
        /// Name.
        name: String,
    },
    /// A file of the proxy.
    File(String),
    /// The roots of the operating system.
    System,
    /// Anything else that names a provider.
    Named(String),
}

/// TLS version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.0.
    V1_0,
    /// TLS 1.1.
    V1_1,
    /// TLS 1.2.
    V1_2,
    /// TLS 1.3.
    V1_3,
}

/// TLS to an upstream, or the choice of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpstreamTlsChoice {
    /// Plaintext.
    None,
    /// Plaintext in place of TLS that a rule asks for with material which this proxy may not have. Nothing changes the ALPN of
    /// connections, as with the TLS asked for.
    Withheld,
    /// This, for every endpoint.
    Always(Box<UpstreamTls>),
    /// Istio mTLS to endpoints that take it and plaintext to the others (auto mTLS).
    Auto(Box<UpstreamTls>),
}

/// TLS to an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamTls {
    /// Whether it is Istio mTLS, with the identity of the workload (versions stated, Istio's ALPN).
    pub istio_mutual: bool,
    /// Certificate that the proxy presents.
    pub certificate: Option<CertificateSource>,
    /// What the endpoint is checked against; `None` accepts any certificate.
    pub trust: Option<TrustSource>,
    /// Names of which one must be in the endpoint's certificate, in order; empty accepts all.
    pub names: Vec<String>,
    /// SNI; `None` sends the host of the request (`auto_sni`).
    pub sni: Option<String>,
    /// Whether the SAN is checked against the host of the request (`auto_san_validation`).
    pub auto_san_validation: bool,
    /// ALPN, in order; empty sends none.
    pub alpn: Vec<String>,
    /// Path of a revocation list.
    pub crl: Option<String>,
    /// Cipher suites, in order; empty leaves Envoy's default.
    pub cipher_suites: Vec<String>,
    /// Curves, in order; empty leaves Envoy's default.
    pub ecdh_curves: Vec<String>,
    /// Whether certificates come from Secrets over a gateway's own provider rather than from files.
    pub credential: bool,
}
