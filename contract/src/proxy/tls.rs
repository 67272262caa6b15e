//! TLS on both sides of the proxy.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::traffic::StringMatch;

/// TLS that the proxy terminates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DownstreamTls {
    /// Certificates that it presents; the first whose names fit the SNI, else the first.
    pub certificates: Vec<Certificate>,
    /// Whether and how clients present one.
    pub client: ClientVerification,
    /// ALPN, in order of preference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alpn: Vec<String>,
    /// Smallest version; 1.2 where it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_version: Option<TlsVersion>,
    /// Largest version; 1.3 where it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_version: Option<TlsVersion>,
    /// Cipher suites of TLS 1.2 by OpenSSL's names; empty leaves all that are secure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cipher_suites: Vec<String>,
}

/// Whether and how clients present a certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientVerification {
    /// Whether one is required.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// What it is checked against; `None` asks for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roots: Option<Roots>,
    /// Names of which one must be in it; empty accepts all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<StringMatch>,
    /// SHA-256 of accepted certificates, lower-case hex without colons; empty accepts all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hash: Vec<String>,
    /// SHA-256 of accepted public keys, base64; empty accepts all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spki: Vec<String>,
    /// Path of a revocation list, PEM. One that is absent is waited for: until it is there, no client is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crl: Option<String>,
}

/// A certificate with its key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Certificate {
    /// The identity of the workload.
    Workload,
    /// Files, PEM, read again when they change. As long as they are absent, handshakes that need them fail and everything else is
    /// served, as with Envoy; files that are there must be right when the proxy starts.
    Files {
        /// Path of the certificate chain.
        certificate: String,
        /// Path of the key.
        key: String,
    },
}

/// What a peer is checked against.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Roots {
    /// The roots of the mesh.
    Mesh,
    /// A file, PEM, read again when it changes. One that is absent is waited for, as with those of certificates.
    File(String),
    /// The roots of the operating system.
    System,
}

/// TLS version. Older ones are refused when configuration is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum TlsVersion {
    /// TLS 1.2.
    #[serde(rename = "1.2")]
    V1_2,
    /// TLS 1.3.
    #[serde(rename = "1.3")]
    V1_3,
}

/// TLS to an upstream, or the choice of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum UpstreamTlsChoice {
    /// Plaintext.
    None,
    /// This, for every endpoint.
    Always(Box<UpstreamTls>),
    /// This to endpoints that take Istio mTLS, and plaintext to the others.
    Auto(Box<UpstreamTls>),
}

/// TLS to an upstream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpstreamTls {
    /// Whether it is Istio mTLS, which adds Istio's ALPN for the protocol of the request (`istio-http/1.1`, `istio-h2`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub istio_mutual: bool,
    /// Certificate that the proxy presents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// What the endpoint is checked against; `None` accepts any certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roots: Option<Roots>,
    /// Names of which one must be in the endpoint's certificate; empty accepts all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// SNI; `None` sends the host of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sni: Option<String>,
    /// Whether the host of the request must be in the endpoint's certificate.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub match_host: bool,
    /// ALPN; empty sends that of the protocol.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alpn: Vec<String>,
    /// Path of a revocation list, PEM. One that is absent is waited for: until it is there, no endpoint is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crl: Option<String>,
}
