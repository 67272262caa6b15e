//! What the mesh configuration says about logs, traces and statistics without Telemetry objects.

use meshc_diagnostics::codes;
use meshc_plan::{
    AccessLogFormat, AccessLogSink, ProcessTracer, ProcessUpstream, TracingProvider, UpstreamName,
};

use super::*;

const COLLECTOR: &str = "col.obs.svc.cluster.local";

fn collector() -> String {
    service("obs", "col", 7, "{name: grpc-otlp, port: 4317}, {name: http-zipkin, port: 9411}")
}

fn first_connection(compiled: &Compiled) -> HttpConnection {
    let listeners = &compiled.proxy("client").listeners;
    let mut connections = listeners.iter().flat_map(|listener| connections(listener));
    connections.next().expect("an HTTP connection").clone()
}

#[test]
fn p_21_default_providers_log_in_the_order_of_their_names_instead_of_the_file_of_the_mesh() {
    let mesh = "
accessLogFile: /dev/stderr
extensionProviders:
- name: zz
  envoyFileAccessLog: {path: /var/log/mesh/access.log, logFormat: {labels: {code: '%RESPONSE_CODE%'}}}
- name: otel
  envoyOtelAls: {service: obs/col.obs.svc.cluster.local, port: 4317, logFormat: {labels: {b: '2', a: '1'}}}
defaultProviders: {accessLogging: [zz, OTEL]}
";
    let compiled = compile_with(mesh, &[web(), collector()]);
    let connection = first_connection(&compiled);
    let [first, second] = connection.access_logs.as_slice() else { panic!("{:?}", connection.access_logs) };
    let AccessLogSink::OpenTelemetry(log) = &first.sink else { panic!("{first:?}") };
    assert_eq!(log.collector.host, COLLECTOR);
    assert_eq!(log.attributes.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let AccessLogSink::File { path, format: AccessLogFormat::Json(keys), .. } = &second.sink else {
        panic!("{second:?}")
    };
    assert_eq!((path.as_str(), keys.len()), ("/var/log/mesh/access.log", 1));
    assert_eq!(compiled.proxy("client").bootstrap.log_files, ["/var/log/mesh/access.log"]);
}

#[test]
fn p_21_without_a_provider_that_exists_the_file_of_the_mesh_counts() {
    let mesh = "{accessLogFile: /dev/stderr, defaultProviders: {accessLogging: [nobody]}}";
    let compiled = compile_with(mesh, &[web()]);
    assert!(compiled.says(&codes::UNKNOWN_PROVIDER));
    let connection = first_connection(&compiled);
    assert!(
        matches!(&connection.access_logs[0].sink, AccessLogSink::File { path, .. } if path == "/dev/stderr")
    );
}

#[test]
fn p_21_the_first_default_provider_traces_and_one_that_cannot_be_used_turns_traces_off() {
    let mesh = |service: &str| {
        format!(
            "{{extensionProviders: [{{name: z, zipkin: {{service: {service}, port: 9411, maxTagLength: 99}}}}], defaultProviders: {{tracing: [z]}}}}"
        )
    };
    let compiled = compile_with(&mesh(COLLECTOR), &[web(), collector()]);
    let tracing = first_connection(&compiled).tracing.unwrap();
    assert_eq!((tracing.max_path_tag_length, tracing.random_sampling), (Some(99), 1.0));
    let Some(TracingProvider::Zipkin(zipkin)) = tracing.provider else { panic!("{:?}", tracing.provider) };
    assert!(zipkin.long_trace_ids && zipkin.path == "/api/v2/spans");
    let unknown = compile_with(&mesh("nowhere.example"), &[web(), collector()]);
    assert_eq!(first_connection(&unknown).tracing, None);
    assert!(unknown.says(&codes::UNKNOWN_PROVIDER));
}

#[test]
fn p_21_a_collector_is_known_to_proxies_that_do_not_see_its_service() {
    let mesh = "{extensionProviders: [{name: z, zipkin: {service: col.obs.svc.cluster.local, port: 9411}}], defaultProviders: {tracing: [z]}}";
    let sidecar = object("Sidecar", "shop", "default", "{egress: [{hosts: ['./*']}]}");
    let compiled = compile_with(mesh, &[web(), collector(), sidecar]);
    assert!(compiled.find_upstream("client", 9411, None, COLLECTOR).is_some());
    assert!(compiled.find_upstream("client", 4317, None, COLLECTOR).is_none());
}

#[test]
fn p_21_the_process_reports_to_addresses_that_its_configuration_states() {
    let mesh = "
enableEnvoyAccessLogService: true
defaultConfig:
  tracing: {zipkin: {address: 'col.obs:9411'}}
  envoyAccessLogService: {address: 'als.example:9000', tlsSettings: {mode: SIMPLE}}
  envoyMetricsService: {address: '$(HOST_IP):15000'}
  statsdUdpAddress: statsd:8125
";
    let compiled = compile_with(mesh, &[web(), collector()]);
    let bootstrap = &compiled.proxy("client").bootstrap;
    let names: Vec<_> = bootstrap.upstreams.iter().map(|upstream| upstream.name.clone()).collect();
    let process = UpstreamName::Process;
    assert_eq!(names, [process(ProcessUpstream::Zipkin), process(ProcessUpstream::AccessLogService)]);
    assert_eq!(bootstrap.tracer, Some(ProcessTracer::Zipkin));
    assert!(format!("{:?}", bootstrap.upstreams[0].discovery).contains(COLLECTOR));
    assert!(bootstrap.stats.sinks.is_empty());
    assert!(compiled.says(&codes::UNUSABLE_SETTING));
    assert_eq!(first_connection(&compiled).access_logs.len(), 1);
}
