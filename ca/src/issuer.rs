//! An issuer: certificates that were checked against each other and against the key that signs.

use std::sync::Arc;

use rcgen::CertificateParams;
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use crate::authority::Validity;
use crate::inspect::facts;
use crate::key::PublicKey;
use crate::signing::RcgenKey;
use crate::{CaError, CertificateFacts, KeyAlgorithm, PrivateKey, Signer, pem};

/// Signs leaves. Made once, used from any number of threads.
pub struct Issuer {
    pub(crate) signing: rcgen::Issuer<'static, RcgenKey<Box<dyn Signer>>>,
    issuing: CertificateDer<'static>,
    /// The issuing certificate and those above it, without a root, as every `tls.crt` ends.
    pub(crate) chain_pem: Arc<str>,
    /// The roots, as every `ca.crt` holds them.
    pub(crate) roots_pem: Arc<str>,
    /// Trust domain that the issuing certificate states; a plugged-in CA may state none and then signs for any.
    pub(crate) trust_domain: Option<String>,
    /// Subject of the issuing certificate.
    pub(crate) subject: String,
    /// When the whole chain is valid.
    pub(crate) validity: Validity,
}

impl Issuer {
    /// Takes the issuing certificate followed by those between it and a root, all active roots, and the key.
    ///
    /// # Errors
    /// [`CaError::IssuerCertificate`] when the first certificate may not issue, does not belong to the key, or does not
    /// lead to one of the roots.
    pub fn new(
        chain: &[CertificateDer<'static>],
        roots: &[CertificateDer<'static>],
        signer: Box<dyn Signer>,
    ) -> Result<Self, CaError> {
        let issuing = chain.first().ok_or_else(|| refuse("the intermediate", "no certificate was given"))?;
        let certificate = parse(issuing)?;
        let issuing_facts = facts(&certificate, issuing)?;
        check_may_issue(&certificate, &issuing_facts, signer.as_ref())?;
        let root = root_of(chain, roots)?;
        check_name_survives(issuing, &certificate)?;
        let validity = chain_validity(chain, root)?;
        let signing =
            rcgen::Issuer::from_ca_cert_der(issuing, RcgenKey::new(signer)).map_err(CaError::certificate)?;
        Ok(Self {
            signing,
            issuing: issuing.clone(),
            chain_pem: all_pem(chain)?.into(),
            roots_pem: all_pem(roots)?.into(),
            trust_domain: stated_trust_domain(&issuing_facts),
            subject: issuing_facts.subject,
            validity,
        })
    }

    /// Whether the issuing certificate signed that one.
    pub(crate) fn signed(&self, leaf: &CertificateDer<'_>) -> bool {
        match (parse(leaf), parse(&self.issuing)) {
            (Ok(leaf), Ok(issuing)) => is_signed_by(&leaf, &issuing),
            _ => false,
        }
    }

    /// Refuses to sign at a time at which the chain is not valid.
    pub(crate) fn check_valid(&self, now: OffsetDateTime) -> Result<(), CaError> {
        let Validity { not_before, not_after } = self.validity;
        if now < not_before || now > not_after {
            return Err(CaError::IssuerNotValid {
                subject: self.subject.clone(),
                not_before,
                not_after,
                now,
            });
        }
        Ok(())
    }

    /// The trust domain that the issuing certificate states as `spiffe://<trust domain>`, if any.
    #[must_use]
    pub fn trust_domain(&self) -> Option<&str> {
        self.trust_domain.as_deref()
    }

    /// Last moment at which anything signed now is valid.
    #[must_use]
    pub fn not_after(&self) -> OffsetDateTime {
        self.validity.not_after
    }

    /// Subject of the issuing certificate, for messages.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

fn refuse(what: &str, reason: &str) -> CaError {
    CaError::IssuerCertificate { what: what.to_owned(), reason: reason.to_owned() }
}

fn parse<'a>(der: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, CaError> {
    X509Certificate::from_der(der).map(|(_, certificate)| certificate).map_err(CaError::certificate)
}

fn all_pem(certificates: &[CertificateDer<'_>]) -> Result<String, CaError> {
    certificates.iter().map(|der| pem::certificate(der)).collect()
}

fn check_may_issue(
    certificate: &X509Certificate<'_>,
    facts: &CertificateFacts,
    signer: &dyn Signer,
) -> Result<(), CaError> {
    let what = format!("`{}`", facts.subject);
    if !facts.is_ca || !facts.key_usages.contains(&"keyCertSign") {
        return Err(refuse(&what, "it is not an authority (basicConstraints CA and keyUsage keyCertSign)"));
    }
    if certificate.public_key().subject_public_key.data.as_ref() != signer.public_key() {
        return Err(refuse(&what, "the key does not belong to it: restore the pair that was made together"));
    }
    Ok(())
}

/// Follows the chain to its root as a verifier would, so that a mixed-up folder is found before anything is signed.
pub(crate) fn root_of<'r>(
    chain: &[CertificateDer<'static>],
    roots: &'r [CertificateDer<'static>],
) -> Result<&'r CertificateDer<'static>, CaError> {
    for pair in chain.windows(2) {
        let [below, above] = [parse(&pair[0])?, parse(&pair[1])?];
        if !is_signed_by(&below, &above) {
            let reason = format!("`{}`, which follows it, did not sign it", above.subject());
            return Err(refuse(&format!("`{}`", below.subject()), &reason));
        }
    }
    let last = chain.last().ok_or_else(|| refuse("the intermediate", "no certificate was given"))?;
    let last = parse(last)?;
    for root in roots {
        if is_signed_by(&last, &parse(root)?) {
            return Ok(root);
        }
    }
    let reason = "no given root signed it: put the root that did into root.crt";
    Err(refuse(&format!("`{}`", last.subject()), reason))
}

fn is_signed_by(below: &X509Certificate<'_>, above: &X509Certificate<'_>) -> bool {
    below.issuer().as_raw() == above.subject().as_raw()
        && below.verify_signature(Some(above.public_key())).is_ok()
}

/// rcgen writes the issuer's name anew from what it read. A plugged-in CA may have a name that does not survive this
/// (two organisations, say), and then no verifier would find the chain; a leaf of a throw-away key shows it.
fn check_name_survives(
    issuing: &CertificateDer<'static>,
    certificate: &X509Certificate<'_>,
) -> Result<(), CaError> {
    let key = PrivateKey::generate(KeyAlgorithm::EcdsaP256)?;
    let throw_away = RcgenKey::new(&key);
    let issuer = rcgen::Issuer::from_ca_cert_der(issuing, &throw_away).map_err(CaError::certificate)?;
    let params = CertificateParams::default();
    let probe = throw_away.outcome(params.signed_by(&PublicKey(&key), &issuer))?;
    if parse(probe.der())?.issuer().as_raw() == certificate.subject().as_raw() {
        return Ok(());
    }
    let reason = "its subject has parts that cannot be repeated in a leaf: use one value of each attribute";
    Err(refuse(&format!("`{}`", certificate.subject()), reason))
}

/// When every certificate from the issuing one to its root is valid. During a rotation there are two roots, and only the
/// one that the chain leads to bounds it.
fn chain_validity(
    chain: &[CertificateDer<'static>],
    root: &CertificateDer<'static>,
) -> Result<Validity, CaError> {
    let of = |der| parse(der).map(|certificate| certificate.validity().clone());
    let root = of(root)?;
    let mut validity =
        Validity { not_before: root.not_before.to_datetime(), not_after: root.not_after.to_datetime() };
    for signed in chain {
        let signed = of(signed)?;
        validity.not_before = validity.not_before.max(signed.not_before.to_datetime());
        validity.not_after = validity.not_after.min(signed.not_after.to_datetime());
    }
    Ok(validity)
}

/// A signing certificate may state `spiffe://<trust domain>` without a path (X509-SVID specification, section 3).
pub(crate) fn stated_trust_domain(facts: &CertificateFacts) -> Option<String> {
    let mut domains = facts.uris.iter().filter_map(|uri| uri.strip_prefix("spiffe://"));
    domains.find(|domain| !domain.contains('/')).map(str::to_owned)
}
