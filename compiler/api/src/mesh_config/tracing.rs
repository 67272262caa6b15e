//! Traces, as the configuration of a proxy describes them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::istio::ClientTlsSettings;
use crate::null_default::{is_default, null_default};

/// Where traces go and what is in them. At most one of the first five is set.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Tracing {
    /// A Zipkin collector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zipkin: Option<TracerAddress>,
    /// Not supported by Istio any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lightstep: Option<LightstepTracer>,
    /// A Datadog agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datadog: Option<TracerAddress>,
    /// Not supported by Istio any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stackdriver: Option<StackdriverTracer>,
    /// Not supported by Istio any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_census_agent: Option<OpenCensusAgentTracer>,
    /// Tags of each span.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub custom_tags: BTreeMap<String, CustomTag>,
    /// Longest path in a span, bytes. Default: 256.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub max_path_tag_length: u32,
    /// Share of requests that are traced, per cent. Default: 1.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub sampling: f64,
    /// TLS to the collector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_settings: Option<ClientTlsSettings>,
    /// Whether Istio adds its own tags. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_istio_tags: Option<bool>,
}

/// A collector by address.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct TracerAddress {
    /// `host:port`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub address: String,
}

/// Not supported by Istio any more.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LightstepTracer {
    /// `host:port`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub address: String,
    /// Token.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub access_token: String,
}

/// Not supported by Istio any more.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StackdriverTracer {
    /// Not used.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub debug: bool,
    /// Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_number_of_attributes: Option<i64>,
    /// Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_number_of_annotations: Option<i64>,
    /// Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_number_of_message_events: Option<i64>,
}

/// Not supported by Istio any more.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct OpenCensusAgentTracer {
    /// Address.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub address: String,
    /// Not used.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub context: Vec<String>,
}

/// A tag of a span. Exactly one is set.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct CustomTag {
    /// A fixed value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub literal: Option<LiteralTag>,
    /// An environment variable of the proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<NamedTag>,
    /// A header of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<NamedTag>,
}

/// A fixed value.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct LiteralTag {
    /// The value.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub value: String,
}

/// A value by name.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct NamedTag {
    /// Its name.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub name: String,
    /// The value where there is none.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub default_value: String,
}
