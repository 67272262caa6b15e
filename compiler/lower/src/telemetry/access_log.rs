//! Access logs.

use meshc_api::mesh_config::{AccessLogEncoding, MeshConfig};
use meshc_plan::{AccessLog, AccessLogFilter, AccessLogFormat, AccessLogSink};
use serde_json::Value;

use crate::context::ProxyContext;

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

/// Logs of the requests of an HTTP connection.
pub(crate) fn request_logs(cx: &ProxyContext<'_>) -> Vec<AccessLog> {
    logs(&cx.mesh.config, "http_envoy_accesslog", false, &[])
}

/// Logs of the connections that a TCP proxy forwards.
pub(crate) fn connection_logs(cx: &ProxyContext<'_>) -> Vec<AccessLog> {
    logs(&cx.mesh.config, "tcp_envoy_accesslog", true, &[])
}

/// Logs of the connections that no chain of a listener takes (`NR`), unless `disableEnvoyListenerLog` turns them off.
pub(crate) fn listener_logs(cx: &ProxyContext<'_>) -> Vec<AccessLog> {
    if cx.mesh.config.disable_envoy_listener_log {
        return Vec::new();
    }
    let unrouted = AccessLogFilter::ResponseFlags(vec!["NR".to_owned()]);
    logs(&cx.mesh.config, "listener_envoy_accesslog", true, &[unrouted])
}

fn logs(config: &MeshConfig, service: &str, tcp: bool, filters: &[AccessLogFilter]) -> Vec<AccessLog> {
    let file = (!config.access_log_file.is_empty())
        .then(|| AccessLogSink::File { path: config.access_log_file.clone(), format: format(config) });
    let service = config
        .enable_envoy_access_log_service
        .then(|| AccessLogSink::Service { log_name: service.to_owned(), tcp });
    let sinks = file.into_iter().chain(service);
    sinks.map(|sink| AccessLog { sink, filters: filters.to_vec() }).collect()
}

/// The format that the mesh configuration states. Text without a newline gets one; a JSON format that is no object is
/// Istio's default, as in istiod.
fn format(config: &MeshConfig) -> AccessLogFormat {
    let stated = config.access_log_format.as_str();
    match config.access_log_encoding {
        AccessLogEncoding::Text if stated.is_empty() => AccessLogFormat::Text(DEFAULT_LINE.to_owned()),
        AccessLogEncoding::Text if stated.ends_with('\n') => AccessLogFormat::Text(stated.to_owned()),
        AccessLogEncoding::Text => AccessLogFormat::Text(format!("{stated}\n")),
        AccessLogEncoding::Json => match serde_json::from_str(stated) {
            Ok(Value::Object(keys)) => AccessLogFormat::Json(keys.into_iter().collect()),
            _ => AccessLogFormat::Json(
                DEFAULT_KEYS.map(|(key, value)| (key.to_owned(), Value::String(value.to_owned()))).to_vec(),
            ),
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
