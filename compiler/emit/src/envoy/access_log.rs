//! Access logs.

use meshc_plan::{AccessLog, AccessLogFilter, AccessLogFormat, AccessLogSink};
use serde_json::Value;

use super::xds::{self, Any};

/// The cluster of the bootstrap that reaches the access log service of the mesh.
const SERVICE_CLUSTER: &str = "envoy_accesslog_service";

/// State of a connection or request that Istio's build notes and its log services read.
const FILTER_STATE: [&str; 6] = [
    "upstream_peer",
    "downstream_peer",
    "wasm.upstream_peer",
    "wasm.upstream_peer_id",
    "wasm.downstream_peer",
    "wasm.downstream_peer_id",
];

/// One access log.
pub(super) fn access_log(log: &AccessLog) -> xds::AccessLog {
    let AccessLog { sink, filters } = log;
    let (name, config) = match sink {
        AccessLogSink::File { path, format } => {
            ("envoy.access_loggers.file", Any::FileAccessLog(file(path, format)))
        }
        AccessLogSink::Service { log_name, tcp: false } => {
            ("envoy.access_loggers.http_grpc", Any::HttpGrpcAccessLog(service(log_name)))
        }
        AccessLogSink::Service { log_name, tcp: true } => {
            ("envoy.tcp_grpc_access_log", Any::TcpGrpcAccessLog(service(log_name)))
        }
    };
    xds::AccessLog { name, filter: filter(filters), typed_config: Some(Box::new(config)) }
}

fn file(path: &str, format: &AccessLogFormat) -> xds::FileAccessLog {
    let format = match format {
        AccessLogFormat::Text(line) => xds::SubstitutionFormat {
            json_format: None,
            text_format_source: Some(xds::DataSource::text(line.clone())),
        },
        AccessLogFormat::Json(keys) => xds::SubstitutionFormat {
            json_format: Some(Value::Object(keys.iter().cloned().collect())),
            text_format_source: None,
        },
    };
    xds::FileAccessLog { path: path.to_owned(), log_format: Some(format) }
}

fn service(log_name: &str) -> xds::GrpcAccessLog {
    xds::GrpcAccessLog {
        common_config: Some(xds::CommonGrpcAccessLog {
            log_name: log_name.to_owned(),
            grpc_service: Some(xds::GrpcService {
                envoy_grpc: Some(xds::EnvoyGrpc { cluster_name: SERVICE_CLUSTER.to_owned() }),
            }),
            transport_api_version: "V3",
            filter_state_objects_to_log: FILTER_STATE.to_vec(),
        }),
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
