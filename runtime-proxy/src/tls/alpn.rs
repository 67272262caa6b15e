//! Which application protocols a connection to an upstream offers.

/// What is spoken over a connection, which picks the application protocols that it offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Alpn {
    /// Bytes.
    Tcp,
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    Http11,
    /// HTTP/2.
    Http2,
}
