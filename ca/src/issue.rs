//! Leaves: one X.509-SVID for each request, with the content that Istio's CA gives them (X509-SVID specification).

use std::collections::BTreeSet;
use std::sync::Arc;

use meshc_contract::{IdentityRequest, IdentityRequests, Lifetime, SecretRef, SpiffeId};
use rcgen::{
    CertificateParams, DistinguishedName, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType,
    SerialNumber,
};
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;

use crate::authority::{Validity, serial_number};
use crate::key::PublicKey;
use crate::name::{check_namespace, check_spiffe_id, check_subdomain};
use crate::{CaError, Issuer, KeyAlgorithm, PrivateKey, pem};

/// How leaves are issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueOptions {
    /// A lifetime that replaces the one in every request.
    pub lifetime: Option<Lifetime>,
    /// The longest lifetime that is granted; a request for more is refused, not cut.
    pub max_lifetime: Lifetime,
}

impl Default for IssueOptions {
    /// Lifetimes as requested, up to 90 days, which is Istio's own bound (`MAX_WORKLOAD_CERT_TTL`).
    fn default() -> Self {
        let ninety_days = Lifetime::from_seconds(90 * 86_400).unwrap_or(Lifetime::ISTIO_DEFAULT);
        Self { lifetime: None, max_lifetime: ninety_days }
    }
}

/// One leaf with its key, not yet on disk.
#[derive(Debug)]
pub struct Issued {
    /// The identity that it proves.
    pub spiffe_id: SpiffeId,
    /// The Kubernetes Secret that carries it.
    pub secret: SecretRef,
    /// The leaf.
    pub certificate: CertificateDer<'static>,
    /// Its private key.
    pub key: PrivateKey,
    /// When it was issued.
    pub issued_at: OffsetDateTime,
    /// First moment of its validity, a minute before it was issued.
    pub not_before: OffsetDateTime,
    /// Last moment of its validity.
    pub not_after: OffsetDateTime,
    /// The leaf ends before its lifetime because its issuer does.
    pub shortened: bool,
    chain_pem: Arc<str>,
    roots_pem: Arc<str>,
}

impl Issued {
    /// `tls.crt`: the leaf, then the intermediates, without a root.
    ///
    /// # Errors
    /// [`CaError::Certificate`] when the leaf cannot be encoded.
    pub fn certificate_chain_pem(&self) -> Result<String, CaError> {
        let mut text = pem::certificate(&self.certificate)?;
        text.push_str(&self.chain_pem);
        Ok(text)
    }

    /// `ca.crt`: all active roots.
    #[must_use]
    pub fn roots_pem(&self) -> &str {
        &self.roots_pem
    }
}

/// Issues a leaf for every request, in their order. Nothing is issued when any request is refused.
///
/// # Errors
/// [`CaError::Request`] and [`CaError::Name`] for requests that cannot be fulfilled, [`CaError::IssuerNotValid`] when
/// the authority is not valid at `now`, [`CaError::Sign`] when the signer fails.
pub fn issue_all(
    requests: &IdentityRequests,
    issuer: &Issuer,
    options: &IssueOptions,
    now: OffsetDateTime,
) -> Result<Vec<Issued>, CaError> {
    check_all(requests, issuer, options)?;
    requests.requests.iter().map(|request| issue(request, issuer, options, now)).collect()
}

/// Refuses requests that cannot be fulfilled, before anything is signed or any path is made of a name.
pub(crate) fn check_all(
    requests: &IdentityRequests,
    issuer: &Issuer,
    options: &IssueOptions,
) -> Result<(), CaError> {
    let mut seen = BTreeSet::new();
    for request in &requests.requests {
        check(request, issuer, options)?;
        if request.spiffe_id.trust_domain != requests.trust_domain {
            let reason = format!("the requests are for the trust domain `{}`", requests.trust_domain);
            return Err(refuse(request, &reason));
        }
        if !seen.insert(&request.spiffe_id) {
            return Err(refuse(request, "it is requested twice; build the requests again"));
        }
    }
    Ok(())
}

/// Issues one leaf.
///
/// # Errors
/// As [`issue_all`].
pub fn issue(
    request: &IdentityRequest,
    issuer: &Issuer,
    options: &IssueOptions,
    now: OffsetDateTime,
) -> Result<Issued, CaError> {
    check(request, issuer, options)?;
    issuer.check_valid(now)?;
    let Granted { validity, shortened } = granted(request, issuer, options, now)?;
    let key = PrivateKey::generate(KeyAlgorithm::EcdsaP256)?;
    let params = leaf_params(&request.spiffe_id, validity)?;
    let signed = params.signed_by(&PublicKey(&key), &issuer.signing);
    let certificate = issuer.signing.key().outcome(signed)?;
    Ok(Issued {
        spiffe_id: request.spiffe_id.clone(),
        secret: request.secret.clone(),
        certificate: certificate.der().clone(),
        key,
        issued_at: now,
        not_before: validity.not_before,
        not_after: validity.not_after,
        shortened,
        chain_pem: Arc::clone(&issuer.chain_pem),
        roots_pem: Arc::clone(&issuer.roots_pem),
    })
}

/// What a leaf gets when it is issued at `now`.
pub(crate) struct Granted {
    pub(crate) validity: Validity,
    /// The issuer ends before the lifetime does.
    pub(crate) shortened: bool,
}

/// The lifetime that is asked for, within that of the issuer: a leaf that outlived it would not verify.
pub(crate) fn granted(
    request: &IdentityRequest,
    issuer: &Issuer,
    options: &IssueOptions,
    now: OffsetDateTime,
) -> Result<Granted, CaError> {
    let wanted = Validity::new(now, options.lifetime.unwrap_or(request.ttl))?;
    let not_before = wanted.not_before.max(issuer.validity.not_before);
    let not_after = wanted.not_after.min(issuer.validity.not_after);
    let shortened = not_after < wanted.not_after;
    Ok(Granted { validity: Validity { not_before, not_after }, shortened })
}

/// The subject stays empty, which makes the alternative name critical, as SPIFFE wants it.
fn leaf_params(id: &SpiffeId, validity: Validity) -> Result<CertificateParams, CaError> {
    let uri = id.to_string().try_into().map_err(CaError::certificate)?;
    let mut params = CertificateParams::default();
    params.not_before = validity.not_before;
    params.not_after = validity.not_after;
    params.serial_number = Some(SerialNumber::from_slice(&serial_number()?));
    params.subject_alt_names = vec![SanType::URI(uri)];
    params.distinguished_name = DistinguishedName::new();
    params.is_ca = IsCa::ExplicitNoCa;
    // Key encipherment is for RSA; an ECDSA key only signs.
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn refuse(request: &IdentityRequest, reason: &str) -> CaError {
    CaError::Request { spiffe_id: request.spiffe_id.to_string(), reason: reason.to_owned() }
}

fn check(request: &IdentityRequest, issuer: &Issuer, options: &IssueOptions) -> Result<(), CaError> {
    let IdentityRequest { spiffe_id, ttl, workloads: _, secret } = request;
    check_spiffe_id(spiffe_id)?;
    check_namespace(&secret.namespace)?;
    check_subdomain("Secret", &secret.name)?;
    if secret.namespace != spiffe_id.namespace {
        let reason = format!(
            "its Secret is in the namespace `{}`, but pods mount only Secrets of their own namespace",
            secret.namespace
        );
        return Err(refuse(request, &reason));
    }
    if let Some(domain) = issuer.trust_domain.as_ref().filter(|domain| **domain != spiffe_id.trust_domain) {
        let reason = format!("the authority is for `{domain}`: use the authority of the other trust domain");
        return Err(refuse(request, &reason));
    }
    let lifetime = options.lifetime.unwrap_or(*ttl);
    if lifetime > options.max_lifetime {
        let reason = format!(
            "a lifetime of {lifetime} is more than {}: ask for less, or raise the bound with --max-ttl",
            options.max_lifetime
        );
        return Err(refuse(request, &reason));
    }
    Ok(())
}
