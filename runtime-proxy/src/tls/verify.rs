//! Whether the certificate of a peer is taken.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use meshc_contract::traffic::StringMatch;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{EndEntityCert, ExpirationPolicy, KeyUsage, RevocationOptionsBuilder};

use super::cell::Cell;
use super::names::Names;
use super::revocations::Revocations;
use super::roots::RootSet;

/// What certificates of peers are checked against.
#[derive(Debug)]
pub(super) struct Rules {
    /// Roots; `None` takes any certificate whose key its owner has.
    pub(super) roots: Option<Arc<Cell<RootSet>>>,
    /// Whether it must be an X.509-SVID: exactly one URI name, a SPIFFE ID.
    pub(super) spiffe: bool,
    /// Names of which it must have one; empty takes all.
    pub(super) names: Vec<StringMatch>,
    /// SHA-256 of certificates, lower-case hex.
    pub(super) hashes: Vec<String>,
    /// SHA-256 of public keys, base64. A certificate must be in one of the two lists if there are any.
    pub(super) keys: Vec<String>,
    /// Revocation lists. As with Envoy every authority of a chain needs one, and one that has expired refuses.
    pub(super) revocations: Option<Arc<Cell<Revocations>>>,
}

/// Who presents the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// A client.
    Client,
    /// A server.
    Server,
}

/// What [`CertificateError`] has no word for.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

fn refused(text: String) -> CertificateError {
    CertificateError::Other(OtherError(Arc::new(Refused(text))))
}

impl Rules {
    /// Whether a certificate is taken.
    ///
    /// # Errors
    /// Why it is not.
    pub(super) fn check(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        side: Side,
        now: UnixTime,
    ) -> Result<(), CertificateError> {
        let parsed = EndEntityCert::try_from(leaf).map_err(|_| CertificateError::BadEncoding)?;
        if let Some(roots) = &self.roots {
            let roots = roots.get();
            let roots = roots
                .as_deref()
                .ok_or_else(|| refused("there are no roots to check it against".to_owned()))?;
            self.check_chain(&parsed, roots, intermediates, side, now)?;
        }
        self.check_names(leaf)?;
        self.check_pins(leaf, &parsed)
    }

    fn check_chain(
        &self,
        leaf: &EndEntityCert<'_>,
        roots: &RootSet,
        intermediates: &[CertificateDer<'_>],
        side: Side,
        now: UnixTime,
    ) -> Result<(), CertificateError> {
        let usage = match side {
            Side::Client => KeyUsage::client_auth(),
            Side::Server => KeyUsage::server_auth(),
        };
        let revocations = self.revocations.as_ref().map(|cell| cell.get());
        let lists: Vec<_> = match revocations.as_deref() {
            None => Vec::new(),
            Some(Some(revocations)) => revocations.lists.iter().collect(),
            Some(None) => return Err(refused("there is no revocation list to check it against".to_owned())),
        };
        let options = RevocationOptionsBuilder::new(&lists).ok();
        let options =
            options.map(|options| options.with_expiration_policy(ExpirationPolicy::Enforce).build());
        leaf.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &roots.anchors,
            intermediates,
            now,
            usage,
            options,
            None,
        )
        .map(|_| ())
        .map_err(chain_problem)
    }

    fn check_names(&self, leaf: &[u8]) -> Result<(), CertificateError> {
        if !self.spiffe && self.names.is_empty() {
            return Ok(());
        }
        let names = Names::parse(leaf).map_err(|_| CertificateError::BadEncoding)?;
        if self.spiffe && names.spiffe().is_none() {
            let text = "the certificate of the peer is no X.509-SVID, which has exactly one URI name, a SPIFFE ID; it is of";
            return Err(refused(format!("{text} {}", names.told())));
        }
        if !self.names.is_empty() && !self.names.iter().any(|wanted| names.matched_by(wanted)) {
            let wanted = self.names.iter().map(spelled).collect::<Vec<_>>().join(" or ");
            let text = format!("the certificate of the peer is of {}, wanted is {wanted}", names.told());
            return Err(refused(text));
        }
        Ok(())
    }

    fn check_pins(&self, leaf: &[u8], parsed: &EndEntityCert<'_>) -> Result<(), CertificateError> {
        if self.hashes.is_empty() && self.keys.is_empty() {
            return Ok(());
        }
        let hash = hex(digest(&SHA256, leaf).as_ref());
        let key = STANDARD.encode(digest(&SHA256, parsed.subject_public_key_info().as_ref()));
        if self.hashes.contains(&hash) || self.keys.contains(&key) {
            return Ok(());
        }
        Err(refused(format!("the certificate of the peer, SHA-256 {hash}, is none of those that are pinned")))
    }
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn spelled(wanted: &StringMatch) -> String {
    match wanted {
        StringMatch::Exact(text) => text.clone(),
        StringMatch::Prefix(text) => format!("{text}*"),
        StringMatch::Suffix(text) => format!("*{text}"),
        other => format!("{other:?}"),
    }
}

fn chain_problem(error: webpki::Error) -> CertificateError {
    use webpki::Error;
    match error {
        Error::CertExpired { time, not_after } => CertificateError::ExpiredContext { time, not_after },
        Error::CertNotValidYet { time, not_before } => {
            CertificateError::NotValidYetContext { time, not_before }
        }
        Error::CertRevoked => CertificateError::Revoked,
        Error::UnknownIssuer => CertificateError::UnknownIssuer,
        Error::UnknownRevocationStatus => CertificateError::UnknownRevocationStatus,
        Error::CrlExpired { time, next_update } => {
            CertificateError::ExpiredRevocationListContext { time, next_update }
        }
        Error::InvalidSignatureForPublicKey | Error::InvalidCrlSignatureForPublicKey => {
            CertificateError::BadSignature
        }
        Error::BadDer | Error::BadDerTime | Error::TrailingData(_) => CertificateError::BadEncoding,
        other => refused(format!("the certificate of the peer is refused: {other}")),
    }
}

/// [`Rules`] for rustls, on either side.
#[derive(Debug)]
pub(super) struct Verifier {
    /// The rules.
    pub(super) rules: Rules,
    /// Whether a client must present a certificate.
    pub(super) required: bool,
    /// What signatures may be made with.
    pub(super) signatures: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.rules.check(leaf, intermediates, Side::Server, now)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.signatures)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.signatures)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signatures.supported_schemes()
    }
}

impl ClientCertVerifier for Verifier {
    fn client_auth_mandatory(&self) -> bool {
        self.required
    }

    /// No hints: they would be those of the roots at the time of compilation, and clients in a mesh have one certificate.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.rules.check(leaf, intermediates, Side::Client, now)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.signatures)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.signatures)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signatures.supported_schemes()
    }
}
