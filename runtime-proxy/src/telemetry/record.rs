//! What one request or one connection leaves behind.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ::http::{HeaderMap, Method};

use super::Flags;

/// One request, or one connection that carried bytes. A text that is not known is empty and logged as `-`.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// When it began.
    pub(crate) started: SystemTime,
    /// How long it took.
    pub(crate) duration: Duration,
    /// `HTTP/1.1`; empty for TCP.
    pub(crate) protocol: &'static str,
    /// Status of the answer; 0 if there was none.
    pub(crate) response_code: u16,
    /// What went wrong.
    pub(crate) flags: Flags,
    /// Envoy's `response_code_details` (`via_upstream`).
    pub(crate) details: Cow<'static, str>,
    /// Why the connection was ended by the proxy.
    pub(crate) termination_details: Cow<'static, str>,
    /// Bytes of bodies from the client.
    pub(crate) bytes_received: u64,
    /// Bytes of bodies to the client.
    pub(crate) bytes_sent: u64,
    /// Identifies the connection of the client.
    pub(crate) connection_id: u64,
    /// Address that the client dialled.
    pub(crate) downstream_local: Option<SocketAddr>,
    /// Address of the client, as trusted headers tell it.
    pub(crate) downstream_remote: Option<SocketAddr>,
    /// Address that the connection came from.
    pub(crate) downstream_direct_remote: Option<SocketAddr>,
    /// SNI.
    pub(crate) server_name: Arc<str>,
    /// URI in the certificate of the client.
    pub(crate) peer_uri: Arc<str>,
    /// Subject of the certificate of the client.
    pub(crate) peer_subject: Arc<str>,
    /// TLS version and cipher suite of the client's connection.
    pub(crate) tls: Option<(Arc<str>, Arc<str>)>,
    /// Name of the filter chain.
    pub(crate) chain: Option<Arc<str>>,
    /// Name of the route.
    pub(crate) route: Option<Arc<str>>,
    /// The upstream, once one is chosen.
    pub(crate) upstream: UpstreamRecord,
    /// What only HTTP has.
    pub(crate) http: Option<Box<HttpRecord>>,
}

/// What is known of the upstream of a request or connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct UpstreamRecord {
    /// Name of the upstream (`outbound|80||host`).
    pub(crate) name: Option<Arc<str>>,
    /// Address of the endpoint.
    pub(crate) host: Option<Arc<str>>,
    /// Address that the connection was made from.
    pub(crate) local: Option<SocketAddr>,
    /// URI in the certificate of the endpoint.
    pub(crate) peer_uri: Arc<str>,
    /// Why there is no connection.
    pub(crate) failure: Cow<'static, str>,
    /// Attempts.
    pub(crate) attempts: u32,
}

/// What only HTTP has.
#[derive(Debug, Clone, Default)]
pub(crate) struct HttpRecord {
    /// Method.
    pub(crate) method: Method,
    /// Path with its query, as forwarded.
    pub(crate) path: String,
    /// `:authority`.
    pub(crate) authority: String,
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
    /// Headers of the request that the log asks for.
    pub(crate) request: HeaderMap,
    /// Headers of the response that the log asks for.
    pub(crate) response: HeaderMap,
    /// Trailers of the response.
    pub(crate) trailers: HeaderMap,
    /// gRPC status of the answer.
    pub(crate) grpc_status: Option<u16>,
}

impl Record {
    /// A record of something that begins now.
    pub(crate) fn starting() -> Self {
        let none: Arc<str> = Arc::from("");
        Self {
            started: SystemTime::now(),
            duration: Duration::ZERO,
            protocol: "",
            response_code: 0,
            flags: Flags::NONE,
            details: Cow::Borrowed(""),
            termination_details: Cow::Borrowed(""),
            bytes_received: 0,
            bytes_sent: 0,
            connection_id: 0,
            downstream_local: None,
            downstream_remote: None,
            downstream_direct_remote: None,
            server_name: Arc::clone(&none),
            peer_uri: Arc::clone(&none),
            peer_subject: none,
            tls: None,
            chain: None,
            route: None,
            upstream: UpstreamRecord::default(),
            http: None,
        }
    }
}
