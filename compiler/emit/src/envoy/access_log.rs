//! Access logs.

use meshc_plan::{
    AccessLog, AccessLogFilter, AccessLogFormat, AccessLogSink, Collector, LogCollector, LogService,
    OpenTelemetryLog, ProcessUpstream, UpstreamName,
};
use serde_json::{Value, json};

use super::names;
use super::xds::{self, Any, Empty};

/// One access log.
pub(super) fn access_log(log: &AccessLog) -> xds::AccessLog {
    let AccessLog { sink, filters } = log;
    let (name, config) = match sink {
        AccessLogSink::File { path, format, omit_empty_values } => {
            ("envoy.access_loggers.file", Any::FileAccessLog(file(path, format, *omit_empty_values)))
        }
        AccessLogSink::Service(log) if log.tcp => {
            ("envoy.tcp_grpc_access_log", Any::TcpGrpcAccessLog(service(log)))
        }
        AccessLogSink::Service(log) => {
            ("envoy.access_loggers.http_grpc", Any::HttpGrpcAccessLog(service(log)))
        }
        AccessLogSink::OpenTelemetry(log) => {
            ("envoy.access_loggers.open_telemetry", Any::OpenTelemetryAccessLog(open_telemetry(log)))
        }
    };
    xds::AccessLog { name, filter: filter(filters), typed_config: Some(Box::new(config)) }
}

fn file(path: &str, format: &AccessLogFormat, omit_empty_values: bool) -> xds::FileAccessLog {
    let (json_format, text_format_source, formatters) = match format {
        AccessLogFormat::Text(line) => {
            (None, Some(xds::DataSource::text(line.clone())), formatters([line.as_str()]))
        }
        AccessLogFormat::Json(keys) => {
            let operators = keys.iter().flat_map(|(_, value)| texts(value));
            let formatters = formatters(operators);
            (Some(Value::Object(keys.iter().cloned().collect())), None, formatters)
        }
    };
    let format = xds::SubstitutionFormat { json_format, text_format_source, omit_empty_values, formatters };
    xds::FileAccessLog { path: path.to_owned(), log_format: Some(format) }
}

/// Extensions of the language of formats that texts need; the others are part of every Envoy.
fn formatters<'t>(texts: impl IntoIterator<Item = &'t str>) -> Vec<xds::Extension> {
    let needed = texts.into_iter().any(|text| text.contains("%REQ_WITHOUT_QUERY"));
    let formatter =
        || xds::Extension::new("envoy.formatter.req_without_query", Any::ReqWithoutQuery(Empty {}));
    needed.then(formatter).into_iter().collect()
}

/// All texts in a value.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

fn service(log: &LogService) -> xds::GrpcAccessLog {
    let LogService {
        collector,
        log_name,
        tcp,
        filter_state,
        request_headers,
        response_headers,
        response_trailers,
    } = log;
    let grpc = match collector {
        LogCollector::Process => process_service(),
        LogCollector::Service(collector) => grpc_service(collector),
    };
    // A connection has no headers, and its message no fields for them.
    let headers = |names: &[String]| if *tcp { Vec::new() } else { names.to_vec() };
    xds::GrpcAccessLog {
        common_config: Some(common(log_name, grpc, filter_state)),
        additional_request_headers_to_log: headers(request_headers),
        additional_response_headers_to_log: headers(response_headers),
        additional_response_trailers_to_log: headers(response_trailers),
    }
}

fn common(log_name: &str, service: xds::GrpcService, filter_state: &[String]) -> xds::CommonGrpcAccessLog {
    xds::CommonGrpcAccessLog {
        log_name: log_name.to_owned(),
        grpc_service: Some(service),
        transport_api_version: "V3",
        filter_state_objects_to_log: filter_state.to_vec(),
    }
}

fn process_service() -> xds::GrpcService {
    xds::GrpcService {
        envoy_grpc: Some(xds::EnvoyGrpc {
            cluster_name: names::upstream(&UpstreamName::Process(ProcessUpstream::AccessLogService)),
            authority: String::new(),
        }),
        ..xds::GrpcService::default()
    }
}

/// A gRPC service of the mesh.
pub(super) fn grpc_service(collector: &Collector) -> xds::GrpcService {
    let Collector { upstream, host } = collector;
    xds::GrpcService {
        envoy_grpc: Some(xds::EnvoyGrpc { cluster_name: names::upstream(upstream), authority: host.clone() }),
        ..xds::GrpcService::default()
    }
}

fn open_telemetry(log: &OpenTelemetryLog) -> xds::OpenTelemetryAccessLog {
    let OpenTelemetryLog { collector, log_name, body, attributes, filter_state } = log;
    let values: Vec<Value> =
        attributes.iter().map(|(key, value)| json!({"key": key, "value": any_value(value)})).collect();
    let operators = attributes.iter().flat_map(|(_, value)| texts(value)).chain([body.as_str()]);
    xds::OpenTelemetryAccessLog {
        common_config: Some(common(log_name, grpc_service(collector), filter_state)),
        body: Some(any_value(&body.as_str().into())),
        attributes: (!values.is_empty()).then_some(xds::KeyValueList { values }),
        disable_builtin_labels: true,
        formatters: formatters(operators),
    }
}

/// A value in the words of OpenTelemetry.
fn any_value(value: &Value) -> Value {
    match value {
        // Envoy takes only texts here, lists and objects of them.
        Value::Null | Value::Bool(_) | Value::Number(_) => json!({"stringValue": value.to_string()}),
        Value::String(value) => json!({"stringValue": value}),
        Value::Array(items) => {
            json!({"arrayValue": {"values": items.iter().map(any_value).collect::<Vec<_>>()}})
        }
        Value::Object(fields) => {
            let values: Vec<Value> =
                fields.iter().map(|(key, value)| json!({"key": key, "value": any_value(value)})).collect();
            json!({"kvlistValue": {"values": values}})
        }
    }
}

fn filter(filters: &[AccessLogFilter]) -> Option<xds::AccessLogFilter> {
    let mut filters: Vec<xds::AccessLogFilter> = filters.iter().map(one_filter).collect();
    match filters.len() {
        0 | 1 => filters.pop(),
        _ => Some(xds::AccessLogFilter {
            and_filter: Some(xds::AndFilter { filters }),
            ..xds::AccessLogFilter::default()
        }),
    }
}

fn one_filter(filter: &AccessLogFilter) -> xds::AccessLogFilter {
    let (flags, extension) = match filter {
        AccessLogFilter::ResponseFlags(flags) => {
            (Some(xds::ResponseFlagFilter { flags: flags.clone() }), None)
        }
        AccessLogFilter::Cel(expression) => {
            let config = Any::CelFilter(xds::CelFilter { expression: expression.clone() });
            (None, Some(xds::Extension::new("envoy.access_loggers.extension_filters.cel", config)))
        }
    };
    xds::AccessLogFilter { and_filter: None, response_flag_filter: flags, extension_filter: extension }
}
