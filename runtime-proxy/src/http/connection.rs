//! How HTTP is spoken on a chain, compiled.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderName, HeaderValue};
use meshc_contract::proxy::{
    self, AuthorizationFilter, ClientCertDetails, Direction, ForwardClientCert, HeadersWithUnderscores,
    HttpLimits, RouteSource, ServerHeader,
};

use super::jwt::Jwt;
use super::read::Rules;
use super::{Build, RouteTable};
use crate::config::ConfigError;
use crate::telemetry::{AccessLog, Labels};

/// How HTTP is spoken on a chain.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub(crate) struct HttpConnection {
    pub(super) routes: Arc<RouteTable>,
    pub(super) jwt: Option<Jwt>,
    pub(super) authorization: Vec<AuthorizationFilter>,
    pub(super) logs: Vec<AccessLog>,
    /// Headers that logs look at.
    pub(super) logged_request: Vec<HeaderName>,
    pub(super) logged_response: Vec<HeaderName>,
    pub(super) metrics: bool,
    pub(super) use_remote_address: bool,
    pub(super) trusted_hops: u32,
    /// `None` lets the header of the upstream pass.
    pub(super) server: Option<HeaderValue>,
    pub(super) forward_client_cert: ForwardClientCert,
    pub(super) client_cert_details: ClientCertDetails,
    pub(super) rules: Rules,
    pub(super) preserve_header_case: bool,
    pub(super) append_forwarded_port: bool,
    pub(super) generate_request_id: bool,
    pub(super) proxy_100_continue: bool,
    pub(super) internal_networks: Vec<(IpAddr, u8)>,
    pub(super) suppress_envoy_headers: bool,
    pub(super) limits: Limits,
    pub(super) direction: Direction,
    pub(super) labels: Arc<Labels>,
    /// The identity of this proxy.
    pub(super) identity: String,
}

/// Timeouts and limits with their defaults filled in; `None` is no limit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) idle: Option<Duration>,
    pub(super) max_connection: Option<Duration>,
    pub(super) max_stream: Option<Duration>,
    pub(super) stream_idle: Option<Duration>,
    pub(super) request: Option<Duration>,
    pub(super) headers: Duration,
    pub(super) streams: u32,
    pub(super) stream_window: u32,
    pub(super) connection_window: u32,
}

impl Limits {
    fn of(source: &HttpLimits) -> Self {
        let HttpLimits {
            idle_timeout,
            max_connection_duration,
            max_stream_duration,
            stream_idle_timeout,
            request_timeout,
            request_headers_timeout,
            max_concurrent_streams,
            initial_stream_window,
            initial_connection_window,
            headers_with_underscores: _,
        } = source;
        let some = |limit: Option<Duration>| limit.filter(|limit| !limit.is_zero());
        let or =
            |limit: Option<Duration>, seconds: u64| some(Some(limit.unwrap_or(Duration::from_secs(seconds))));
        // The windows of HTTP/2 are signed 31-bit numbers, and smaller ones than the protocol's first are not granted.
        let window = |size: u32| size.clamp(65_535, i32::MAX.unsigned_abs());
        let stream_window = window(initial_stream_window.unwrap_or(1 << 20));
        Self {
            idle: or(*idle_timeout, 3_600),
            max_connection: some(*max_connection_duration),
            max_stream: some(*max_stream_duration),
            stream_idle: or(*stream_idle_timeout, 300),
            request: some(*request_timeout),
            headers: request_headers_timeout
                .filter(|limit| !limit.is_zero())
                .unwrap_or(Duration::from_secs(10)),
            streams: max_concurrent_streams.unwrap_or(100),
            stream_window,
            // Streams share the window of the connection: one that nobody reads must not stop the others.
            connection_window: window(initial_connection_window.unwrap_or(stream_window.saturating_mul(4))),
        }
    }
}

impl HttpConnection {
    /// Makes it ready.
    ///
    /// # Errors
    /// If a table, an operator of a log or a header, or a key set cannot be used; paths are relative to the connection.
    pub(crate) fn compile(
        source: &proxy::HttpConnection,
        direction: Direction,
        build: Build<'_>,
    ) -> Result<Self, ConfigError> {
        let routes = match &source.routes {
            RouteSource::Named(name) => build
                .tables
                .get(name)
                .cloned()
                .ok_or_else(|| ConfigError::new("routes", format!("there is no table `{name}`")))?,
            RouteSource::Inline(table) => {
                Arc::new(RouteTable::compile(table, build).map_err(|error| error.under("routes"))?)
            }
        };
        let mut logs = Vec::new();
        for (at, log) in source.access_logs.iter().enumerate() {
            let log = AccessLog::compile(log);
            logs.push(log.map_err(|problem| ConfigError::new(format!("accessLogs[{at}]"), problem))?);
        }
        let server = match &source.server_header {
            ServerHeader::Overwrite(text) => Some(HeaderValue::from_str(text).map_err(|_| {
                ConfigError::new("serverHeader", format!("`{text}` is no value of a header"))
            })?),
            ServerHeader::PassThrough => None,
        };
        let underscores = source.limits.headers_with_underscores.unwrap_or(HeadersWithUnderscores::Allow);
        Ok(Self {
            routes,
            jwt: Jwt::compile(&source.jwt)?,
            authorization: source.authorization.clone(),
            logged_request: logs.iter().flat_map(AccessLog::request_headers).collect(),
            logged_response: logs.iter().flat_map(AccessLog::response_headers).collect(),
            logs,
            metrics: source.metrics,
            use_remote_address: source.use_remote_address,
            trusted_hops: source.trusted_hops,
            server,
            forward_client_cert: source.forward_client_cert,
            client_cert_details: source.client_cert_details,
            rules: Rules { path: source.path, underscores, accept_http_10: source.accept_http_10 },
            preserve_header_case: source.preserve_header_case,
            append_forwarded_port: source.append_forwarded_port,
            generate_request_id: source.generate_request_id,
            proxy_100_continue: source.proxy_100_continue,
            internal_networks: source.internal_networks.clone(),
            suppress_envoy_headers: source.suppress_envoy_headers,
            limits: Limits::of(&source.limits),
            direction,
            labels: Arc::clone(build.labels),
            identity: build.identity.to_string(),
        })
    }
}
