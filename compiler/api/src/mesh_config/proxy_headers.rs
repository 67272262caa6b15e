//! Headers that a proxy adds, changes or removes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ForwardClientCertDetails;
use crate::null_default::{is_default, null_default};

/// Headers that a proxy adds, changes or removes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProxyHeaders {
    /// What happens to `X-Forwarded-Client-Cert`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub forwarded_client_cert: ForwardClientCertDetails,
    /// What of the client certificate goes into that header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_current_client_cert_details: Option<SetCurrentClientCertDetails>,
    /// `X-Request-Id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<HeaderSwitch>,
    /// `Server`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerHeader>,
    /// `X-Envoy-Attempt-Count`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt_count: Option<HeaderSwitch>,
    /// `X-Envoy-*` headers that are for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub envoy_debug_headers: Option<HeaderSwitch>,
    /// `X-Envoy-Peer-Metadata` and its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata_exchange_headers: Option<MetadataExchangeHeaders>,
    /// Whether HTTP/1 header names keep their case. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preserve_http1_header_case: Option<bool>,
    /// `X-Forwarded-Host`. Default: not added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x_forwarded_host: Option<HeaderEnable>,
    /// `X-Forwarded-Port`. Default: not added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x_forwarded_port: Option<HeaderEnable>,
}

/// What of the client certificate goes into `X-Forwarded-Client-Cert`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct SetCurrentClientCertDetails {
    /// The subject. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<bool>,
    /// The certificate. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert: Option<bool>,
    /// The certificate chain. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<bool>,
    /// DNS names. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns: Option<bool>,
    /// The URI, which is the SPIFFE identity. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<bool>,
}

/// A header that is on by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct HeaderSwitch {
    /// Whether it is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

/// A header that is off by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct HeaderEnable {
    /// Whether it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// The header `Server`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct ServerHeader {
    /// Whether the proxy leaves it alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// Its value; empty means `istio-envoy`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub value: String,
}

/// The headers of metadata exchange.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct MetadataExchangeHeaders {
    /// When they are sent.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub mode: MetadataExchangeMode,
}

/// When the headers of metadata exchange are sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum MetadataExchangeMode {
    /// Always.
    #[default]
    #[serde(rename = "UNDEFINED")]
    Undefined,
    /// Only to destinations in the mesh.
    #[serde(rename = "IN_MESH")]
    InMesh,
}
