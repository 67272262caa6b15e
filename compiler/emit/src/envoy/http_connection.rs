//! HTTP connections (translation-spec §6.1).

use std::net::IpAddr;

use meshc_plan::{
    ClientCertDetails, EscapedSlashes, ForwardClientCert, HeadersWithUnderscores, HttpConnection,
    HttpConnectionLimits, ListenerTransport, PathNormalization, ServerHeader,
};

use super::chain::ChainScope;
use super::values::{duration, network};
use super::xds::{self, Any};
use super::{access_log, http_filter, tracing};

/// The connection manager of a chain, with its route table, which the caller has printed.
pub(super) fn http_connection(
    connection: &HttpConnection,
    route_config: xds::Printed,
    transport: ListenerTransport,
    scope: &ChainScope<'_>,
) -> xds::HttpConnectionManager {
    let HttpConnection {
        stat_prefix,
        routes: _,
        filters,
        access_logs,
        tracing,
        request_id_for_trace_sampling,
        use_remote_address,
        trusted_hops,
        server_header,
        forward_client_cert,
        client_cert_details,
        path_normalization,
        explicit_http1_options,
        accept_http_10,
        allow_absolute_url,
        preserve_header_case,
        http2,
        append_forwarded_port,
        generate_request_id,
        proxy_100_continue,
        internal_networks,
        limits,
    } = connection;
    let http1 = xds::Http1ProtocolOptions {
        allow_absolute_url: allow_absolute_url.then_some(true),
        accept_http_10: *accept_http_10,
        ..xds::Http1ProtocolOptions::preserving_case(*preserve_header_case)
    };
    let http3 = transport == ListenerTransport::Quic;
    let states_http1 =
        *explicit_http1_options || *accept_http_10 || *allow_absolute_url || *preserve_header_case;
    let (server_name, server_header_transformation) = server_header_words(server_header);
    let (normalize_path, merge_slashes, escaped_slashes) = normalization(*path_normalization, limits);
    xds::HttpConnectionManager {
        codec_type: http3.then_some(xds::CodecType::Http3),
        stat_prefix: stat_prefix.clone(),
        route_config: Some(route_config),
        http_filters: filters
            .iter()
            .filter_map(|filter| http_filter::http_filter(filter, scope.options))
            .collect(),
        tracing: tracing.as_ref().map(|tracing| tracing::tracing(tracing, scope.canonical_names)),
        common_http_protocol_options: common_options(limits),
        http_protocol_options: states_http1.then_some(http1),
        http2_protocol_options: http2_options(*http2, limits),
        http3_protocol_options: http3.then_some(xds::Empty {}),
        server_name,
        server_header_transformation,
        stream_idle_timeout: duration(limits.stream_idle_timeout),
        request_timeout: duration(limits.request_timeout),
        request_headers_timeout: duration(limits.request_headers_timeout),
        drain_timeout: duration(limits.drain_timeout),
        access_log: access_logs.iter().map(access_log::access_log).collect(),
        use_remote_address: Some(*use_remote_address),
        xff_num_trusted_hops: *trusted_hops,
        internal_address_config: internal_addresses(internal_networks),
        generate_request_id: *generate_request_id,
        forward_client_cert_details: forward_client_cert.and_then(forward_client_cert_words),
        set_current_client_cert_details: client_cert_details.map(client_cert_words),
        proxy_100_continue: *proxy_100_continue,
        upgrade_configs: vec![xds::UpgradeConfig { upgrade_type: "websocket" }],
        normalize_path: Some(normalize_path),
        merge_slashes,
        path_with_escaped_slashes_action: escaped_slashes,
        request_id_extension: Some(request_id(*request_id_for_trace_sampling)),
        append_x_forwarded_port: *append_forwarded_port,
    }
}

fn request_id(for_trace_sampling: bool) -> xds::RequestIdExtension {
    let config = xds::UuidRequestId { use_request_id_for_trace_sampling: Some(for_trace_sampling) };
    xds::RequestIdExtension { typed_config: Some(Box::new(Any::UuidRequestId(config))) }
}

fn common_options(limits: &HttpConnectionLimits) -> Option<xds::CommonHttpProtocolOptions> {
    let options = xds::CommonHttpProtocolOptions {
        idle_timeout: duration(limits.idle_timeout),
        max_connection_duration: duration(limits.max_connection_duration),
        max_stream_duration: duration(limits.max_stream_duration),
        headers_with_underscores_action: match limits.headers_with_underscores {
            None | Some(HeadersWithUnderscores::Allow) => None,
            Some(HeadersWithUnderscores::RejectRequest) => {
                Some(xds::HeadersWithUnderscoresAction::RejectRequest)
            }
            Some(HeadersWithUnderscores::DropHeader) => Some(xds::HeadersWithUnderscoresAction::DropHeader),
        },
        max_requests_per_connection: None,
    };
    (options != xds::CommonHttpProtocolOptions::default()).then_some(options)
}

fn http2_options(stated: bool, limits: &HttpConnectionLimits) -> Option<xds::Http2ProtocolOptions> {
    let options = xds::Http2ProtocolOptions {
        max_concurrent_streams: limits.max_concurrent_streams,
        initial_stream_window_size: limits.initial_stream_window,
        initial_connection_window_size: limits.initial_connection_window,
        connection_keepalive: None,
    };
    (stated || options != xds::Http2ProtocolOptions::default()).then_some(options)
}

/// `normalize_path`, `merge_slashes` and the action for escaped slashes. Connection settings win over the mesh.
fn normalization(
    level: PathNormalization,
    limits: &HttpConnectionLimits,
) -> (bool, bool, Option<xds::PathWithEscapedSlashesAction>) {
    use xds::PathWithEscapedSlashesAction as Action;
    let (normalize, merge, action) = match level {
        PathNormalization::None => (false, false, Action::KeepUnchanged),
        PathNormalization::Base => (true, false, Action::KeepUnchanged),
        PathNormalization::MergeSlashes => (true, true, Action::KeepUnchanged),
        PathNormalization::DecodeAndMergeSlashes => (true, true, Action::UnescapeAndForward),
    };
    let action = match limits.escaped_slashes {
        None => Some(action),
        Some(EscapedSlashes::Default) => None,
        Some(EscapedSlashes::KeepUnchanged) => Some(Action::KeepUnchanged),
        Some(EscapedSlashes::RejectRequest) => Some(Action::RejectRequest),
        Some(EscapedSlashes::UnescapeAndRedirect) => Some(Action::UnescapeAndRedirect),
        Some(EscapedSlashes::UnescapeAndForward) => Some(Action::UnescapeAndForward),
    };
    (normalize, limits.merge_slashes.unwrap_or(merge), action)
}

fn server_header_words(header: &ServerHeader) -> (String, Option<xds::ServerHeaderTransformation>) {
    match header {
        ServerHeader::Default => (String::new(), None),
        ServerHeader::Overwrite(name) => (name.clone(), None),
        ServerHeader::PassThrough => (String::new(), Some(xds::ServerHeaderTransformation::PassThrough)),
    }
}

fn forward_client_cert_words(action: ForwardClientCert) -> Option<xds::ForwardClientCertDetails> {
    match action {
        ForwardClientCert::Sanitize => None,
        ForwardClientCert::ForwardOnly => Some(xds::ForwardClientCertDetails::ForwardOnly),
        ForwardClientCert::AppendForward => Some(xds::ForwardClientCertDetails::AppendForward),
        ForwardClientCert::SanitizeSet => Some(xds::ForwardClientCertDetails::SanitizeSet),
        ForwardClientCert::AlwaysForwardOnly => Some(xds::ForwardClientCertDetails::AlwaysForwardOnly),
    }
}

fn client_cert_words(details: ClientCertDetails) -> xds::SetCurrentClientCertDetails {
    let ClientCertDetails { subject, cert, chain, dns, uri } = details;
    xds::SetCurrentClientCertDetails { subject: Some(subject), cert, chain, dns, uri }
}

fn internal_addresses(networks: &[(IpAddr, u8)]) -> Option<xds::InternalAddressConfig> {
    let cidr_ranges: Vec<_> = networks.iter().map(|(address, prefix)| network(*address, *prefix)).collect();
    (!cidr_ranges.is_empty()).then_some(xds::InternalAddressConfig { cidr_ranges })
}
