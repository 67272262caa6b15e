//! Connections to endpoints.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::stream::Stream;
use crate::tls::{Alpn, Peer, TlsError};

/// What a connection is wanted for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'w> {
    /// What is spoken over it.
    pub(crate) protocol: Alpn,
    /// Host of the request, for SNI and the names of certificates where the settings say so; empty for TCP.
    pub(crate) host: &'w str,
    /// Client and the address that it dialled, which the PROXY protocol tells; a connection with the PROXY protocol must not
    /// be shared by clients.
    pub(crate) client: Option<(SocketAddr, SocketAddr)>,
}

/// A connection to an endpoint.
#[derive(Debug)]
pub(crate) struct Connected {
    /// The bytes.
    pub(crate) stream: Stream,
    /// Application protocol that the TLS handshake agreed on.
    pub(crate) alpn: Option<Vec<u8>>,
    /// Who answered, with TLS.
    pub(crate) peer: Option<Peer>,
    /// Address of this side; `None` for a Unix domain socket.
    pub(crate) local: Option<SocketAddr>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// It took longer than the connect timeout.
    #[error("no connection within {0:?}")]
    Timeout(Duration),
    /// The operating system says no.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// TLS says no; the text goes into `%UPSTREAM_TRANSPORT_FAILURE_REASON%`.
    #[error("{0}")]
    Tls(#[from] TlsError),
}
