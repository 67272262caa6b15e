//! TLS that the proxy terminates.

use std::sync::Arc;
use std::time::Duration;

use meshc_contract::proxy::{ClientVerification, DownstreamTls, Roots};
use rustls::server::{ClientHello, NoClientAuth, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, crypto};
use tokio_rustls::LazyConfigAcceptor;

use super::cell::Cell;
use super::key_pair::KeyPair;
use super::verify::{Rules, Verifier};
use super::{Peer, Store, TlsError, alpn, provider};
use crate::stream::Stream;

/// TLS that the proxy terminates.
#[derive(Debug)]
pub(crate) struct Acceptor {
    /// For clients that offer one of its application protocols, or none at all.
    config: Arc<ServerConfig>,
    /// For clients that offer others alone. They are taken without one, as BoringSSL does and Istio relies on: `istio` alone is
    /// offered to chains that have `h2` and `http/1.1`.
    without_alpn: Arc<ServerConfig>,
}

impl Acceptor {
    /// Time for a handshake where the configuration says nothing: 15 s (Envoy's `transport_socket_connect_timeout` as Istio sets it).
    pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(15);

    /// Compiles settings and loads the files that they name.
    ///
    /// # Errors
    /// If a file is missing or broken, or a cipher suite is not known.
    pub(crate) fn compile(settings: &DownstreamTls, store: &Store) -> Result<Self, TlsError> {
        let DownstreamTls { certificates, client, alpn, min_version, max_version, cipher_suites } = settings;
        let certificates = certificates.iter().map(|certificate| store.key_pair(certificate));
        let certificates = Certificates(certificates.collect::<Result<_, _>>()?);
        if certificates.0.is_empty() {
            return Err(TlsError::Settings("TLS is terminated without a certificate".to_owned()));
        }
        let verifier = verifier(client, store)?;
        let versions = provider::versions(*min_version, *max_version)?;
        let builder = ServerConfig::builder_with_provider(provider::provider(cipher_suites)?);
        let builder = builder
            .with_protocol_versions(&versions)
            .map_err(|error| TlsError::Settings(format!("no cipher suite fits the TLS versions: {error}")))?;
        let verified = verifier.is_some();
        let builder = match verifier {
            Some(verifier) => builder.with_client_cert_verifier(Arc::new(verifier)),
            None => builder.with_client_cert_verifier(Arc::new(NoClientAuth)),
        };
        let mut config = builder.with_cert_resolver(Arc::new(certificates));
        if verified {
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
            // Both sides are proxies with AES instructions, whatever the client prefers.
            config.ignore_client_order = true;
        } else {
            config.ticketer = crypto::aws_lc_rs::Ticketer::new()
                .map_err(|error| TlsError::Settings(format!("no key for session tickets: {error}")))?;
        }
        let without_alpn = Arc::new(config.clone());
        config.alpn_protocols = alpn::spoken(alpn);
        Ok(Self { config: Arc::new(config), without_alpn })
    }

    /// Takes the handshake of a client: the stream inside, the client, and the application protocol that was agreed on.
    ///
    /// # Errors
    /// If the client does not speak TLS, is not who it must be, or is too slow.
    pub(crate) async fn accept(
        &self,
        stream: Stream,
        timeout: Duration,
    ) -> Result<(Stream, Peer, Option<Vec<u8>>), TlsError> {
        match tokio::time::timeout(timeout, self.handshake(stream)).await {
            Ok(accepted) => accepted,
            Err(_) => Err(TlsError::Timeout(timeout)),
        }
    }

    async fn handshake(&self, stream: Stream) -> Result<(Stream, Peer, Option<Vec<u8>>), TlsError> {
        let start = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream);
        let start = start.await.map_err(|error| TlsError::handshake(&error))?;
        let known = &self.config.alpn_protocols;
        let hello = start.client_hello();
        let foreign =
            hello.alpn().is_some_and(|mut all| !all.any(|name| known.iter().any(|ours| ours == name)));
        let config = if foreign { &self.without_alpn } else { &self.config };
        let stream = start.into_stream(config.clone()).await.map_err(|error| TlsError::handshake(&error))?;
        let (_, session) = stream.get_ref();
        let alpn = session.alpn_protocol().map(<[u8]>::to_vec);
        let peer = Peer::of(session);
        Ok((Stream::tls(stream), peer, alpn))
    }
}

fn verifier(client: &ClientVerification, store: &Store) -> Result<Option<Verifier>, TlsError> {
    let ClientVerification { required, roots, names, hash, spki, crl } = client;
    if !required && roots.is_none() {
        return Ok(None);
    }
    let rules = Rules {
        roots: roots.as_ref().map(|roots| store.roots(roots)).transpose()?,
        spiffe: *roots == Some(Roots::Mesh),
        names: names.clone(),
        hashes: hash.clone(),
        keys: spki.clone(),
        revocations: crl.as_ref().map(|path| store.revocations(path)).transpose()?,
    };
    Ok(Some(Verifier { rules, required: *required, signatures: provider::signatures() }))
}

/// Certificates of which the client's SNI picks one, as they are at the time of the handshake.
#[derive(Debug)]
struct Certificates(Vec<Arc<Cell<KeyPair>>>);

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let schemes = hello.signature_schemes();
        let all: Vec<_> = self.0.iter().map(|cell| cell.get()).collect();
        let usable = |pair: &&KeyPair| pair.certified.key.choose_scheme(schemes).is_some();
        let pairs = || all.iter().filter_map(|pair| pair.as_deref());
        let host = hello.server_name();
        let by_name = host.and_then(|host| pairs().filter(usable).find(|pair| pair.is_for(host)));
        let pair = by_name.or_else(|| pairs().find(usable)).or_else(|| pairs().next());
        pair.map(|pair| pair.certified.clone())
    }
}
