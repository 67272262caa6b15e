//! Whether a leaf on disk is kept. ECDSA signatures and sealed files differ each time they are made, so issuing again
//! would change every file of every leaf; a leaf whose inputs are the same stays until half of its life is over.

use std::collections::BTreeSet;
use std::path::Path;

use meshc_contract::{IdentityRequest, IdentityRequests, SecretRef};
use time::OffsetDateTime;

use crate::authority::BACKDATED;
use crate::inspect::inspect_certificate;
use crate::issue::{check_all, granted};
use crate::{CaError, CertificateFacts, IssueOptions, Issuer, KeyProtection, pem, stored};

/// What the folder of a leaf holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLeaf {
    /// `tls.crt`.
    pub chain: String,
    /// `ca.crt`.
    pub roots: String,
    /// The Secret that its manifest makes.
    pub secret: SecretRef,
    /// How its key is protected.
    pub keys: StoredKeys,
}

/// How the key of a leaf on disk is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredKeys {
    /// `tls.key` and `secret.yaml`.
    Plaintext,
    /// `tls.key.age` and `secret.sops.yaml`, with the recipients that the latter names.
    Age(BTreeSet<String>),
}

/// Whether a leaf is kept or issued again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// It stays as it is.
    Keep {
        /// Last moment of its validity.
        not_after: OffsetDateTime,
    },
    /// It is issued again.
    Renew(RenewalReason),
}

/// Why a leaf is issued again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RenewalReason {
    /// There is none, or a file of it is missing or malformed.
    Absent,
    /// It proves another identity.
    Identity,
    /// Its Secret has another name now.
    Secret,
    /// Its issuer or the roots changed.
    Authority,
    /// Another lifetime is asked for.
    Lifetime,
    /// Its key is to be protected in another way, or for other recipients.
    Protection,
    /// Half of its life is over, as Istio's agent renews (`SECRET_GRACE_PERIOD_RATIO` 0.5).
    HalfLife,
    /// It is not valid yet: the clock went backwards since it was issued.
    Clock,
}

impl std::fmt::Display for RenewalReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Absent => "there was none",
            Self::Identity => "the identity changed",
            Self::Secret => "the name of its Secret changed",
            Self::Authority => "the authority changed",
            Self::Lifetime => "the lifetime changed",
            Self::Protection => "the protection of its key changed",
            Self::HalfLife => "half of its life was over",
            Self::Clock => "it was not valid yet",
        })
    }
}

/// Decides on every leaf of a folder that [`crate::write_issued`] wrote, in the order of the requests.
///
/// # Errors
/// Those of [`crate::issue_all`] for requests that cannot be fulfilled; [`CaError::Io`].
pub fn renewals(
    dir: &Path,
    requests: &IdentityRequests,
    issuer: &Issuer,
    options: &IssueOptions,
    protection: &KeyProtection,
    now: OffsetDateTime,
) -> Result<Vec<Renewal>, CaError> {
    check_all(requests, issuer, options)?;
    let decide = |request: &IdentityRequest| {
        let stored = stored::read_leaf(dir, &request.spiffe_id)?;
        renewal(stored.as_ref(), request, issuer, options, protection, now)
    };
    requests.requests.iter().map(decide).collect()
}

/// Decides on one leaf.
///
/// # Errors
/// [`CaError::Certificate`] for a lifetime that cannot be.
pub fn renewal(
    stored: Option<&StoredLeaf>,
    request: &IdentityRequest,
    issuer: &Issuer,
    options: &IssueOptions,
    protection: &KeyProtection,
    now: OffsetDateTime,
) -> Result<Renewal, CaError> {
    let Some((stored, leaf)) = stored.and_then(readable) else {
        return Ok(Renewal::Renew(RenewalReason::Absent));
    };
    let issued_at = leaf.not_before + BACKDATED;
    let would_end = granted(request, issuer, options, issued_at)?.validity.not_after;
    let half = leaf.not_before + (leaf.not_after - leaf.not_before) / 2;
    let reasons = [
        (!proves(&leaf, request), RenewalReason::Identity),
        (stored.secret != request.secret, RenewalReason::Secret),
        (!is_of(stored, issuer), RenewalReason::Authority),
        (leaf.not_after != would_end, RenewalReason::Lifetime),
        (!protects(&stored.keys, protection), RenewalReason::Protection),
        (now < leaf.not_before, RenewalReason::Clock),
        (now >= half, RenewalReason::HalfLife),
    ];
    let reason = reasons.into_iter().find(|(holds, _)| *holds);
    Ok(match reason {
        Some((_, reason)) => Renewal::Renew(reason),
        None => Renewal::Keep { not_after: leaf.not_after },
    })
}

fn readable(stored: &StoredLeaf) -> Option<(&StoredLeaf, CertificateFacts)> {
    let chain = pem::read_certificates(&stored.chain, "tls.crt").ok()?;
    Some((stored, inspect_certificate(chain.first()?).ok()?))
}

fn proves(leaf: &CertificateFacts, request: &IdentityRequest) -> bool {
    leaf.uris == [request.spiffe_id.to_string()] && leaf.other_names.is_empty() && !leaf.is_ca
}

/// The same intermediates and roots follow, and this intermediate signed it.
fn is_of(stored: &StoredLeaf, issuer: &Issuer) -> bool {
    stored.roots == *issuer.roots_pem
        && stored.chain.ends_with(&*issuer.chain_pem)
        && pem::read_certificates(&stored.chain, "tls.crt")
            .is_ok_and(|chain| chain.first().is_some_and(|leaf| issuer.signed(leaf)))
}

fn protects(keys: &StoredKeys, protection: &KeyProtection) -> bool {
    match (keys, protection) {
        (StoredKeys::Plaintext, KeyProtection::Plaintext) => true,
        (StoredKeys::Age(stored), KeyProtection::Age(wanted)) => *stored == wanted.names(),
        _ => false,
    }
}
