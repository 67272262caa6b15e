//! Smaller messages of the mesh configuration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Duration;
use crate::istio::ClientTlsSettings;
use crate::kubernetes::LabelSelector;
use crate::null_default::{is_default, null_default};

/// Encoding of access log lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum AccessLogEncoding {
    /// The format as text.
    #[default]
    #[serde(rename = "TEXT")]
    Text,
    /// The format as a JSON object.
    #[serde(rename = "JSON")]
    Json,
}

/// How paths are normalised before they are matched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct PathNormalization {
    /// The choice.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub normalization: NormalizationType,
}

/// How paths are normalised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum NormalizationType {
    /// As `BASE`.
    #[default]
    #[serde(rename = "DEFAULT")]
    Default,
    /// Not at all.
    #[serde(rename = "NONE")]
    None,
    /// By RFC 3986: `.` and `..` are resolved, unreserved characters unescaped.
    #[serde(rename = "BASE")]
    Base,
    /// As `BASE`, then `//` becomes `/`.
    #[serde(rename = "MERGE_SLASHES")]
    MergeSlashes,
    /// As `MERGE_SLASHES`, after `%2F` and `%5C` are unescaped.
    #[serde(rename = "DECODE_AND_MERGE_SLASHES")]
    DecodeAndMergeSlashes,
}

/// TLS parameters.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TlsConfig {
    /// Oldest version that is accepted. Default: TLS 1.2.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub min_protocol_version: TlsProtocol,
    /// Curves; empty means those of Envoy.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub ecdh_curves: Vec<String>,
    /// Cipher suites of TLS 1.2; empty means those of Istio.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub cipher_suites: Vec<String>,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum TlsProtocol {
    /// As Istio does by default.
    #[default]
    #[serde(rename = "TLS_AUTO")]
    Auto,
    /// TLS 1.2.
    #[serde(rename = "TLSV1_2")]
    Tls12,
    /// TLS 1.3.
    #[serde(rename = "TLSV1_3")]
    Tls13,
}

/// Names of providers that are used where no Telemetry object says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DefaultProviders {
    /// For traces.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub tracing: Vec<String>,
    /// For metrics.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub metrics: Vec<String>,
    /// For access logs.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub access_logging: Vec<String>,
}

/// Settings of services by host.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct ServiceSettings {
    /// The settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<ServiceSettingsValues>,
    /// The hosts, with wildcards.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub hosts: Vec<String>,
}

/// Settings of a service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceSettingsValues {
    /// Whether clients only reach endpoints in their own cluster.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub cluster_local: bool,
}

/// Which services are shared between clusters, for ambient.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceScopeConfigs {
    /// Namespaces of the services; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<LabelSelector>,
    /// The services; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub services_selector: Option<LabelSelector>,
    /// How far they are seen.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub scope: ServiceScope,
}

/// How far a service is seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum ServiceScope {
    /// In its cluster.
    #[default]
    #[serde(rename = "LOCAL")]
    Local,
    /// In all clusters.
    #[serde(rename = "GLOBAL")]
    Global,
}

/// How far ServiceEntries may be seen at most.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceEntryVisibility {
    /// Bound where no policy matches. Default: `PUBLIC`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_visibility: Option<Visibility>,
    /// Whether it holds for sidecars too, not only for ambient.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub apply_to_sidecars: bool,
    /// Bounds by namespace; the first that matches counts.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub policies: Vec<VisibilityPolicy>,
}

/// A bound by namespace.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct VisibilityPolicy {
    /// The bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    /// Which ServiceEntries it is for; any may match.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub matching_rules: Vec<VisibilityMatchingRule>,
}

/// Which ServiceEntries a bound is for.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct VisibilityMatchingRule {
    /// Their namespaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<LabelSelector>,
}

/// How far a ServiceEntry is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum Visibility {
    /// Nowhere.
    #[serde(rename = "NONE")]
    None,
    /// In its namespace.
    #[serde(rename = "NAMESPACE")]
    Namespace,
    /// Everywhere.
    #[serde(rename = "PUBLIC")]
    Public,
}

/// Additional trusted roots. Exactly one of the first two is set.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CaCertificate {
    /// The certificate, PEM.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub pem: String,
    /// Where the bundle of a trust domain is published.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub spiffe_bundle_url: String,
    /// Kubernetes signers that the root belongs to.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub cert_signers: Vec<String>,
    /// Trust domains that the root is for; empty means all.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub trust_domains: Vec<String>,
}

/// A certificate authority outside istiod.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CertificateAuthority {
    /// Its address.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub address: String,
    /// TLS to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_settings: Option<ClientTlsSettings>,
    /// Time for a signature. Default: 10 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_timeout: Option<Duration>,
    /// Whether istiod relays the requests. Default: yes.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub istiod_side: bool,
}

/// Another source of configuration for istiod.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigSource {
    /// Its address (`fs:///`, `xds://`, `k8s://`).
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub address: String,
    /// TLS to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_settings: Option<ClientTlsSettings>,
    /// What it is used for.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub subscribed_resources: Vec<String>,
}

/// Not used by Istio any more.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DnsCertificate {
    /// Not used.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub secret_name: String,
    /// Not used.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub dns_names: Vec<String>,
}
