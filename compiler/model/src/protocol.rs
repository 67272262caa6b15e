//! Protocols of ports, as istiod classifies them (`pkg/config/protocol`).

/// Protocol of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// HTTP/1.1.
    Http,
    /// HTTP/2 without TLS.
    Http2,
    /// The HTTP proxy protocol (Sidecar egress listeners only).
    HttpProxy,
    /// gRPC.
    Grpc,
    /// gRPC-Web.
    GrpcWeb,
    /// HTTPS that is not terminated; routed by SNI.
    Https,
    /// TLS that is not terminated; routed by SNI.
    Tls,
    /// Bytes.
    Tcp,
    /// UDP, which proxies ignore.
    Udp,
    /// MongoDB.
    Mongo,
    /// Redis.
    Redis,
    /// MySQL.
    Mysql,
    /// HBONE, only on Gateway servers of waypoints.
    Hbone,
    /// Not stated or not known: the proxy finds out by sniffing.
    Unsupported,
}
