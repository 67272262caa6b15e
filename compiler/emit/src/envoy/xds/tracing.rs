//! Tracers.

use super::{Extension, GrpcService, HttpService};

message! {
    /// `envoy.config.trace.v3.Tracing`.
    BootstrapTracing {
        http: Option<Extension>,
    }
}

message! {
    /// `envoy.config.trace.v3.ZipkinConfig`.
    ZipkinConfig {
        collector_cluster: String,
        collector_endpoint: String,
        #[serde(rename = "traceId128bit")]
        trace_id_128bit: bool,
        shared_span_context: Option<bool>,
        collector_endpoint_version: &'static str,
        trace_context_option: &'static str,
        collector_service: Option<HttpService>,
    }
}

message! {
    /// `envoy.config.trace.v3.DatadogConfig`.
    DatadogConfig {
        collector_cluster: String,
        service_name: String,
        collector_hostname: String,
    }
}

message! {
    /// `envoy.config.trace.v3.SkyWalkingConfig`.
    SkyWalkingConfig {
        grpc_service: Option<GrpcService>,
    }
}

message! {
    /// `envoy.config.trace.v3.OpenTelemetryConfig`.
    OpenTelemetryConfig {
        grpc_service: Option<GrpcService>,
        http_service: Option<HttpService>,
        service_name: String,
        resource_detectors: Vec<Extension>,
        sampler: Option<Extension>,
    }
}

message! {
    /// `envoy.extensions.tracers.opentelemetry.samplers.v3.DynatraceSamplerConfig`.
    DynatraceSamplerConfig {
        tenant: String,
        cluster_id: i32,
        http_service: Option<HttpService>,
        root_spans_per_minute: u32,
    }
}
