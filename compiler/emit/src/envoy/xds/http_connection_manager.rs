//! `envoy.extensions.filters.network.http_connection_manager.v3`.

use serde::Serialize;

use super::{
    AccessLog, Any, CidrRange, CommonHttpProtocolOptions, CustomTag, Duration, Empty, Extension,
    Http1ProtocolOptions, Http2ProtocolOptions, HttpFilter, Percent, Printed,
};

message! {
    /// `HttpConnectionManager`.
    HttpConnectionManager {
        codec_type: Option<CodecType>,
        stat_prefix: String,
        route_config: Option<Printed>,
        http_filters: Vec<HttpFilter>,
        tracing: Option<Tracing>,
        common_http_protocol_options: Option<CommonHttpProtocolOptions>,
        http_protocol_options: Option<Http1ProtocolOptions>,
        http2_protocol_options: Option<Http2ProtocolOptions>,
        http3_protocol_options: Option<Empty>,
        server_name: String,
        server_header_transformation: Option<ServerHeaderTransformation>,
        stream_idle_timeout: Option<Duration>,
        request_timeout: Option<Duration>,
        request_headers_timeout: Option<Duration>,
        drain_timeout: Option<Duration>,
        access_log: Vec<AccessLog>,
        use_remote_address: Option<bool>,
        xff_num_trusted_hops: u32,
        internal_address_config: Option<InternalAddressConfig>,
        generate_request_id: Option<bool>,
        forward_client_cert_details: Option<ForwardClientCertDetails>,
        set_current_client_cert_details: Option<SetCurrentClientCertDetails>,
        #[serde(rename = "proxy100Continue")]
        proxy_100_continue: bool,
        upgrade_configs: Vec<UpgradeConfig>,
        normalize_path: Option<bool>,
        merge_slashes: bool,
        path_with_escaped_slashes_action: Option<PathWithEscapedSlashesAction>,
        request_id_extension: Option<RequestIdExtension>,
        append_x_forwarded_port: bool,
    }
}

/// `HttpConnectionManager.CodecType` but its default, `AUTO`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum CodecType {
    /// HTTP/3.
    Http3,
}

/// `HttpConnectionManager.ServerHeaderTransformation` but its default, `OVERWRITE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ServerHeaderTransformation {
    /// The header of the upstream passes.
    PassThrough,
}

/// `HttpConnectionManager.ForwardClientCertDetails` but its default, `SANITIZE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ForwardClientCertDetails {
    /// Passed on over mTLS.
    ForwardOnly,
    /// Appended to.
    AppendForward,
    /// Replaced.
    SanitizeSet,
    /// Passed on.
    AlwaysForwardOnly,
}

/// `HttpConnectionManager.PathWithEscapedSlashesAction` but its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum PathWithEscapedSlashesAction {
    /// They pass unchanged.
    KeepUnchanged,
    /// They are refused.
    RejectRequest,
    /// The client is redirected.
    UnescapeAndRedirect,
    /// They are decoded.
    UnescapeAndForward,
}

message! {
    /// `HttpConnectionManager.SetCurrentClientCertDetails`.
    SetCurrentClientCertDetails {
        subject: Option<bool>,
        cert: bool,
        chain: bool,
        dns: bool,
        uri: bool,
    }
}

message! {
    /// `HttpConnectionManager.InternalAddressConfig`.
    InternalAddressConfig {
        cidr_ranges: Vec<CidrRange>,
    }
}

message! {
    /// `HttpConnectionManager.UpgradeConfig`.
    UpgradeConfig {
        upgrade_type: &'static str,
    }
}

message! {
    /// `RequestIDExtension`.
    RequestIdExtension {
        typed_config: Option<Box<Any>>,
    }
}

message! {
    /// `envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig`.
    UuidRequestId {
        use_request_id_for_trace_sampling: Option<bool>,
    }
}

message! {
    /// `HttpConnectionManager.Tracing`.
    Tracing {
        client_sampling: Option<Percent>,
        random_sampling: Option<Percent>,
        overall_sampling: Option<Percent>,
        max_path_tag_length: Option<u32>,
        custom_tags: Vec<CustomTag>,
        provider: Option<Extension>,
        spawn_upstream_span: Option<bool>,
    }
}
