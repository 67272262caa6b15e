//! Connections to endpoints.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;

use super::{Address, Endpoint, Upstream, proxy_protocol, socket};
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

impl Upstream {
    /// Connects to an endpoint within the connect timeout, TLS included.
    ///
    /// # Errors
    /// What went wrong. It is not reported to outlier detection: the caller does.
    pub(crate) async fn connect(
        &self,
        endpoint: &Arc<Endpoint>,
        wanted: Wanted<'_>,
    ) -> Result<Connected, ConnectError> {
        let timeout = self.source.connect_timeout;
        match tokio::time::timeout(timeout, self.connect_at_leisure(endpoint, wanted)).await {
            Ok(connected) => connected,
            Err(_) => Err(ConnectError::Timeout(timeout)),
        }
    }

    async fn connect_at_leisure(
        &self,
        endpoint: &Endpoint,
        wanted: Wanted<'_>,
    ) -> Result<Connected, ConnectError> {
        let Wanted { protocol, host, client } = wanted;
        let mut stream = self.dial(endpoint).await?;
        let local = stream.local_addr();
        if let Some(version) = self.source.proxy_protocol {
            stream.write_all(&proxy_protocol::header(version, client)).await?;
        }
        match self.connector.as_ref().filter(|_| self.uses_tls(endpoint)) {
            Some(connector) => {
                let (stream, peer, agreed) = connector.connect(stream, host, protocol).await?;
                protocol.check(agreed.as_deref())?;
                Ok(Connected { stream, peer: Some(peer), local })
            }
            None => Ok(Connected { stream, peer: None, local }),
        }
    }

    async fn dial(&self, endpoint: &Endpoint) -> io::Result<Stream> {
        match &endpoint.address {
            Address::Unix(path) => Ok(Stream::unix(UnixStream::connect(path).await?)),
            Address::Tcp(address) => {
                let keepalive = self.source.limits.tcp_keepalive;
                Ok(Stream::tcp(socket::connect(*address, &self.source.bind_source, keepalive).await?))
            }
        }
    }
}
