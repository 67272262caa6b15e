//! Who is at the other end of TLS.

use aws_lc_rs::digest::{SHA256, digest};
use rustls::{CommonState, ProtocolVersion};
use rustls_pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::names::Names;
use super::verify::hex;
use super::{cipher, subject};

/// Who is at the other end of TLS. Without a certificate all but version and cipher is empty.
#[derive(Debug, Clone, Default)]
pub(crate) struct Peer {
    /// First URI SAN, the SPIFFE ID in a mesh; empty without one.
    pub(crate) uri: String,
    /// All URI SANs, for `URI=` of `x-forwarded-client-cert`.
    pub(crate) uris: Vec<String>,
    /// DNS SANs.
    pub(crate) dns: Vec<String>,
    /// Subject by RFC 2253, as Envoy writes it.
    pub(crate) subject: String,
    /// The leaf.
    pub(crate) certificate: Option<CertificateDer<'static>>,
    /// The leaf and the intermediates that came with it.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    /// Version of TLS as Envoy writes it, `TLSv1.3`.
    pub(crate) version: &'static str,
    /// Cipher suite by OpenSSL's name, `TLS_AES_128_GCM_SHA256`.
    pub(crate) cipher: &'static str,
}

impl Peer {
    /// What is known after a handshake.
    pub(super) fn of(session: &CommonState) -> Self {
        let version = match session.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
            Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
            _ => "",
        };
        let cipher = session.negotiated_cipher_suite().map_or("", |suite| cipher::name(suite.suite()));
        let chain = session.peer_certificates().unwrap_or_default();
        let chain: Vec<_> = chain.iter().map(|certificate| certificate.clone().into_owned()).collect();
        let peer = Self { version, cipher, ..Self::default() };
        let Some(leaf) = chain.first().cloned() else { return peer };
        let Ok((_, parsed)) = X509Certificate::from_der(&leaf) else { return peer };
        let names = Names::of(&parsed).unwrap_or_default();
        Self {
            uri: names.uris.first().cloned().unwrap_or_default(),
            uris: names.uris,
            dns: names.dns,
            subject: subject::rfc2253(parsed.subject()),
            certificate: Some(leaf.clone()),
            chain,
            ..peer
        }
    }

    /// SHA-256 of the leaf, lower-case hex: `Hash=` of `x-forwarded-client-cert`; empty without a certificate.
    pub(crate) fn hash(&self) -> String {
        self.certificate.as_ref().map(|leaf| hex(digest(&SHA256, leaf).as_ref())).unwrap_or_default()
    }
}
