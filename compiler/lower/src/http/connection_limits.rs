//! Timeouts and limits of connections: `connectionSettings` and `IDLE_TIMEOUT` (translation-spec §6.1.1).

use std::time::Duration;

use meshc_api::mesh_config::{
    ConnectionProfile, ConnectionSettings, HeadersWithUnderscoresAction, PathWithEscapedSlashesAction,
};
use meshc_model::WorkloadRole;
use meshc_plan::{EscapedSlashes, HeadersWithUnderscores, HttpConnectionLimits};

use crate::context::ProxyContext;

/// Limits of an HTTP connection. What `connectionSettings` states wins over `IDLE_TIMEOUT`; the profile `EDGE` fills in
/// what it does not state, at gateways only.
pub(super) fn connection_limits(cx: &ProxyContext<'_>) -> HttpConnectionLimits {
    let settings = settings(cx);
    let time = |stated: Option<meshc_api::Duration>| stated.map(|duration| duration.0);
    HttpConnectionLimits {
        idle_timeout: time(settings.http_idle_timeout).or_else(|| idle_timeout(cx)),
        max_connection_duration: time(settings.http_max_connection_duration),
        max_stream_duration: time(settings.http_max_stream_duration),
        // Istio turns the idle time of streams off: a stream may be long and quiet.
        stream_idle_timeout: Some(time(settings.http_stream_idle_timeout).unwrap_or(Duration::ZERO)),
        request_timeout: time(settings.http_request_timeout),
        request_headers_timeout: time(settings.http_request_headers_timeout),
        drain_timeout: time(settings.http_drain_timeout),
        max_concurrent_streams: settings.http_max_concurrent_streams,
        initial_stream_window: settings.http2_initial_stream_window_size,
        initial_connection_window: settings.http2_initial_connection_window_size,
        headers_with_underscores: settings.http_headers_with_underscores_action.and_then(underscores),
        merge_slashes: settings.http_merge_slashes,
        escaped_slashes: settings.http_path_with_escaped_slashes_action.map(escaped_slashes),
    }
}

/// `per_connection_buffer_limit_bytes` of the listeners of gateways.
pub(crate) fn listener_buffer_limit(cx: &ProxyContext<'_>) -> Option<u32> {
    settings(cx).listener_per_connection_buffer_limit_bytes
}

/// Idle time of connections that the metadata of the proxy states (`ISTIO_META_IDLE_TIMEOUT`); what is no duration counts
/// as absent, as in istiod.
pub(crate) fn idle_timeout(cx: &ProxyContext<'_>) -> Option<Duration> {
    let text = cx.workload.metadata.get("IDLE_TIMEOUT")?;
    text.parse::<meshc_api::Duration>().ok().map(|duration| duration.0)
}

fn settings(cx: &ProxyContext<'_>) -> ConnectionSettings {
    let stated = cx.workload.proxy_config.connection_settings.clone().unwrap_or_default();
    let gateway = cx.workload.proxy == Some(WorkloadRole::Gateway);
    if stated.profile == ConnectionProfile::Edge && gateway { at_edge(stated) } else { stated }
}

/// What the profile `EDGE` fills in.
fn at_edge(stated: ConnectionSettings) -> ConnectionSettings {
    let seconds = |seconds: u64| Some(meshc_api::Duration::from_secs(seconds));
    ConnectionSettings {
        listener_per_connection_buffer_limit_bytes: stated
            .listener_per_connection_buffer_limit_bytes
            .or(Some(32 * 1024)),
        http_idle_timeout: stated.http_idle_timeout.or(seconds(3600)),
        http_stream_idle_timeout: stated.http_stream_idle_timeout.or(seconds(300)),
        http_request_timeout: stated.http_request_timeout.or(seconds(300)),
        http_request_headers_timeout: stated.http_request_headers_timeout.or(seconds(60)),
        http_max_concurrent_streams: stated.http_max_concurrent_streams.or(Some(100)),
        http2_initial_stream_window_size: stated.http2_initial_stream_window_size.or(Some(64 * 1024)),
        http2_initial_connection_window_size: stated
            .http2_initial_connection_window_size
            .or(Some(1024 * 1024)),
        http_headers_with_underscores_action: stated
            .http_headers_with_underscores_action
            .or(Some(HeadersWithUnderscoresAction::RejectRequest)),
        http_merge_slashes: stated.http_merge_slashes.or(Some(true)),
        http_path_with_escaped_slashes_action: stated
            .http_path_with_escaped_slashes_action
            .or(Some(PathWithEscapedSlashesAction::UnescapeAndRedirect)),
        ..stated
    }
}

fn underscores(action: HeadersWithUnderscoresAction) -> Option<HeadersWithUnderscores> {
    match action {
        HeadersWithUnderscoresAction::Unspecified => None,
        HeadersWithUnderscoresAction::Allow => Some(HeadersWithUnderscores::Allow),
        HeadersWithUnderscoresAction::RejectRequest => Some(HeadersWithUnderscores::RejectRequest),
        HeadersWithUnderscoresAction::DropHeader => Some(HeadersWithUnderscores::DropHeader),
    }
}

fn escaped_slashes(action: PathWithEscapedSlashesAction) -> EscapedSlashes {
    match action {
        PathWithEscapedSlashesAction::Unspecified => EscapedSlashes::Default,
        PathWithEscapedSlashesAction::KeepUnchanged => EscapedSlashes::KeepUnchanged,
        PathWithEscapedSlashesAction::RejectRequest => EscapedSlashes::RejectRequest,
        PathWithEscapedSlashesAction::UnescapeAndRedirect => EscapedSlashes::UnescapeAndRedirect,
        PathWithEscapedSlashesAction::UnescapeAndForward => EscapedSlashes::UnescapeAndForward,
    }
}
