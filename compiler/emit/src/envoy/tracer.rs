//! Where spans go (translation-spec §1.11, §6.7).

use meshc_plan::{
    Collector, DynatraceSampler, HttpReport, OpenTelemetryTracer, ProcessTracer, ProcessUpstream,
    SpanTransport, TracingProvider, UpstreamName, ZipkinTracer,
};

use super::access_log::grpc_service;
use super::names;
use super::values::duration;
use super::xds::{self, Any, Empty, Extension};

/// The tracer of a connection.
pub(super) fn tracer(provider: &TracingProvider) -> Extension {
    match provider {
        TracingProvider::Zipkin(tracer) => {
            Extension::new("envoy.tracers.zipkin", Any::Zipkin(zipkin(tracer)))
        }
        TracingProvider::Datadog { collector: Collector { upstream, host }, service_name } => {
            let config = xds::DatadogConfig {
                collector_cluster: names::upstream(upstream),
                service_name: service_name.clone(),
                collector_hostname: host.clone(),
            };
            Extension::new("envoy.tracers.datadog", Any::Datadog(config))
        }
        TracingProvider::SkyWalking(collector) => {
            let config = xds::SkyWalkingConfig { grpc_service: Some(grpc_service(collector)) };
            Extension::new("envoy.tracers.skywalking", Any::SkyWalking(config))
        }
        TracingProvider::OpenTelemetry(tracer) => {
            Extension::new("envoy.tracers.opentelemetry", Any::OpenTelemetry(open_telemetry(tracer)))
        }
    }
}

/// The tracer of the bootstrap, for connections that name none.
pub(super) fn of_process(tracer: ProcessTracer, service_cluster: &str) -> Extension {
    let cluster = |upstream| names::upstream(&UpstreamName::Process(upstream));
    match tracer {
        ProcessTracer::Zipkin => {
            let config = xds::ZipkinConfig {
                collector_cluster: cluster(ProcessUpstream::Zipkin),
                collector_endpoint: "/api/v2/spans".to_owned(),
                trace_id_128bit: true,
                shared_span_context: Some(false),
                collector_endpoint_version: "HTTP_JSON",
                ..xds::ZipkinConfig::default()
            };
            Extension::new("envoy.tracers.zipkin", Any::Zipkin(config))
        }
        ProcessTracer::Datadog => {
            let config = xds::DatadogConfig {
                collector_cluster: cluster(ProcessUpstream::Datadog),
                service_name: service_cluster.to_owned(),
                collector_hostname: String::new(),
            };
            Extension::new("envoy.tracers.datadog", Any::Datadog(config))
        }
    }
}

fn zipkin(tracer: &ZipkinTracer) -> xds::ZipkinConfig {
    let ZipkinTracer { collector, path, timeout, headers, long_trace_ids, w3c } = tracer;
    let Collector { upstream, host } = collector;
    let report = HttpReport {
        uri: format!("http://{host}{path}"),
        upstream: upstream.clone(),
        timeout: *timeout,
        headers: headers.clone(),
    };
    xds::ZipkinConfig {
        trace_id_128bit: *long_trace_ids,
        shared_span_context: Some(false),
        collector_endpoint_version: "HTTP_JSON",
        // The first value of the enumeration, which is B3 alone, is not printed.
        trace_context_option: if *w3c { "USE_B3_WITH_W3C_PROPAGATION" } else { "" },
        collector_service: Some(http_service(&report)),
        ..xds::ZipkinConfig::default()
    }
}

fn open_telemetry(tracer: &OpenTelemetryTracer) -> xds::OpenTelemetryConfig {
    let OpenTelemetryTracer {
        collector,
        service_name,
        transport,
        detects_environment,
        detects_dynatrace,
        sampler,
    } = tracer;
    let (grpc, http) = match transport {
        SpanTransport::Grpc { timeout, metadata } => {
            let service = xds::GrpcService {
                timeout: duration(*timeout),
                initial_metadata: metadata.iter().map(header).collect(),
                ..grpc_service(collector)
            };
            (Some(service), None)
        }
        SpanTransport::Http(report) => (None, Some(http_service(report))),
    };
    let detector = |name: &str, config| {
        Extension::new(&format!("envoy.tracers.opentelemetry.resource_detectors.{name}"), config)
    };
    let environment =
        detects_environment.then(|| detector("environment", Any::EnvironmentDetector(Empty {})));
    let dynatrace = detects_dynatrace.then(|| detector("dynatrace", Any::DynatraceDetector(Empty {})));
    xds::OpenTelemetryConfig {
        grpc_service: grpc,
        http_service: http,
        service_name: service_name.clone(),
        resource_detectors: environment.into_iter().chain(dynatrace).collect(),
        sampler: sampler.as_ref().map(dynatrace_sampler),
    }
}

fn dynatrace_sampler(sampler: &DynatraceSampler) -> Extension {
    let DynatraceSampler { tenant, cluster_id, root_spans_per_minute, service } = sampler;
    let config = xds::DynatraceSamplerConfig {
        tenant: tenant.clone(),
        cluster_id: *cluster_id,
        http_service: Some(http_service(service)),
        root_spans_per_minute: root_spans_per_minute.unwrap_or_default(),
    };
    Extension::new("envoy.tracers.opentelemetry.samplers.dynatrace", Any::DynatraceSampler(config))
}

fn http_service(report: &HttpReport) -> xds::HttpService {
    let HttpReport { uri, upstream, timeout, headers } = report;
    let option = |pair| xds::HeaderValueOption {
        header: Some(header(pair)),
        append_action: Some(xds::AppendAction::OverwriteIfExistsOrAdd),
    };
    xds::HttpService {
        http_uri: Some(xds::HttpUri {
            uri: uri.clone(),
            cluster: Some(names::upstream(upstream)),
            timeout: duration(Some(*timeout)),
        }),
        request_headers_to_add: headers.iter().map(option).collect(),
    }
}

fn header((key, value): &(String, String)) -> xds::HeaderValue {
    xds::HeaderValue { key: key.clone(), value: value.clone() }
}
