//! Traces.

use std::collections::BTreeMap;
use std::time::Duration;

use meshc_api::mesh_config::{
    self, CustomTag as ConfiguredTag, ExtensionProvider, OpenTelemetryProvider, OtlpHttp,
    ServiceAttributeEnrichment, TraceContextOption,
};
use meshc_model::{Workload, WorkloadRole};
use meshc_plan::{
    Collector, CustomTag, DynatraceSampler, HttpReport, OpenTelemetryTracer, SpanTransport, TagSource,
    Tracing, TracingProvider, ZipkinTracer,
};

use super::provider;
use crate::context::ProxyContext;
use crate::{bootstrap, workload_labels};

/// Time for a report where none is stated.
const REPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// Where Dynatrace says how much it wants.
const SAMPLING_PATH: &str = "/api/v2/samplingConfiguration";

/// Tracing of an HTTP connection; `None` when the mesh turns it off.
///
/// A default provider of traces decides where it is named: without it, if it exists. Else `enableTracing` does: Envoy samples
/// and propagates even if the bootstrap names no collector.
pub(crate) fn tracing(cx: &ProxyContext<'_>) -> Option<Tracing> {
    let config = &cx.mesh.config;
    let configured = cx.workload.proxy_config.tracing.as_ref();
    let length = |length: Option<u32>| length.filter(|length| *length > 0);
    let max_path_tag_length = length(configured.map(|tracing| tracing.max_path_tag_length));
    if let Some(name) = config.default_providers.as_ref().and_then(|defaults| defaults.tracing.first()) {
        let Traced { provider, max_tag_length } = traced(cx, provider::named(config, name)?)?;
        let samples = matches!(&provider, TracingProvider::OpenTelemetry(tracer) if tracer.sampler.is_some());
        return Some(Tracing {
            random_sampling: if samples { 100.0 } else { sampling(cx) },
            max_path_tag_length: length(Some(max_tag_length)).or(max_path_tag_length),
            custom_tags: tags(cx, true),
            spawn_upstream_span: cx.workload.proxy == Some(WorkloadRole::Gateway)
                || matches!(provider, TracingProvider::SkyWalking(_)),
            provider: Some(provider),
        });
    }
    config.enable_tracing.then(|| Tracing {
        random_sampling: sampling(cx),
        max_path_tag_length,
        custom_tags: tags(cx, configured.and_then(|tracing| tracing.enable_istio_tags).unwrap_or(true)),
        provider: None,
        spawn_upstream_span: false,
    })
}

/// A tracer with the longest path that it takes; 0 states none.
struct Traced {
    provider: TracingProvider,
    max_tag_length: u32,
}

/// The tracer that a provider describes; `None` where it cannot be used.
fn traced(cx: &ProxyContext<'_>, provider: &ExtensionProvider) -> Option<Traced> {
    let collector = |service: &str, port| provider::collector(cx.mesh, service, port);
    if let Some(zipkin) = &provider.zipkin {
        let path = if zipkin.path.is_empty() { "/api/v2/spans" } else { &zipkin.path };
        let tracer = ZipkinTracer {
            collector: collector(&zipkin.service, zipkin.port)?,
            path: path.to_owned(),
            timeout: time(zipkin.timeout),
            headers: provider::headers(&zipkin.headers),
            long_trace_ids: !zipkin.enable_64bit_trace_id,
            w3c: zipkin.trace_context_option == TraceContextOption::Both,
        };
        let max_tag_length = zipkin.max_tag_length;
        return Some(Traced { provider: TracingProvider::Zipkin(tracer), max_tag_length });
    }
    if let Some(datadog) = &provider.datadog {
        let tracer = TracingProvider::Datadog {
            collector: collector(&datadog.service, datadog.port)?,
            service_name: bootstrap::service_cluster(cx.workload),
        };
        return Some(Traced { provider: tracer, max_tag_length: datadog.max_tag_length });
    }
    if let Some(skywalking) = &provider.skywalking {
        let tracer = TracingProvider::SkyWalking(collector(&skywalking.service, skywalking.port)?);
        return Some(Traced { provider: tracer, max_tag_length: 0 });
    }
    let stated = provider.opentelemetry.as_ref()?;
    let tracer = open_telemetry(cx, stated)?;
    Some(Traced {
        provider: TracingProvider::OpenTelemetry(Box::new(tracer)),
        max_tag_length: stated.max_tag_length,
    })
}

fn open_telemetry(cx: &ProxyContext<'_>, stated: &OpenTelemetryProvider) -> Option<OpenTelemetryTracer> {
    let collector = provider::collector(cx.mesh, &stated.service, stated.port)?;
    let transport = match &stated.http {
        Some(http) => SpanTransport::Http(report(&collector, http)),
        None => SpanTransport::Grpc {
            timeout: stated.grpc.as_ref().and_then(|grpc| grpc.timeout).map(|timeout| timeout.0),
            metadata: stated
                .grpc
                .as_ref()
                .map(|grpc| provider::headers(&grpc.initial_metadata))
                .unwrap_or_default(),
        },
    };
    let sampler = match &stated.dynatrace_sampler {
        None => None,
        Some(sampler) => Some(dynatrace(cx, sampler, &collector, &transport)?),
    };
    let by_conventions =
        stated.service_attribute_enrichment == Some(ServiceAttributeEnrichment::OtelSemanticConventions);
    let detectors = stated.resource_detectors.as_ref();
    Some(OpenTelemetryTracer {
        service_name: if by_conventions {
            conventional_name(cx.workload)
        } else {
            bootstrap::service_cluster(cx.workload)
        },
        detects_environment: by_conventions || detectors.is_some_and(|stated| stated.environment.is_some()),
        detects_dynatrace: detectors.is_some_and(|stated| stated.dynatrace.is_some()),
        collector,
        transport,
        sampler,
    })
}

/// The sampler asks the collector of spans unless it names a service of its own. Without either it cannot be made, and istiod
/// leaves all of the tracer out.
fn dynatrace(
    cx: &ProxyContext<'_>,
    sampler: &mesh_config::DynatraceSampler,
    collector: &Collector,
    transport: &SpanTransport,
) -> Option<DynatraceSampler> {
    let service = match (&sampler.http_service, transport) {
        (Some(stated), _) => {
            let collector = provider::collector(cx.mesh, &stated.service, stated.port)?;
            report(&collector, stated.http.as_ref().unwrap_or(&OtlpHttp::default()))
        }
        (None, SpanTransport::Http(spans)) => {
            HttpReport { uri: format!("{}{SAMPLING_PATH}", collector.host), ..spans.clone() }
        }
        (None, SpanTransport::Grpc { .. }) => return None,
    };
    Some(DynatraceSampler {
        tenant: sampler.tenant.clone(),
        cluster_id: sampler.cluster_id,
        root_spans_per_minute: Some(sampler.root_spans_per_minute).filter(|count| *count > 0),
        service,
    })
}

fn report(collector: &Collector, http: &OtlpHttp) -> HttpReport {
    HttpReport {
        uri: format!("{}/{}", collector.host, http.path.trim_start_matches('/')),
        upstream: collector.upstream.clone(),
        timeout: time(http.timeout),
        headers: provider::headers(&http.headers),
    }
}

fn time(stated: Option<meshc_api::Duration>) -> Duration {
    stated.map_or(REPORT_TIMEOUT, |timeout| timeout.0)
}

/// What the semantic conventions of OpenTelemetry call the service.
fn conventional_name(workload: &Workload) -> String {
    let annotation = workload.annotations.get("resource.opentelemetry.io/service.name");
    let label =
        ["app.kubernetes.io/instance", "app.kubernetes.io/name"].map(|label| workload.labels.get(label));
    let stated = std::iter::once(annotation).chain(label).flatten().find(|name| !name.is_empty());
    stated.map_or(workload.workload_name(), String::as_str).to_owned()
}

/// Share of requests in percent. istiod replaces a share above 100 by 1.
fn sampling(cx: &ProxyContext<'_>) -> f64 {
    let stated = cx.workload.proxy_config.tracing.as_ref().map_or(0.0, |tracing| tracing.sampling);
    match stated {
        0.0 => cx.mesh.features.trace_sampling,
        above if above > 100.0 => 1.0,
        share => share,
    }
}

fn tags(cx: &ProxyContext<'_>, istio: bool) -> Vec<CustomTag> {
    let configured = cx.workload.proxy_config.tracing.as_ref();
    let mut tags: BTreeMap<String, TagSource> = BTreeMap::new();
    if istio {
        tags.extend(istio_tags(cx));
    }
    let custom = configured.map(|tracing| &tracing.custom_tags).into_iter().flatten();
    tags.extend(custom.filter_map(|(name, tag)| Some((name.clone(), source(tag)?))));
    tags.into_iter().map(|(name, source)| CustomTag { name, source }).collect()
}

/// Tags by which Istio's dashboards find the workload, and what a dry run of authorization would have said.
fn istio_tags(cx: &ProxyContext<'_>) -> Vec<(String, TagSource)> {
    let label =
        |key: &str, default: &str| cx.workload.labels.get(key).map_or(default, String::as_str).to_owned();
    let canonical = workload_labels::of(cx.mesh, cx.workload);
    let unless = |label: String, known: &str, source: TagSource| match label == known {
        true => source,
        false => TagSource::Literal(label),
    };
    let revision = label("service.istio.io/canonical-revision", "latest");
    let service = label("service.istio.io/canonical-name", "unknown");
    let workload = [
        (
            "istio.canonical_revision",
            unless(revision, &canonical.canonical_revision, TagSource::CanonicalRevision),
        ),
        (
            "istio.canonical_service",
            unless(service, &canonical.canonical_service, TagSource::CanonicalService),
        ),
    ];
    let literals = [
        // Injection sets MESH_ID to the trust domain.
        ("istio.mesh_id", cx.mesh.config.trust_domain.clone()),
        ("istio.namespace", cx.workload.namespace().to_owned()),
        ("istio.cluster_id", cx.mesh.options.cluster_id.clone()),
    ];
    let dry_run = [
        ("allow_policy.name", "istio_dry_run_allow_shadow_effective_policy_id"),
        ("allow_policy.result", "istio_dry_run_allow_shadow_engine_result"),
        ("deny_policy.name", "istio_dry_run_deny_shadow_effective_policy_id"),
        ("deny_policy.result", "istio_dry_run_deny_shadow_engine_result"),
    ];
    let literals = literals.map(|(name, value)| (name, TagSource::Literal(value)));
    let literals = workload.into_iter().chain(literals).map(|(name, source)| (name.to_owned(), source));
    let dry_run = dry_run.map(|(suffix, key)| {
        (format!("istio.authorization.dry_run.{suffix}"), TagSource::AuthorizationMetadata(key.to_owned()))
    });
    literals.chain(dry_run).collect()
}

fn source(tag: &ConfiguredTag) -> Option<TagSource> {
    if let Some(literal) = &tag.literal {
        return Some(TagSource::Literal(literal.value.clone()));
    }
    if let Some(environment) = &tag.environment {
        let (name, default) = (environment.name.clone(), environment.default_value.clone());
        return Some(TagSource::Environment { name, default });
    }
    let header = tag.header.as_ref()?;
    Some(TagSource::RequestHeader { name: header.name.clone(), default: header.default_value.clone() })
}
