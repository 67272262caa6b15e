//! TLS of the server.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::config::EchoTls;
use crate::LiveError;

/// Takes connections with a certificate; HTTP/2 is preferred.
pub(super) fn acceptor(tls: &EchoTls) -> Result<TlsAcceptor, LiveError> {
    config(tls).map_err(|error| LiveError::Scenario(format!("the certificate of the application: {error}")))
}

fn config(tls: &EchoTls) -> Result<TlsAcceptor, Box<dyn std::error::Error>> {
    let EchoTls { certificate, key } = tls;
    let chain = CertificateDer::pem_slice_iter(certificate.as_bytes()).collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes())?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
