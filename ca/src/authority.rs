//! A new authority: an offline root, and the intermediate that signs leaves.

use std::slice::from_ref;

use meshc_contract::Lifetime;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, KeyUsagePurpose, SanType,
    SerialNumber,
};
use rustls_pki_types::CertificateDer;
use time::{Duration, OffsetDateTime};

use crate::key::{PublicKey, random};
use crate::name::check_trust_domain;
use crate::signing::RcgenKey;
use crate::{CaError, Issuer, KeyAlgorithm, PrivateKey};

/// How far certificates reach back, so that a verifier whose clock is a little behind takes a fresh one.
pub(crate) const BACKDATED: Duration = Duration::minutes(1);

/// What [`init`] makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitOptions {
    /// Trust domain that both certificates state as `spiffe://<trust domain>` and as organisation.
    pub trust_domain: String,
    /// Algorithm of the root. The intermediate is P-256, since it signs every leaf and lasts a year.
    pub algorithm: KeyAlgorithm,
    /// How long the root is valid; Istio's self-signed root lasts 10 years.
    pub root_lifetime: Lifetime,
    /// How long the intermediate is valid, at most as long as the root.
    pub intermediate_lifetime: Lifetime,
}

/// A certificate that signs, and its key.
#[derive(Debug)]
pub struct Authority {
    /// The certificate.
    pub certificate: CertificateDer<'static>,
    /// Its private key.
    pub key: PrivateKey,
}

/// A new root and its intermediate, not yet on disk.
#[derive(Debug)]
pub struct CaMaterial {
    /// The self-signed root, path length 1. Its key signs intermediates only and belongs offline.
    pub root: Authority,
    /// The intermediate, path length 0.
    pub intermediate: Authority,
}

/// Makes a root and an intermediate, valid from a minute before `now`.
///
/// # Errors
/// [`CaError::Name`] for a trust domain that SPIFFE refuses, [`CaError::Certificate`] for lifetimes that cannot be,
/// [`CaError::Sign`] when the system gives no randomness.
pub fn init(options: &InitOptions, now: OffsetDateTime) -> Result<CaMaterial, CaError> {
    let InitOptions { trust_domain, algorithm, root_lifetime, intermediate_lifetime } = options;
    check_trust_domain(trust_domain)?;
    if intermediate_lifetime > root_lifetime {
        return Err(CaError::certificate(format!(
            "the intermediate would last {intermediate_lifetime}, longer than its root ({root_lifetime})"
        )));
    }
    let root_key = PrivateKey::generate(*algorithm)?;
    let root_params = authority_params(trust_domain, "root", 1, Validity::new(now, *root_lifetime)?)?;
    let signing = RcgenKey::new(&root_key);
    let root = signing.outcome(root_params.self_signed(&signing))?;

    let key = PrivateKey::generate(KeyAlgorithm::EcdsaP256)?;
    let mut params =
        authority_params(trust_domain, "intermediate", 0, Validity::new(now, *intermediate_lifetime)?)?;
    params.use_authority_key_identifier_extension = true;
    let issuer = rcgen::Issuer::from_params(&root_params, &signing);
    let intermediate = signing.outcome(params.signed_by(&PublicKey(&key), &issuer))?;

    let (root, intermediate) = (root.der().clone(), intermediate.der().clone());
    Ok(CaMaterial {
        root: Authority { certificate: root, key: root_key },
        intermediate: Authority { certificate: intermediate, key },
    })
}

/// A new intermediate under a root that is there already, for the time when the old one ends. Leaves of the old one stay
/// valid, since they carry their chain; so this needs no rotation of the root.
///
/// # Errors
/// [`CaError::IssuerCertificate`] when the key is not the root's, [`CaError::IssuerNotValid`] when the root is not valid at
/// `now`, and as [`init`].
pub(crate) fn new_intermediate(
    root: &CertificateDer<'static>,
    root_key: PrivateKey,
    trust_domain: &str,
    lifetime: Lifetime,
    now: OffsetDateTime,
) -> Result<Authority, CaError> {
    check_trust_domain(trust_domain)?;
    let above = Issuer::new(from_ref(root), from_ref(root), Box::new(root_key))?;
    above.check_valid(now)?;
    let wanted = Validity::new(now, lifetime)?;
    let validity = Validity {
        not_before: wanted.not_before.max(above.validity.not_before),
        not_after: wanted.not_after.min(above.validity.not_after),
    };
    let key = PrivateKey::generate(KeyAlgorithm::EcdsaP256)?;
    let mut params = authority_params(trust_domain, "intermediate", 0, validity)?;
    params.use_authority_key_identifier_extension = true;
    let signed = params.signed_by(&PublicKey(&key), &above.signing);
    let certificate = above.signing.key().outcome(signed)?;
    Ok(Authority { certificate: certificate.der().clone(), key })
}

/// Subjects differ between root and intermediate, and between one authority and the next: chains are found by name,
/// and OpenSSL takes a certificate whose subject is its issuer's for one that issued itself.
fn authority_params(
    trust_domain: &str,
    role: &str,
    path_length: u8,
    validity: Validity,
) -> Result<CertificateParams, CaError> {
    let serial = serial_number()?;
    let mark: String = serial.iter().skip(1).take(4).map(|byte| format!("{byte:02x}")).collect();
    let mut distinguished_name = DistinguishedName::new();
    // X.520 ends an organisation name at 64 characters; a trust domain may be longer.
    if trust_domain.len() <= 64 {
        distinguished_name.push(DnType::OrganizationName, trust_domain);
    }
    distinguished_name.push(DnType::CommonName, format!("meshc {role} {mark}"));
    let uri = format!("spiffe://{trust_domain}").try_into().map_err(CaError::certificate)?;
    let mut params = CertificateParams::default();
    params.not_before = validity.not_before;
    params.not_after = validity.not_after;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.subject_alt_names = vec![SanType::URI(uri)];
    params.distinguished_name = distinguished_name;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(path_length));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

/// First and last moment of a certificate, both within it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Validity {
    pub(crate) not_before: OffsetDateTime,
    pub(crate) not_after: OffsetDateTime,
}

impl Validity {
    pub(crate) fn new(now: OffsetDateTime, lifetime: Lifetime) -> Result<Self, CaError> {
        let now = now.to_offset(time::UtcOffset::UTC).replace_nanosecond(0).map_err(CaError::certificate)?;
        let not_after = i64::try_from(lifetime.seconds())
            .ok()
            .and_then(|seconds| now.checked_add(Duration::seconds(seconds)))
            .ok_or_else(|| {
                CaError::certificate(format!("a lifetime of {lifetime} ends after the year 9999"))
            })?;
        let not_before = now
            .checked_sub(BACKDATED)
            .ok_or_else(|| CaError::certificate("the present time is before the year 1"))?;
        Ok(Self { not_before, not_after })
    }
}

/// 128 random bits, positive and of constant length (RFC 5280, section 4.1.2.2).
pub(crate) fn serial_number() -> Result<[u8; 16], CaError> {
    let mut serial = random::<16>()?;
    serial[0] = serial[0] & 0x7f | 0x40;
    Ok(serial)
}
