//! Every kind of access log, tracer and sink of statistics.

use super::*;

fn collector() -> Collector {
    Collector {
        upstream: UpstreamName::Process(ProcessUpstream::AccessLogService),
        host: "col.obs.svc.cluster.local".into(),
    }
}

fn service(collector: LogCollector, tcp: bool) -> AccessLogSink {
    AccessLogSink::Service(Box::new(LogService {
        collector,
        log_name: "als".into(),
        tcp,
        filter_state: strings(&["upstream_peer"]),
        request_headers: strings(&["x-user"]),
        response_headers: strings(&["x-cache"]),
        response_trailers: strings(&["grpc-status"]),
    }))
}

fn router() -> HttpFilter {
    HttpFilter::Router { suppress_envoy_headers: false }
}

pub(super) fn access_logs() -> Vec<AccessLog> {
    let file = |format| AccessLogSink::File { path: "/dev/stdout".into(), format, omit_empty_values: false };
    let without_query = AccessLogFormat::Text("%REQ_WITHOUT_QUERY(:PATH)%\n".into());
    let open_telemetry = AccessLogSink::OpenTelemetry(Box::new(OpenTelemetryLog {
        collector: collector(),
        log_name: "otel".into(),
        body: "%PROTOCOL%".into(),
        attributes: vec![
            ("code".into(), "%RESPONSE_CODE%".into()),
            ("more".into(), serde_json::json!({"list": ["%DURATION%", 7, true]})),
        ],
        filter_state: strings(&["downstream_peer"]),
    }));
    let unfiltered = |sink| AccessLog { sink, filters: Vec::new() };
    vec![
        unfiltered(file(AccessLogFormat::Text("%RESPONSE_CODE%\n".into()))),
        AccessLog {
            sink: file(AccessLogFormat::Json(vec![("code".into(), "%RESPONSE_CODE%".into())])),
            filters: vec![
                AccessLogFilter::ResponseFlags(strings(&["NR"])),
                AccessLogFilter::Cel("response.code >= 500".into()),
            ],
        },
        unfiltered(AccessLogSink::File {
            path: "/dev/stdout".into(),
            format: without_query,
            omit_empty_values: true,
        }),
        unfiltered(service(LogCollector::Process, false)),
        unfiltered(service(LogCollector::Service(collector()), true)),
        unfiltered(open_telemetry),
    ]
}

/// One tracer of each kind; a connection has one at a time.
pub(super) fn tracers() -> Vec<TracingProvider> {
    let report = |path: &str| HttpReport {
        uri: format!("col.obs.svc.cluster.local{path}"),
        upstream: collector().upstream,
        timeout: SECOND,
        headers: vec![("x-token".into(), "t".into())],
    };
    let open_telemetry = |transport, sampler| {
        TracingProvider::OpenTelemetry(Box::new(OpenTelemetryTracer {
            collector: collector(),
            service_name: "gateway.edge".into(),
            transport,
            detects_environment: true,
            detects_dynatrace: true,
            sampler,
        }))
    };
    let sampler = DynatraceSampler {
        tenant: "t".into(),
        cluster_id: -7,
        root_spans_per_minute: Some(1000),
        service: report("/sampling"),
    };
    let metadata = vec![("x-token".to_owned(), "t".to_owned())];
    vec![
        TracingProvider::Zipkin(ZipkinTracer {
            collector: collector(),
            path: "/api/v2/spans".into(),
            timeout: SECOND,
            headers: vec![("x-token".into(), "t".into())],
            long_trace_ids: true,
            w3c: true,
        }),
        TracingProvider::Datadog { collector: collector(), service_name: "gateway.edge".into() },
        TracingProvider::SkyWalking(collector()),
        open_telemetry(SpanTransport::Grpc { timeout: Some(SECOND), metadata }, None),
        open_telemetry(SpanTransport::Http(report("/v1/traces")), Some(sampler)),
    ]
}

/// A listener with one connection for each tracer, told apart by the port that was dialled.
pub(super) fn traced_listener() -> Listener {
    let name = RouteTableName::GatewayHttp { port: 8080, bind: None };
    let plain = http("outbound_0.0.0.0_8090;", RouteSource::Named(name), vec![router()]);
    let chains = tracers().into_iter().zip(9001..).map(|(provider, port)| {
        let tracing = Tracing {
            random_sampling: 100.0,
            max_path_tag_length: None,
            custom_tags: Vec::new(),
            provider: Some(provider),
            spawn_upstream_span: true,
        };
        let connection = HttpConnection { tracing: Some(tracing), ..plain.clone() };
        let matches = ChainMatch { destination_port: Some(port), ..ChainMatch::default() };
        chain(None, matches, vec![NetworkFilter::Http(Box::new(connection))])
    });
    address_listener(8090, Capture::Bound, chains.collect())
}

/// What the process reports to.
pub(super) fn process(bootstrap: &mut BootstrapPlan) {
    let names = [
        ProcessUpstream::Zipkin,
        ProcessUpstream::Datadog,
        ProcessUpstream::MetricsService,
        ProcessUpstream::AccessLogService,
    ];
    let endpoint = Endpoint {
        address: EndpointAddress::Name("col.obs.svc.cluster.local".into(), 9411),
        weight: None,
        health: None,
        mtls: false,
        workload: None,
    };
    let group = EndpointGroup { locality: None, weight: None, priority: 0, endpoints: vec![endpoint] };
    bootstrap.upstreams = names
        .map(|name| Upstream {
            protocol: UpstreamProtocol::Http2,
            pool: ConnectionPool {
                tcp_keepalive: Some(TcpKeepalive { probes: Some(3), time: Some(60), interval: None }),
                ..ConnectionPool::default()
            },
            tls: UpstreamTlsChoice::Always(Box::new(mutual_tls("col.obs", "spiffe://c/ns/obs/sa/col"))),
            ..upstream(UpstreamName::Process(name), Discovery::StrictDns(vec![group.clone()]))
        })
        .to_vec();
    bootstrap.tracer = Some(ProcessTracer::Zipkin);
    bootstrap.runtime_values =
        [("envoy.a", "true"), ("envoy.b", "7"), ("re2.max_program_size.error_level", "")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
    bootstrap.connection_limit = Some(15_000);
    bootstrap.stats = StatsSettings {
        flush_interval: Some(5 * SECOND),
        eviction_interval: Some(10 * SECOND),
        histograms: vec![
            Histogram { prefix: "istio".into(), buckets: vec![0.5, 1.0, 10.0], bins: None },
            Histogram { prefix: "cluster".into(), buckets: Vec::new(), bins: Some(40) },
        ],
        sinks: vec![StatsSink::MetricsService, StatsSink::Statsd("127.0.0.1:8125".parse().unwrap())],
        uncompressed: true,
    };
}
