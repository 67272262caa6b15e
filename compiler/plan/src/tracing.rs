//! Tracing.

use std::time::Duration;

use crate::UpstreamName;

/// Tracing of an HTTP connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Tracing {
    /// Share of requests that are sampled, in percent.
    pub random_sampling: f64,
    /// Longest path in a tag; `None` leaves Envoy's 256.
    pub max_path_tag_length: Option<u32>,
    /// Tags, sorted by name.
    pub custom_tags: Vec<CustomTag>,
    /// Where spans go; `None` leaves it to the bootstrap.
    pub provider: Option<TracingProvider>,
    /// Whether a span of its own is made for the upstream request (gateways with a provider).
    pub spawn_upstream_span: bool,
}

/// One tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CustomTag {
    /// Name.
    pub name: String,
    /// Value.
    pub source: TagSource,
}

/// Where the value of a tag comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TagSource {
    /// A text.
    Literal(String),
    /// The canonical name of the workload that the proxy serves. It is no text here, because connections of many workloads
    /// differ in nothing else.
    CanonicalService,
    /// The canonical revision of the workload that the proxy serves.
    CanonicalRevision,
    /// An environment variable of the proxy, with a default.
    Environment {
        /// Name.
        name: String,
        /// Default.
        default: String,
    },
    /// A request header, with a default.
    RequestHeader {
        /// Name.
        name: String,
        /// Default.
        default: String,
    },
    /// Metadata that the authorization filter writes about a dry run: its key.
    AuthorizationMetadata(String),
}

/// Where spans go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TracingProvider {
    /// Zipkin, by HTTP.
    Zipkin(ZipkinTracer),
    /// A Datadog agent.
    Datadog {
        /// The agent.
        collector: Collector,
        /// What the service is called.
        service_name: String,
    },
    /// SkyWalking, by gRPC.
    SkyWalking(Collector),
    /// OpenTelemetry.
    OpenTelemetry(Box<OpenTelemetryTracer>),
}

/// A service of the mesh that proxies report to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Collector {
    /// Its upstream.
    pub upstream: UpstreamName,
    /// Its host, for the authority of requests.
    pub host: String,
}

/// How Zipkin is reported to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZipkinTracer {
    /// The collector.
    pub collector: Collector,
    /// Path of its API (`/api/v2/spans` by default).
    pub path: String,
    /// Time for a report.
    pub timeout: Duration,
    /// Headers of each report, in order.
    pub headers: Vec<(String, String)>,
    /// Whether trace ids have 128 bits.
    pub long_trace_ids: bool,
    /// Whether the headers of W3C carry the trace beside those of B3.
    pub w3c: bool,
}

/// How OpenTelemetry is reported to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenTelemetryTracer {
    /// The collector.
    pub collector: Collector,
    /// What the service is called.
    pub service_name: String,
    /// How spans are sent.
    pub transport: SpanTransport,
    /// Whether the variable `OTEL_RESOURCE_ATTRIBUTES` adds attributes to the resource.
    pub detects_environment: bool,
    /// Whether files of Dynatrace add attributes to the resource.
    pub detects_dynatrace: bool,
    /// Sampling by Dynatrace, in place of the random share.
    pub sampler: Option<DynatraceSampler>,
}

/// How spans are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpanTransport {
    /// By gRPC.
    Grpc {
        /// Time for a report; `None` leaves Envoy's default.
        timeout: Option<Duration>,
        /// Metadata of each report, in order.
        metadata: Vec<(String, String)>,
    },
    /// By HTTP.
    Http(HttpReport),
}

/// How a service is asked over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpReport {
    /// Host and path, without a scheme.
    pub uri: String,
    /// Upstream that it goes to.
    pub upstream: UpstreamName,
    /// Time for an answer.
    pub timeout: Duration,
    /// Headers of each request, in order.
    pub headers: Vec<(String, String)>,
}

/// Sampling by Dynatrace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DynatraceSampler {
    /// Tenant.
    pub tenant: String,
    /// Cluster.
    pub cluster_id: i32,
    /// Root spans in a minute where the service gives no number; `None` leaves Envoy's default.
    pub root_spans_per_minute: Option<u32>,
    /// The service that gives the number.
    pub service: HttpReport,
}

impl TracingProvider {
    /// Upstreams that spans go to or that are asked about them.
    pub fn upstreams(&self) -> impl Iterator<Item = &UpstreamName> {
        let (collector, sampler) = match self {
            Self::Zipkin(ZipkinTracer { collector, .. })
            | Self::Datadog { collector, .. }
            | Self::SkyWalking(collector) => (collector, None),
            Self::OpenTelemetry(tracer) => (&tracer.collector, tracer.sampler.as_ref()),
        };
        std::iter::once(&collector.upstream).chain(sampler.map(|sampler| &sampler.service.upstream))
    }
}

/// The tracer of the process, which connections without a provider of their own use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessTracer {
    /// Zipkin, at [`ProcessUpstream::Zipkin`](crate::ProcessUpstream::Zipkin).
    Zipkin,
    /// A Datadog agent, at [`ProcessUpstream::Datadog`](crate::ProcessUpstream::Datadog).
    Datadog,
}
