//! TLS that a server terminates.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::null_default::null_default;

/// TLS of a gateway's server, or of a sidecar's ingress listener.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ServerTlsSettings {
    /// Answer every plain HTTP request with a 301 to HTTPS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub https_redirect: Option<bool>,
    /// What is done with TLS. Default: `PASSTHROUGH`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<ServerTlsMode>,
    /// File with the server's certificate chain, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_certificate: Option<String>,
    /// File with the server's key, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_key: Option<String>,
    /// File with the certificates of the authorities that clients are verified with, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_certificates: Option<String>,
    /// File with revoked certificates, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_crl: Option<String>,
    /// Secret with key and certificate, in the namespace of the gateway's pods. Excludes the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_name: Option<String>,
    /// Several such Secrets, of which Envoy picks by the client's algorithms.
    #[schemars(length(min = 1, max = 2))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub credential_names: Vec<String>,
    /// Secret or ConfigMap with only the authorities that clients are verified with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_cert_credential_name: Option<String>,
    /// Several pairs of files, in place of `serverCertificate` and `privateKey`.
    #[schemars(length(min = 1, max = 2))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub tls_certificates: Vec<TlsCertificate>,
    /// Names of which a client's certificate must hold one.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub subject_alt_names: Vec<String>,
    /// SHA-256 hashes, in base64, of public keys of which a client's certificate must have one.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub verify_certificate_spki: Vec<String>,
    /// SHA-256 hashes, in hex, of certificates of which a client must show one.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub verify_certificate_hash: Vec<String>,
    /// Oldest TLS version. Default: 1.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_protocol_version: Option<TlsProtocol>,
    /// Newest TLS version. Default: 1.3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_protocol_version: Option<TlsProtocol>,
    /// Cipher suites by OpenSSL name; unknown and repeated ones are left out. Default: Envoy's.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub cipher_suites: Vec<String>,
    /// Curves for the key exchange. Default: Envoy's.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub ecdh_curves: Vec<String>,
    /// Ask clients for a certificate but accept those that do not verify.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insecure_skip_verify: Option<bool>,
}

/// A certificate in files.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TlsCertificate {
    /// File with the certificate chain, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_certificate: Option<String>,
    /// File with the key, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_key: Option<String>,
    /// File with the authorities that clients are verified with, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_certificates: Option<String>,
}

/// What a server does with TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum ServerTlsMode {
    /// Nothing: the server name picks the destination, which terminates TLS.
    #[serde(rename = "PASSTHROUGH")]
    Passthrough,
    /// Terminate; only the server has a certificate.
    #[serde(rename = "SIMPLE")]
    Simple,
    /// Terminate; the client must show a certificate.
    #[serde(rename = "MUTUAL")]
    Mutual,
    /// As passthrough, with the destination in the server name; joins the clusters of a mesh.
    #[serde(rename = "AUTO_PASSTHROUGH")]
    AutoPassthrough,
    /// Terminate mutual TLS with the gateway's mesh certificate.
    #[serde(rename = "ISTIO_MUTUAL")]
    IstioMutual,
    /// Terminate; the client may show a certificate, which then must verify.
    #[serde(rename = "OPTIONAL_MUTUAL")]
    OptionalMutual,
}

/// Versions of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum TlsProtocol {
    /// Envoy's default.
    #[serde(rename = "TLS_AUTO")]
    TlsAuto,
    /// TLS 1.0.
    #[serde(rename = "TLSV1_0")]
    TlsV1_0,
    /// TLS 1.1.
    #[serde(rename = "TLSV1_1")]
    TlsV1_1,
    /// TLS 1.2.
    #[serde(rename = "TLSV1_2")]
    TlsV1_2,
    /// TLS 1.3.
    #[serde(rename = "TLSV1_3")]
    TlsV1_3,
}
