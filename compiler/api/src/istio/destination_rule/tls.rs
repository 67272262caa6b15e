//! TLS from the proxy to the service.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::null_default::null_default;

/// TLS that the client's proxy originates.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ClientTlsSettings {
    /// Kind of TLS. Default: `DISABLE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<ClientTlsMode>,
    /// File with the client certificate chain, PEM. Needed by `MUTUAL` unless `credentialName` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<String>,
    /// File with the key of the client certificate, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_key: Option<String>,
    /// File with the certificates of the authorities that the server is verified with, PEM. Left out, the
    /// operating system's authorities count for `SIMPLE` unless the mesh turns that off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_certificates: Option<String>,
    /// Secret with the certificates, for gateways, and for sidecars where the DestinationRule has a
    /// `workloadSelector`. Excludes the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_name: Option<String>,
    /// Names of which the server's certificate must hold one. Default for `SIMPLE` and `MUTUAL`: those of the
    /// ServiceEntry, else the host.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub subject_alt_names: Vec<String>,
    /// Server name that the proxy asks for. Default for `SIMPLE` and `MUTUAL`: the host of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sni: Option<String>,
    /// Do not verify the server's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insecure_skip_verify: Option<bool>,
    /// File with revoked certificates, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_crl: Option<String>,
}

/// Kinds of TLS to a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum ClientTlsMode {
    /// Plain text.
    #[serde(rename = "DISABLE")]
    Disable,
    /// TLS; only the server has a certificate.
    #[serde(rename = "SIMPLE")]
    Simple,
    /// Mutual TLS with the given certificates.
    #[serde(rename = "MUTUAL")]
    Mutual,
    /// Mutual TLS with the workload's mesh certificate; the other fields must be empty.
    #[serde(rename = "ISTIO_MUTUAL")]
    IstioMutual,
}
