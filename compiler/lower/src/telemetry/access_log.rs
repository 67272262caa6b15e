//! Access logs.

use std::collections::{BTreeMap, BTreeSet};

use meshc_api::mesh_config::{
    AccessLogEncoding, EnvoyFileAccessLogProvider, ExtensionProvider, FileLogFormat, MeshConfig,
};
use meshc_model::Mesh;
use meshc_plan::{
    AccessLog, AccessLogFilter, AccessLogFormat, AccessLogSink, LogCollector, LogService, OpenTelemetryLog,
};
use serde_json::Value;

use super::provider;
use crate::bootstrap;
use crate::context::ProxyContext;

/// The provider of access logs that Istio has without configuration.
const BUILT_IN: &str = "envoy";

/// Istio's default line.
const DEFAULT_LINE: &str = concat!(
    "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" %RESPONSE_CODE% ",
    "%RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% ",
    "\"%UPSTREAM_TRANSPORT_FAILURE_REASON%\" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% ",
    "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" ",
    "\"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" %UPSTREAM_CLUSTER_RAW% ",
    "%UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% ",
    "%REQUESTED_SERVER_NAME% %ROUTE_NAME%\n"
);

/// Keys of Istio's default JSON object with their operators, sorted.
const DEFAULT_KEYS: [(&str, &str); 24] = [
    ("authority", "%REQ(:AUTHORITY)%"),
    ("bytes_received", "%BYTES_RECEIVED%"),
    ("bytes_sent", "%BYTES_SENT%"),
    ("connection_termination_details", "%CONNECTION_TERMINATION_DETAILS%"),
    ("downstream_local_address", "%DOWNSTREAM_LOCAL_ADDRESS%"),
    ("downstream_remote_address", "%DOWNSTREAM_REMOTE_ADDRESS%"),
    ("duration", "%DURATION%"),
    ("method", "%REQ(:METHOD)%"),
    ("path", "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"),
    ("protocol", "%PROTOCOL%"),
    ("request_id", "%REQ(X-REQUEST-ID)%"),
    ("requested_server_name", "%REQUESTED_SERVER_NAME%"),
    ("response_code", "%RESPONSE_CODE%"),
    ("response_code_details", "%RESPONSE_CODE_DETAILS%"),
    ("response_flags", "%RESPONSE_FLAGS%"),
    ("route_name", "%ROUTE_NAME%"),
    ("start_time", "%START_TIME%"),
    ("upstream_cluster", "%UPSTREAM_CLUSTER_RAW%"),
    ("upstream_host", "%UPSTREAM_HOST%"),
    ("upstream_local_address", "%UPSTREAM_LOCAL_ADDRESS%"),
    ("upstream_service_time", "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%"),
    ("upstream_transport_failure_reason", "%UPSTREAM_TRANSPORT_FAILURE_REASON%"),
    ("user_agent", "%REQ(USER-AGENT)%"),
    ("x_forwarded_for", "%REQ(X-FORWARDED-FOR)%"),
];

/// State of a connection or request that log services read, as Istio's build notes it.
const FILTER_STATE: [&str; 6] = [
    "upstream_peer",
    "downstream_peer",
    "wasm.upstream_peer",
    "wasm.upstream_peer_id",
    "wasm.downstream_peer",
    "wasm.downstream_peer_id",
];

/// Files that the proxy logs to, sorted.
pub(crate) fn log_files(cx: &ProxyContext<'_>) -> Vec<String> {
    let files = request_logs(cx).into_iter().filter_map(|log| match log.sink {
        AccessLogSink::File { path, .. } => Some(path),
        AccessLogSink::Service(_) | AccessLogSink::OpenTelemetry(_) => None,
    });
    files.collect::<BTreeSet<String>>().into_iter().collect()
}

/// Logs of the requests of an HTTP connection.
pub(crate) fn request_logs(cx: &ProxyContext<'_>) -> Vec<AccessLog> {
    logs(cx, "http_envoy_accesslog", false, &[])
}

/// Logs of the connections that a TCP proxy forwards.
pub(crate) fn connection_logs(cx: &ProxyContext<'_>) -> Vec<AccessLog> {
    logs(cx, "tcp_envoy_accesslog", true, &[])
}

/// Logs of the connections that no chain of a listener takes (`NR`), unless `disableEnvoyListenerLog` turns them off.
pub(crate) fn listener_logs(cx: &ProxyContext<'_>) -> Vec<AccessLog> {
    if cx.mesh.config.disable_envoy_listener_log {
        return Vec::new();
    }
    let unrouted = AccessLogFilter::ResponseFlags(vec!["NR".to_owned()]);
    logs(cx, "listener_envoy_accesslog", true, &[unrouted])
}

/// What the default providers log to, whatever they are for; without any that can be used, what `accessLogFile` and
/// `enableEnvoyAccessLogService` ask for.
fn logs(cx: &ProxyContext<'_>, service: &str, tcp: bool, filters: &[AccessLogFilter]) -> Vec<AccessLog> {
    let mut sinks = of_providers(cx.mesh);
    if sinks.is_empty() {
        let config = &cx.mesh.config;
        let file = (!config.access_log_file.is_empty()).then(|| AccessLogSink::File {
            path: config.access_log_file.clone(),
            format: format(config),
            omit_empty_values: false,
        });
        let stated = config.enable_envoy_access_log_service && bootstrap::states_log_service(cx);
        sinks.extend(file);
        sinks.extend(stated.then(|| process_service(service, tcp)));
    }
    sinks.into_iter().map(|sink| AccessLog { sink, filters: filters.to_vec() }).collect()
}

fn process_service(log_name: &str, tcp: bool) -> AccessLogSink {
    AccessLogSink::Service(Box::new(LogService {
        collector: LogCollector::Process,
        log_name: log_name.to_owned(),
        tcp,
        filter_state: FILTER_STATE.map(str::to_owned).to_vec(),
        request_headers: Vec::new(),
        response_headers: Vec::new(),
        response_trailers: Vec::new(),
    }))
}

/// Logs of the default providers, sorted by their names.
fn of_providers(mesh: &Mesh) -> Vec<AccessLogSink> {
    let Some(defaults) = &mesh.config.default_providers else { return Vec::new() };
    let named = defaults.access_logging.iter().filter_map(|name| provider::named(&mesh.config, name));
    let by_name: BTreeMap<&str, &ExtensionProvider> =
        named.map(|provider| (provider.name.as_str(), provider)).collect();
    by_name.into_values().filter_map(|provider| of_provider(mesh, provider)).collect()
}

fn of_provider(mesh: &Mesh, provider: &ExtensionProvider) -> Option<AccessLogSink> {
    let or = |stated: &str, default: &str| if stated.is_empty() { default } else { stated }.to_owned();
    let state = |stated: &[String]| match stated {
        [] => FILTER_STATE.iter().take(2).map(|name| (*name).to_owned()).collect(),
        stated => stated.to_vec(),
    };
    if let Some(file) = &provider.envoy_file_access_log {
        return Some(AccessLogSink::File {
            path: or(&file.path, "/dev/stdout"),
            format: file_format(&mesh.config, &provider.name, file),
            omit_empty_values: file.omit_empty_values,
        });
    }
    if let Some(log) = &provider.envoy_http_als {
        return Some(AccessLogSink::Service(Box::new(LogService {
            collector: LogCollector::Service(provider::collector(mesh, &log.service, log.port)?),
            log_name: or(&log.log_name, "http_envoy_accesslog"),
            tcp: false,
            filter_state: state(&log.filter_state_objects_to_log),
            request_headers: log.additional_request_headers_to_log.clone(),
            response_headers: log.additional_response_headers_to_log.clone(),
            response_trailers: log.additional_response_trailers_to_log.clone(),
        })));
    }
    if let Some(log) = &provider.envoy_tcp_als {
        return Some(AccessLogSink::Service(Box::new(LogService {
            collector: LogCollector::Service(provider::collector(mesh, &log.service, log.port)?),
            log_name: or(&log.log_name, "tcp_envoy_accesslog"),
            tcp: true,
            filter_state: state(&log.filter_state_objects_to_log),
            request_headers: Vec::new(),
            response_headers: Vec::new(),
            response_trailers: Vec::new(),
        })));
    }
    let log = provider.envoy_otel_als.as_ref()?;
    let (body, labels) = match &log.log_format {
        Some(format) => (or(&format.text, DEFAULT_LINE), format.labels.as_ref()),
        None => (DEFAULT_LINE.to_owned(), None),
    };
    let labels: BTreeMap<&String, &Value> = labels.into_iter().flatten().collect();
    Some(AccessLogSink::OpenTelemetry(Box::new(OpenTelemetryLog {
        collector: provider::collector(mesh, &log.service, log.port)?,
        log_name: or(&log.log_name, "otel_envoy_accesslog"),
        body,
        attributes: labels.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        filter_state: FILTER_STATE.map(str::to_owned).to_vec(),
    })))
}

/// The format of a provider. The built-in one, which is named `envoy`, has that of the mesh where it states none.
fn file_format(config: &MeshConfig, name: &str, file: &EnvoyFileAccessLogProvider) -> AccessLogFormat {
    let default = || AccessLogFormat::Text(DEFAULT_LINE.to_owned());
    match &file.log_format {
        None if name == BUILT_IN && !file.omit_empty_values => format(config),
        None => default(),
        Some(FileLogFormat { text: Some(text), .. }) if text.is_empty() => default(),
        Some(FileLogFormat { text: Some(text), .. }) => AccessLogFormat::Text(with_newline(text)),
        Some(FileLogFormat { labels: Some(labels), .. }) if !labels.is_empty() => {
            AccessLogFormat::Json(labels.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
        }
        Some(FileLogFormat { labels: Some(_), .. }) => default_keys(),
        Some(FileLogFormat { text: None, labels: None }) => default(),
    }
}

fn with_newline(text: &str) -> String {
    if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}

fn default_keys() -> AccessLogFormat {
    AccessLogFormat::Json(
        DEFAULT_KEYS.map(|(key, value)| (key.to_owned(), Value::String(value.to_owned()))).to_vec(),
    )
}

/// The format that the mesh configuration states. Text without a newline gets one; a JSON format that is no object is
/// Istio's default, as in istiod.
fn format(config: &MeshConfig) -> AccessLogFormat {
    let stated = config.access_log_format.as_str();
    match config.access_log_encoding {
        AccessLogEncoding::Text if stated.is_empty() => AccessLogFormat::Text(DEFAULT_LINE.to_owned()),
        AccessLogEncoding::Text => AccessLogFormat::Text(with_newline(stated)),
        AccessLogEncoding::Json => match serde_json::from_str(stated) {
            Ok(Value::Object(keys)) => AccessLogFormat::Json(keys.into_iter().collect()),
            _ => default_keys(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(encoding: AccessLogEncoding, format: &str) -> MeshConfig {
        MeshConfig {
            access_log_encoding: encoding,
            access_log_format: format.to_owned(),
            ..MeshConfig::default()
        }
    }

    #[test]
    fn a_line_without_a_newline_gets_one() {
        let text = |stated: &str| format(&config(AccessLogEncoding::Text, stated));
        assert_eq!(text("%DURATION%"), AccessLogFormat::Text("%DURATION%\n".to_owned()));
        assert_eq!(text("%DURATION%\n"), AccessLogFormat::Text("%DURATION%\n".to_owned()));
        assert_eq!(text(""), AccessLogFormat::Text(DEFAULT_LINE.to_owned()));
    }

    #[test]
    fn a_json_format_that_is_no_object_is_the_default() {
        let json = |stated: &str| match format(&config(AccessLogEncoding::Json, stated)) {
            AccessLogFormat::Json(keys) => keys.len(),
            AccessLogFormat::Text(_) => 0,
        };
        assert_eq!(json("{\"a\": \"%DURATION%\"}"), 1);
        assert_eq!(json("not json"), DEFAULT_KEYS.len());
        assert_eq!(json(""), DEFAULT_KEYS.len());
    }

    #[test]
    fn the_default_keys_are_sorted() {
        assert!(DEFAULT_KEYS.is_sorted());
    }
}
