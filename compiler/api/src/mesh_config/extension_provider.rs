//! Services that policies and telemetry refer to by name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    DatadogProvider, EnvoyFileAccessLogProvider, EnvoyHttpAlsProvider, EnvoyOtelAlsProvider,
    EnvoyTcpAlsProvider, ExtAuthzGrpcProvider, ExtAuthzHttpProvider, LightstepProvider, OpenCensusProvider,
    OpenTelemetryProvider, PrometheusProvider, SdsProvider, SkyWalkingProvider, StackdriverProvider,
    ZipkinProvider,
};
use crate::null_default::{is_default, null_default};

/// A provider: a name, and exactly one of the other fields.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ExtensionProvider {
    /// Name that policies and telemetry refer to.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub name: String,
    /// Authorization by HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub envoy_ext_authz_http: Option<ExtAuthzHttpProvider>,
    /// Authorization by gRPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub envoy_ext_authz_grpc: Option<ExtAuthzGrpcProvider>,
    /// Traces to Zipkin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zipkin: Option<ZipkinProvider>,
    /// Not supported by Istio any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lightstep: Option<LightstepProvider>,
    /// Traces to Datadog.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datadog: Option<DatadogProvider>,
    /// Not supported by Istio any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stackdriver: Option<StackdriverProvider>,
    /// Not supported by Istio any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opencensus: Option<OpenCensusProvider>,
    /// Traces to SkyWalking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skywalking: Option<SkyWalkingProvider>,
    /// Traces to OpenTelemetry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opentelemetry: Option<OpenTelemetryProvider>,
    /// Metrics for Prometheus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prometheus: Option<PrometheusProvider>,
    /// Access log to a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub envoy_file_access_log: Option<EnvoyFileAccessLogProvider>,
    /// Access log of HTTP to a gRPC service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub envoy_http_als: Option<EnvoyHttpAlsProvider>,
    /// Access log of TCP to a gRPC service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub envoy_tcp_als: Option<EnvoyTcpAlsProvider>,
    /// Access log to OpenTelemetry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub envoy_otel_als: Option<EnvoyOtelAlsProvider>,
    /// Secrets of gateways from another server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sds: Option<SdsProvider>,
}
