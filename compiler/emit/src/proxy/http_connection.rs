//! HTTP connections.

use meshc_contract::proxy;
use meshc_plan::{
    ClientCertDetails, ForwardClientCert, HeadersWithUnderscores, HttpConnection, HttpConnectionLimits,
    RouteSource, ServerHeader,
};

use super::findings::Site;
use super::http_filter::{HttpFilters, http_filters};
use super::{access_log, feature, route};
use crate::envoy::names;

/// How HTTP is spoken on a chain.
pub(super) fn http_connection(connection: &HttpConnection, site: &mut Site<'_>) -> proxy::HttpConnection {
    let path = connection.path_rules();
    let HttpConnection {
        stat_prefix: _,
        routes,
        filters,
        access_logs,
        tracing,
        request_id_for_trace_sampling: _,
        use_remote_address,
        trusted_hops,
        server_header,
        forward_client_cert,
        client_cert_details,
        path_normalization: _,
        // Options of Envoy's messages; the proxy takes HTTP/2 and absolute URLs everywhere.
        explicit_http1_options: _,
        accept_http_10,
        allow_absolute_url: _,
        preserve_header_case,
        http2: _,
        append_forwarded_port,
        generate_request_id,
        proxy_100_continue,
        internal_networks,
        limits,
    } = connection;
    if tracing.as_ref().is_some_and(|tracing| tracing.provider.is_some()) {
        site.lacks(&feature::TRACING, "");
    }
    let HttpFilters { jwt, authorization, metrics, suppress_envoy_headers } = http_filters(filters, site);
    proxy::HttpConnection {
        routes: match routes {
            RouteSource::Named(name) => proxy::RouteSource::Named(names::route_table(name)),
            RouteSource::Inline(table) => {
                proxy::RouteSource::Inline(Box::new(route::route_table(table, site)))
            }
        },
        jwt,
        authorization,
        access_logs: access_log::access_logs(access_logs, site),
        metrics,
        use_remote_address: *use_remote_address,
        trusted_hops: *trusted_hops,
        server_header: match server_header {
            // What Envoy writes by default.
            ServerHeader::Default => proxy::ServerHeader::Overwrite("envoy".to_owned()),
            ServerHeader::Overwrite(name) => proxy::ServerHeader::Overwrite(name.clone()),
            ServerHeader::PassThrough => proxy::ServerHeader::PassThrough,
        },
        forward_client_cert: forward_client_cert
            .map_or(proxy::ForwardClientCert::Sanitize, forwarded_certificate),
        client_cert_details: client_cert_details.map(certificate_details).unwrap_or_default(),
        path,
        accept_http_10: *accept_http_10,
        preserve_header_case: *preserve_header_case,
        append_forwarded_port: *append_forwarded_port,
        generate_request_id: generate_request_id.unwrap_or(true),
        proxy_100_continue: *proxy_100_continue,
        internal_networks: internal_networks.clone(),
        suppress_envoy_headers,
        limits: http_limits(limits, site),
    }
}

fn forwarded_certificate(action: ForwardClientCert) -> proxy::ForwardClientCert {
    match action {
        ForwardClientCert::Sanitize => proxy::ForwardClientCert::Sanitize,
        ForwardClientCert::ForwardOnly => proxy::ForwardClientCert::ForwardOnly,
        ForwardClientCert::AppendForward => proxy::ForwardClientCert::AppendForward,
        ForwardClientCert::SanitizeSet => proxy::ForwardClientCert::SanitizeSet,
        ForwardClientCert::AlwaysForwardOnly => proxy::ForwardClientCert::AlwaysForwardOnly,
    }
}

fn certificate_details(details: ClientCertDetails) -> proxy::ClientCertDetails {
    let ClientCertDetails { subject, cert, chain, dns, uri } = details;
    proxy::ClientCertDetails { subject, cert, chain, dns, uri }
}

fn http_limits(limits: &HttpConnectionLimits, site: &mut Site<'_>) -> proxy::HttpLimits {
    let HttpConnectionLimits {
        idle_timeout,
        max_connection_duration,
        max_stream_duration,
        stream_idle_timeout,
        request_timeout,
        request_headers_timeout,
        drain_timeout,
        max_concurrent_streams,
        initial_stream_window,
        initial_connection_window,
        headers_with_underscores,
        // Part of the rules for paths.
        merge_slashes: _,
        escaped_slashes: _,
    } = limits;
    if drain_timeout.is_some() {
        site.lacks(&feature::HTTP_DRAIN_TIMEOUT, "");
    }
    proxy::HttpLimits {
        idle_timeout: *idle_timeout,
        max_connection_duration: *max_connection_duration,
        max_stream_duration: *max_stream_duration,
        stream_idle_timeout: *stream_idle_timeout,
        request_timeout: *request_timeout,
        request_headers_timeout: *request_headers_timeout,
        max_concurrent_streams: *max_concurrent_streams,
        initial_stream_window: *initial_stream_window,
        initial_connection_window: *initial_connection_window,
        headers_with_underscores: headers_with_underscores.map(|action| match action {
            HeadersWithUnderscores::Allow => proxy::HeadersWithUnderscores::Allow,
            HeadersWithUnderscores::RejectRequest => proxy::HeadersWithUnderscores::RejectRequest,
            HeadersWithUnderscores::DropHeader => proxy::HeadersWithUnderscores::DropHeader,
        }),
    }
}
