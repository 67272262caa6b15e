//! Connections of the client: names are resolved by the pod's own resolver, so its search list counts.

use std::io;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::call::Protocol;
use super::url::Url;
use crate::exchange::{FailureKind, Outcome};

/// A connection, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Where to connect, and how.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    /// Host that is connected to.
    host: String,
    port: u16,
    /// Server name and roots, if the connection is encrypted.
    tls: Option<(String, String)>,
    pub(super) protocol: Protocol,
}

impl Target {
    /// The target of a call; encrypted calls need roots.
    pub(super) fn new(
        url: &Url,
        protocol: Protocol,
        connect_to: Option<&str>,
        roots: Option<&str>,
    ) -> Result<Self, Outcome> {
        let tls = match (url.scheme.tls(), roots) {
            (false, _) => None,
            (true, Some(roots)) => Some((url.host.clone(), roots.to_owned())),
            (true, None) => {
                return Err(Outcome::failed(
                    FailureKind::Tls,
                    "no roots were given to verify the server with",
                ));
            }
        };
        Ok(Self { host: connect_to.unwrap_or(&url.host).to_owned(), port: url.port, tls, protocol })
    }

    /// Opens a connection.
    pub(super) async fn connect(&self) -> Result<Box<dyn Stream>, Outcome> {
        let stream = dial(&self.host, self.port).await?;
        let Some((server_name, roots)) = &self.tls else { return Ok(Box::new(stream)) };
        let tls = |error: &dyn std::fmt::Display| Outcome::failed(FailureKind::Tls, error);
        let config = tls_config(roots, self.protocol).map_err(|error| tls(&error))?;
        let name = ServerName::try_from(server_name.clone()).map_err(|error| tls(&error))?;
        match TlsConnector::from(Arc::new(config)).connect(name, stream).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(tls(&error)),
            Err(error) => Err(failure(&error)),
        }
    }
}

async fn dial(host: &str, port: u16) -> Result<TcpStream, Outcome> {
    let addresses = tokio::net::lookup_host((host, port))
        .await
        .map_err(|error| Outcome::failed(FailureKind::Unresolved, format_args!("{host}: {error}")))?;
    let mut last = Outcome::failed(FailureKind::Unresolved, format_args!("{host} has no address"));
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Small writes of a request must not wait for each other; a socket that refuses this still works.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => last = failure(&error),
        }
    }
    Err(last)
}

fn tls_config(roots: &str, protocol: Protocol) -> Result<ClientConfig, Box<dyn std::error::Error>> {
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(roots.as_bytes()) {
        store.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(store)
        .with_no_client_auth();
    config.alpn_protocols = match protocol {
        Protocol::Http1 => vec![b"http/1.1".to_vec()],
        Protocol::Http2 | Protocol::Grpc => vec![b"h2".to_vec()],
    };
    Ok(config)
}

/// The outcome of an I/O error.
pub(super) fn failure(error: &io::Error) -> Outcome {
    let kind = match error.kind() {
        io::ErrorKind::ConnectionRefused => FailureKind::Refused,
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
            FailureKind::Reset
        }
        io::ErrorKind::UnexpectedEof | io::ErrorKind::NotConnected => FailureKind::Closed,
        io::ErrorKind::TimedOut => FailureKind::Timeout,
        _ => FailureKind::Other,
    };
    Outcome::failed(kind, error)
}
