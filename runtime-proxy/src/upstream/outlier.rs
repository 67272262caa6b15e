//! Outlier detection: endpoints that fail again and again take no traffic for a while.

/// What became of a request or connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The endpoint answered with this status (of gRPC: the HTTP status that Envoy makes of it).
    Status(u16),
    /// A TCP connection was made and used.
    Success,
    /// No connection could be made, TLS included.
    ConnectFailure,
    /// No answer in time.
    Timeout,
    /// The endpoint reset the connection or stream before an answer.
    Reset,
}
