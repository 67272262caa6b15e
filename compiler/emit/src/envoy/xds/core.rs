//! `envoy.config.core.v3` and `envoy.type.v3`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Any, Double, Duration, Empty};

message! {
    /// `envoy.config.core.v3.TypedExtensionConfig`, and every message that has its two fields (filters of listeners and
    /// clusters, transport sockets, predicates).
    Extension {
        name: String,
        typed_config: Option<Box<Any>>,
    }
}

impl Extension {
    /// An extension of that name with that configuration.
    pub(crate) fn new(name: &str, config: Any) -> Self {
        Self { name: name.to_owned(), typed_config: Some(Box::new(config)) }
    }
}

message! {
    /// `envoy.config.core.v3.Address`.
    Address {
        socket_address: Option<SocketAddress>,
        pipe: Option<Pipe>,
    }
}

message! {
    /// `envoy.config.core.v3.SocketAddress`.
    SocketAddress {
        protocol: Option<SocketProtocol>,
        address: String,
        port_value: Option<u32>,
    }
}

/// `envoy.config.core.v3.SocketAddress.Protocol` but its default, `TCP`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum SocketProtocol {
    /// UDP.
    Udp,
}

message! {
    /// `envoy.config.core.v3.Pipe`.
    Pipe {
        path: String,
    }
}

impl Address {
    /// An IP address, or a DNS name, with a port.
    pub(crate) fn socket(address: String, port: u16) -> Self {
        Self::over(None, address, port)
    }

    /// An IP address with a port of UDP.
    pub(crate) fn datagrams(address: String, port: u16) -> Self {
        Self::over(Some(SocketProtocol::Udp), address, port)
    }

    fn over(protocol: Option<SocketProtocol>, address: String, port: u16) -> Self {
        let socket_address = Some(SocketAddress { protocol, address, port_value: Some(u32::from(port)) });
        Self { socket_address, pipe: None }
    }

    /// A Unix domain socket.
    pub(crate) fn pipe(path: String) -> Self {
        Self { socket_address: None, pipe: Some(Pipe { path }) }
    }
}

message! {
    /// `envoy.config.core.v3.CidrRange`.
    CidrRange {
        address_prefix: String,
        prefix_len: Option<u32>,
    }
}

message! {
    /// `envoy.config.core.v3.Metadata`.
    Metadata {
        filter_metadata: BTreeMap<&'static str, serde_json::Value>,
    }
}

message! {
    /// `envoy.config.core.v3.Locality`.
    Locality {
        region: String,
        zone: String,
        sub_zone: String,
    }
}

message! {
    /// `envoy.config.core.v3.DataSource`.
    DataSource {
        filename: Option<String>,
        inline_bytes: Option<String>,
        inline_string: Option<String>,
    }
}

impl DataSource {
    /// A file.
    pub(crate) fn file(path: String) -> Self {
        Self { filename: Some(path), inline_bytes: None, inline_string: None }
    }

    /// Text.
    pub(crate) fn text(text: String) -> Self {
        Self { filename: None, inline_bytes: None, inline_string: Some(text) }
    }
}

message! {
    /// `envoy.config.core.v3.WatchedDirectory`.
    WatchedDirectory {
        path: String,
    }
}

message! {
    /// `envoy.config.core.v3.ConfigSource`.
    ConfigSource {
        path_config_source: Option<PathConfigSource>,
        resource_api_version: &'static str,
    }
}

message! {
    /// `envoy.config.core.v3.PathConfigSource`.
    PathConfigSource {
        path: String,
    }
}

message! {
    /// `envoy.config.core.v3.HeaderValueOption`.
    HeaderValueOption {
        header: Option<HeaderValue>,
        append_action: Option<AppendAction>,
    }
}

message! {
    /// `envoy.config.core.v3.HeaderValue`.
    HeaderValue {
        key: String,
        value: String,
    }
}

/// `envoy.config.core.v3.HeaderValueOption.HeaderAppendAction` but its default, `APPEND_IF_EXISTS_OR_ADD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum AppendAction {
    /// The header replaces one that is there.
    OverwriteIfExistsOrAdd,
}

message! {
    /// `envoy.config.core.v3.RuntimeFractionalPercent`.
    RuntimeFractionalPercent {
        default_value: Option<FractionalPercent>,
    }
}

message! {
    /// `envoy.type.v3.FractionalPercent`.
    FractionalPercent {
        numerator: u32,
        denominator: Option<Denominator>,
    }
}

/// `envoy.type.v3.FractionalPercent.DenominatorType` but its default, `HUNDRED`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Denominator {
    /// Parts of ten thousand.
    TenThousand,
    /// Parts of a million.
    Million,
}

message! {
    /// `envoy.type.v3.Percent`.
    Percent {
        value: Option<Double>,
    }
}

impl Percent {
    /// A percentage; 0 is proto3's default and is not printed.
    pub(crate) fn new(value: f64) -> Self {
        Self { value: (value != 0.0).then_some(Double(value)) }
    }
}

message! {
    /// `envoy.config.core.v3.RuntimeDouble`.
    RuntimeDouble {
        default_value: Option<Double>,
        runtime_key: &'static str,
    }
}

message! {
    /// `envoy.type.v3.Int32Range`.
    Int32Range {
        start: u32,
        end: u32,
    }
}

message! {
    /// `envoy.config.core.v3.HttpUri`.
    HttpUri {
        uri: String,
        cluster: Option<String>,
        timeout: Option<Duration>,
    }
}

message! {
    /// `envoy.config.core.v3.HttpService`.
    HttpService {
        http_uri: Option<HttpUri>,
        request_headers_to_add: Vec<HeaderValueOption>,
    }
}

message! {
    /// `envoy.config.core.v3.GrpcService`.
    GrpcService {
        envoy_grpc: Option<EnvoyGrpc>,
        timeout: Option<Duration>,
        initial_metadata: Vec<HeaderValue>,
    }
}

message! {
    /// `envoy.config.core.v3.GrpcService.EnvoyGrpc`.
    EnvoyGrpc {
        cluster_name: String,
        authority: String,
    }
}

message! {
    /// `envoy.config.core.v3.HttpProtocolOptions`.
    CommonHttpProtocolOptions {
        idle_timeout: Option<Duration>,
        max_connection_duration: Option<Duration>,
        max_stream_duration: Option<Duration>,
        headers_with_underscores_action: Option<HeadersWithUnderscoresAction>,
        max_requests_per_connection: Option<u32>,
    }
}

/// `envoy.config.core.v3.HttpProtocolOptions.HeadersWithUnderscoresAction` but its default, `ALLOW`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum HeadersWithUnderscoresAction {
    /// The request is refused.
    RejectRequest,
    /// The header is removed.
    DropHeader,
}

message! {
    /// `envoy.config.core.v3.Http1ProtocolOptions`.
    Http1ProtocolOptions {
        allow_absolute_url: Option<bool>,
        #[serde(rename = "acceptHttp10")]
        accept_http_10: bool,
        header_key_format: Option<HeaderKeyFormat>,
    }
}

message! {
    /// `envoy.config.core.v3.Http1ProtocolOptions.HeaderKeyFormat`.
    HeaderKeyFormat {
        stateful_formatter: Option<Extension>,
    }
}

message! {
    /// `envoy.config.core.v3.Http2ProtocolOptions`.
    Http2ProtocolOptions {
        max_concurrent_streams: Option<u32>,
        initial_stream_window_size: Option<u32>,
        initial_connection_window_size: Option<u32>,
        connection_keepalive: Option<KeepaliveSettings>,
    }
}

message! {
    /// `envoy.config.core.v3.KeepaliveSettings`.
    KeepaliveSettings {
        interval: Option<Duration>,
        timeout: Option<Duration>,
    }
}

impl Http1ProtocolOptions {
    /// HTTP/1 options that keep the case of header names, or none.
    pub(crate) fn preserving_case(preserve: bool) -> Self {
        let formatter = || Extension::new("preserve_case", Any::PreserveCase(Empty {}));
        Self {
            allow_absolute_url: None,
            accept_http_10: false,
            header_key_format: preserve.then(|| HeaderKeyFormat { stateful_formatter: Some(formatter()) }),
        }
    }
}
