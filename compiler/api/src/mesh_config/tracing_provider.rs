//! Providers of traces and metrics.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Duration;
use crate::null_default::{is_default, null_default};

/// Traces to Zipkin.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ZipkinProvider {
    /// Host, or `<namespace>/<host>`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub service: String,
    /// Port.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub port: u32,
    /// Longest path in a span, bytes. Default: 256.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub max_tag_length: u32,
    /// Whether trace ids have 64 bits and not 128.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub enable_64bit_trace_id: bool,
    /// Path of the collector. Default: `/api/v2/spans`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub path: String,
    /// Headers that carry the trace.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub trace_context_option: TraceContextOption,
    /// Time for a report. Default: 5 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Headers of each report.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub headers: Vec<ProviderHeader>,
}

/// Headers that carry a trace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum TraceContextOption {
    /// B3.
    #[default]
    #[serde(rename = "USE_B3")]
    UseB3,
    /// B3 and W3C.
    #[serde(rename = "USE_B3_WITH_W3C_PROPAGATION")]
    Both,
}

/// A header for a provider. Exactly one of value and variable is set.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProviderHeader {
    /// Name.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub name: String,
    /// Value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Environment variable of istiod with the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env_name: Option<String>,
}

/// Not supported by Istio any more.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LightstepProvider {
    /// Host, or `<namespace>/<host>`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub service: String,
    /// Port.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub port: u32,
    /// Token.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub access_token: String,
    /// Longest path in a span, bytes.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub max_tag_length: u32,
}

/// Traces to Datadog.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DatadogProvider {
    /// Host, or `<namespace>/<host>`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub service: String,
    /// Port.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub port: u32,
    /// Longest path in a span, bytes. Default: 256.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub max_tag_length: u32,
}

/// Traces to SkyWalking.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SkyWalkingProvider {
    /// Host, or `<namespace>/<host>`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub service: String,
    /// Port.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub port: u32,
    /// Token.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub access_token: String,
}

/// Not supported by Istio any more.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StackdriverProvider {
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
    /// Not used.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub max_tag_length: u32,
    /// Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logging: Option<StackdriverLogging>,
}

/// Not supported by Istio any more.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct StackdriverLogging {
    /// Not used.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub labels: BTreeMap<String, String>,
}

/// Not supported by Istio any more.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct OpenCensusProvider {
    /// Host, or `<namespace>/<host>`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub service: String,
    /// Port.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub port: u32,
    /// Not used.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub context: Vec<String>,
    /// Not used.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub max_tag_length: u32,
}

/// Traces to OpenTelemetry.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct OpenTelemetryProvider {
    /// Host, or `<namespace>/<host>`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub service: String,
    /// Port.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub port: u32,
    /// Longest path in a span, bytes. Default: 256.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub max_tag_length: u32,
    /// Present: OTLP over HTTP; absent: over gRPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<OtlpHttp>,
    /// Settings of OTLP over gRPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc: Option<OtlpGrpc>,
    /// What adds attributes to the resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_detectors: Option<ResourceDetectors>,
    /// Which attributes name the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_attribute_enrichment: Option<ServiceAttributeEnrichment>,
    /// Sampling by Dynatrace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dynatrace_sampler: Option<DynatraceSampler>,
}

/// OTLP over HTTP.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct OtlpHttp {
    /// Path.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub path: String,
    /// Time for a report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Headers of each report.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub headers: Vec<ProviderHeader>,
}

/// OTLP over gRPC.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct OtlpGrpc {
    /// Time for a report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Metadata of each report.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub initial_metadata: Vec<ProviderHeader>,
}

/// What adds attributes to the resource.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct ResourceDetectors {
    /// The variable `OTEL_RESOURCE_ATTRIBUTES`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<EmptyMessage>,
    /// Files of Dynatrace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dynatrace: Option<EmptyMessage>,
}

/// Present or not, without settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct EmptyMessage {}

/// Which attributes name the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum ServiceAttributeEnrichment {
    /// The canonical name.
    #[serde(rename = "ISTIO_CANONICAL")]
    IstioCanonical,
    /// Those of the semantic conventions of OpenTelemetry.
    #[serde(rename = "OTEL_SEMANTIC_CONVENTIONS")]
    OtelSemanticConventions,
}

/// Sampling by Dynatrace.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DynatraceSampler {
    /// Tenant.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub tenant: String,
    /// Cluster.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub cluster_id: i32,
    /// Root spans in a minute where the service gives no number.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub root_spans_per_minute: u32,
    /// The service that gives the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_service: Option<DynatraceHttpService>,
}

/// The service that gives the sampling rate.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct DynatraceHttpService {
    /// Host, or `<namespace>/<host>`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub service: String,
    /// Port.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub port: u32,
    /// How it is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<OtlpHttp>,
}

/// Metrics for Prometheus have no settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct PrometheusProvider {}

/// Secrets of gateways from another server.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct SdsProvider {
    /// Name, as in `credentialName: sds://<name>`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub name: String,
    /// Host, or `<namespace>/<host>`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub service: String,
    /// Port.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub port: u32,
}
