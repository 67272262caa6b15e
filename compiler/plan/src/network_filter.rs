//! Network filters.

use std::time::Duration;

use crate::{AccessLog, AuthorizationFilter, HttpConnection, StatsFilter, UpstreamName};

/// One network filter of a chain.
#[derive(Debug, Clone, PartialEq)]
pub enum NetworkFilter {
    /// Exchanges workload metadata with the peer (Istio's own build only).
    MetadataExchange,
    /// Authorization by connection attributes.
    Authorization(AuthorizationFilter),
    /// Istio's metrics (Istio's own build only).
    Stats(StatsFilter),
    /// Resolves the SNI of the connection, for an upstream that finds its endpoints so; not terminal.
    SniDynamicForwardProxy {
        /// The upstream whose DNS cache it fills.
        cache: UpstreamName,
        /// Port that is dialled.
        port: u16,
    },
    /// Counts MongoDB operations; not terminal.
    MongoProxy {
        /// Where the connection goes; the first of several.
        upstream: UpstreamName,
        /// Prefix of the statistics, as that of the [`TcpProxy`] which follows; `None` takes the name of the upstream.
        stat_prefix: Option<String>,
    },
    /// Counts MySQL operations; not terminal.
    MysqlProxy {
        /// Where the connection goes; the first of several.
        upstream: UpstreamName,
        /// Prefix of the statistics, as that of the [`TcpProxy`] which follows; `None` takes the name of the upstream.
        stat_prefix: Option<String>,
    },
    /// Speaks Redis to one upstream; terminal.
    RedisProxy {
        /// Where commands go; the first of several.
        upstream: UpstreamName,
        /// Prefix of the statistics, as a [`TcpProxy`] would have it; `None` takes the name of the upstream.
        stat_prefix: Option<String>,
    },
    /// HTTP; terminal.
    Http(Box<HttpConnection>),
    /// Bytes; terminal.
    Tcp(TcpProxy),
}

/// Forwards bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct TcpProxy {
    /// Prefix of its statistics, spelled by the rule of Istio (an upstream's name, or `<vs name>.<vs ns>` when weighted);
    /// `None` takes the name of the only upstream.
    pub stat_prefix: Option<String>,
    /// Where to, with weights; one entry with weight `None` when there is one destination.
    pub upstreams: Vec<(UpstreamName, Option<u32>)>,
    /// Idle timeout; `None` leaves Envoy's hour.
    pub idle_timeout: Option<Duration>,
    /// Longest life of a connection.
    pub max_connection_duration: Option<Duration>,
    /// Whether the source address picks the endpoint.
    pub hash_source_ip: bool,
    /// CONNECT or POST tunnel to the upstream.
    pub tunnel: Option<Tunnel>,
    /// Logs.
    pub access_logs: Vec<AccessLog>,
}

/// A tunnel over HTTP to the upstream (`trafficPolicy.tunnel`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tunnel {
    /// Host that is asked for.
    pub target_host: String,
    /// Port that is asked for.
    pub target_port: u32,
    /// Whether POST is used instead of CONNECT.
    pub use_post: bool,
}
