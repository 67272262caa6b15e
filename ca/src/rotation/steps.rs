//! The steps of a rotation, and what each needs.

use std::collections::BTreeMap;
use std::path::Path;

use meshc_contract::{IdentityRequests, Lifetime, SpiffeId};
use rustls_pki_types::CertificateDer;
use time::{Duration, OffsetDateTime};

use super::evidence::{Evidence, serial};
use super::folder::{Folder, aborted, done, promoted, promoting, staged, with_state};
use super::gate::{Gap, NewLeaves, before_remove, before_switch, lifetime, longest_leaf};
use super::layout::{Layout, fingerprint};
use super::state::{NEXT, Rotation, RotationPhase};
use crate::authority::new_intermediate;
use crate::change::make_all;
use crate::inspect::inspect_certificate;
use crate::issuer::{root_of, stated_trust_domain};
use crate::name::check_spiffe_id;
use crate::store::{self, INTERMEDIATE_CERTIFICATE, LEAF_CERTIFICATE, ROOT_CERTIFICATE, ROOT_KEY};
use crate::{
    AgeIdentities, Authority, CaError, CaMaterial, CaProtection, InitOptions, KeyAlgorithm, KeyProtection,
    init, leaf_folder,
};

/// What [`add_root`] makes. Its trust domain is that of the authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotationOptions {
    /// Algorithm of the new root.
    pub algorithm: KeyAlgorithm,
    /// How long the new root is valid.
    pub root_lifetime: Lifetime,
    /// How long its intermediate is valid, at most as long as the root.
    pub intermediate_lifetime: Lifetime,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It was made.
    Made(Rotation),
    /// It had been made before; nothing changed.
    AlreadyMade(Rotation),
    /// It may not be made yet; nothing changed.
    Refused(Vec<Gap>),
}

/// How far the rotation of the authority in a folder has come; `None` before its first.
///
/// # Errors
/// [`CaError::RotationState`], [`CaError::Io`].
pub fn rotation(dir: &Path) -> Result<Option<Rotation>, CaError> {
    Layout::read(dir).map(|layout| layout.rotation)
}

impl Rotation {
    /// From when on no leaf of the old authority is valid, once leaves are of the new one.
    ///
    /// # Errors
    /// Those of reading the old authority's certificates from its folder.
    pub fn old_leaves_end(&self, dir: &Path) -> Result<OffsetDateTime, CaError> {
        let longest = self
            .longest_leaf
            .map_or(i64::MAX, |longest| i64::try_from(longest.seconds()).unwrap_or(i64::MAX));
        let mut end = self.since.checked_add(Duration::seconds(longest));
        // A leaf does not outlive its issuer.
        for name in [INTERMEDIATE_CERTIFICATE, ROOT_CERTIFICATE] {
            for der in store::read_certificates(&dir.join(name))?.iter().take(1) {
                let not_after = inspect_certificate(der)?.not_after;
                end = Some(end.map_or(not_after, |end| end.min(not_after)));
            }
        }
        end.ok_or_else(|| CaError::certificate("the authority has no certificate"))
    }
}

/// Makes a new root and intermediate in `next/`, and has every `ca.crt` issued from now on hold the new and the old root.
/// Leaves are still of the old authority.
///
/// # Errors
/// [`CaError::RotationOrder`] when a rotation is past this step, [`CaError::NoTrustDomain`], [`CaError::RotationLocked`],
/// [`CaError::UnsafePath`], and those of [`init`] and of writing.
pub fn add_root(
    dir: &Path,
    options: &RotationOptions,
    protection: &CaProtection,
    now: OffsetDateTime,
) -> Result<Step, CaError> {
    let folder = Folder::take(dir)?;
    match folder.rotation()? {
        Some(rotation) if rotation.phase == RotationPhase::Add => return Ok(Step::AlreadyMade(rotation)),
        Some(rotation) if rotation.phase == RotationPhase::Switch => {
            return Err(order(
                "leaves are of the new root already; the next step is `meshc ca rotate remove`",
            ));
        }
        _ => {}
    }
    let RotationOptions { algorithm, root_lifetime, intermediate_lifetime } = options.clone();
    let trust_domain = trust_domain(dir)?;
    let material = init(&InitOptions { trust_domain, algorithm, root_lifetime, intermediate_lifetime }, now)?;
    let entries = store::ca_entries(&material, protection)?;
    let CaMaterial { root, intermediate: _ } = &material;
    let rotation = Rotation {
        phase: RotationPhase::Add,
        since: now,
        old_root: fingerprint(&store::read_certificates(&dir.join(ROOT_CERTIFICATE))?),
        new_root: fingerprint(std::slice::from_ref(&root.certificate)),
        longest_leaf: None,
        files: Vec::new(),
    };
    make_all(&staged(dir, entries, &rotation))?;
    Ok(Step::Made(rotation))
}

/// Has leaves issued by the new authority from now on, once every proxy trusts its root. `certificates` is the folder of
/// issued certificates, if there is one: it shows for how long the old authority issued.
///
/// # Errors
/// [`CaError::RotationOrder`] when no root was added, [`CaError::RotationLocked`], [`CaError::Name`], those of reading and
/// of writing.
pub fn switch_root(
    dir: &Path,
    requests: &IdentityRequests,
    certificates: &Path,
    evidence: &Evidence,
    now: OffsetDateTime,
) -> Result<Step, CaError> {
    let folder = Folder::take(dir)?;
    let rotation = match folder.rotation()? {
        Some(rotation) if rotation.phase == RotationPhase::Add => rotation,
        Some(rotation) if rotation.phase == RotationPhase::Switch => return Ok(Step::AlreadyMade(rotation)),
        _ => return Err(order("no root was added; the first step is `meshc ca rotate add`")),
    };
    let gaps = before_switch(evidence, requests, &new_root_serial(dir)?);
    if !gaps.is_empty() {
        return Ok(Step::Refused(gaps));
    }
    let issued = leaves(certificates, requests)?;
    let issued = issued.values().filter_map(|chain| {
        let leaf = inspect_certificate(chain.first()?).ok()?;
        lifetime(leaf.not_before, leaf.not_after)
    });
    let longest = longest_leaf(evidence, requests).into_iter().chain(issued).max();
    let longest_leaf = Some(longest.unwrap_or(Lifetime::ISTIO_DEFAULT));
    let rotation = Rotation { phase: RotationPhase::Switch, since: now, longest_leaf, ..rotation };
    make_all(&with_state(dir, &rotation))?;
    Ok(Step::Made(rotation))
}

/// Puts the new authority in the place of the old one, whose keys are deleted, once every proxy presents a leaf of the new
/// one that is in `certificates`, and no old leaf can be valid.
///
/// # Errors
/// [`CaError::RotationOrder`] when leaves are not of the new root, [`CaError::RotationLocked`], [`CaError::Name`], those of
/// reading and of writing.
pub fn remove_root(
    dir: &Path,
    requests: &IdentityRequests,
    certificates: &Path,
    evidence: &Evidence,
    now: OffsetDateTime,
) -> Result<Step, CaError> {
    let folder = Folder::take(dir)?;
    let rotation = match folder.rotation()? {
        Some(rotation) if rotation.phase == RotationPhase::Switch => rotation,
        Some(rotation) if rotation.phase == RotationPhase::Done => return Ok(Step::AlreadyMade(rotation)),
        Some(_) => {
            return Err(order("leaves are of the old root; the next step is `meshc ca rotate switch`"));
        }
        None => return Err(order("no rotation is under way; the first step is `meshc ca rotate add`")),
    };
    let new_roots = store::read_certificates(&dir.join(NEXT).join(ROOT_CERTIFICATE))?;
    let issued = new_leaves(certificates, requests, &new_roots)?;
    let end = rotation.old_leaves_end(dir)?;
    let gaps = before_remove(evidence, requests, &new_root_serial(dir)?, &issued, end, now);
    if !gaps.is_empty() {
        return Ok(Step::Refused(gaps));
    }
    let promoting = promoting(dir, rotation, now)?;
    make_all(&with_state(dir, &promoting))?;
    make_all(&promoted(dir, &promoting))?;
    Ok(Step::Made(done(promoting)))
}

/// Gives up a rotation before leaves are of the new root: the new authority is deleted with its keys.
///
/// # Errors
/// [`CaError::RotationOrder`] when leaves are of the new root already, [`CaError::RotationLocked`], those of writing.
pub fn abort_rotation(dir: &Path, now: OffsetDateTime) -> Result<Option<Step>, CaError> {
    let folder = Folder::take(dir)?;
    match folder.rotation()? {
        Some(rotation) if rotation.phase == RotationPhase::Switch => Err(order(
            "leaves are of the new root already: go on with `meshc ca rotate remove`, then rotate again if this root must go",
        )),
        Some(rotation) if rotation.phase == RotationPhase::Add => {
            let rotation = Rotation { phase: RotationPhase::Aborting, since: now, ..rotation };
            make_all(&with_state(dir, &rotation))?;
            make_all(&aborted(dir))?;
            Ok(Some(Step::Made(rotation)))
        }
        _ => Ok(None),
    }
}

/// Replaces the intermediate by a new one of the same root, whose key is needed for it. Leaves of the old one stay valid,
/// so nothing has to be shown.
///
/// # Errors
/// [`CaError::RotationOrder`] while a root is rotated, [`CaError::NoTrustDomain`], [`CaError::RotationLocked`], those of
/// [`crate::load_issuer`] for the root's key, those of writing.
pub fn renew_intermediate(
    dir: &Path,
    lifetime: Lifetime,
    identities: Option<&AgeIdentities>,
    protection: &KeyProtection,
    now: OffsetDateTime,
) -> Result<Authority, CaError> {
    let folder = Folder::take(dir)?;
    let rotation = folder.rotation()?;
    if rotation.is_some_and(|rotation| rotation.phase != RotationPhase::Done) {
        return Err(order("a root is being rotated, which brings a new intermediate: end that first"));
    }
    let roots = store::read_certificates(&dir.join(ROOT_CERTIFICATE))?;
    let root = roots.first().ok_or_else(|| CaError::Missing { path: dir.join(ROOT_CERTIFICATE) })?;
    let key = store::load_key(&Layout::read(dir)?, ROOT_KEY, identities)?;
    let intermediate = new_intermediate(root, key, &trust_domain(dir)?, lifetime, now)?;
    let entries = store::intermediate_entries(&intermediate, protection)?;
    let root = fingerprint(&roots);
    let promoting = Rotation {
        phase: RotationPhase::Promoting,
        since: now,
        old_root: root.clone(),
        new_root: root,
        longest_leaf: None,
        files: entries.iter().map(|entry| entry.name).collect(),
    };
    make_all(&staged(dir, entries, &promoting))?;
    make_all(&promoted(dir, &promoting))?;
    Ok(intermediate)
}

fn order(reason: &str) -> CaError {
    CaError::RotationOrder { reason: reason.to_owned() }
}

fn trust_domain(dir: &Path) -> Result<String, CaError> {
    let path = dir.join(INTERMEDIATE_CERTIFICATE);
    let certificates = store::read_certificates(&path)?;
    let first = certificates.first().ok_or(CaError::Missing { path })?;
    let facts = inspect_certificate(first)?;
    stated_trust_domain(&facts).ok_or(CaError::NoTrustDomain { subject: facts.subject })
}

fn new_root_serial(dir: &Path) -> Result<String, CaError> {
    let path = dir.join(NEXT).join(ROOT_CERTIFICATE);
    let roots = store::read_certificates(&path)?;
    let first = roots.first().ok_or(CaError::Missing { path })?;
    inspect_certificate(first).map(|facts| serial(&facts.serial))
}

/// The issued chains in a folder of certificates; an identity without one is left out.
fn leaves(
    certificates: &Path,
    requests: &IdentityRequests,
) -> Result<BTreeMap<SpiffeId, Vec<CertificateDer<'static>>>, CaError> {
    let mut found = BTreeMap::new();
    for request in &requests.requests {
        check_spiffe_id(&request.spiffe_id)?;
        let path = leaf_folder(certificates, &request.spiffe_id).join(LEAF_CERTIFICATE);
        if path.exists() {
            found.insert(request.spiffe_id.clone(), store::read_certificates(&path)?);
        }
    }
    Ok(found)
}

/// Of the issued chains, those that lead to the new root and prove the identity that they lie with.
fn new_leaves(
    certificates: &Path,
    requests: &IdentityRequests,
    new_roots: &[CertificateDer<'static>],
) -> Result<NewLeaves, CaError> {
    let mut found = NewLeaves::new();
    for (id, chain) in leaves(certificates, requests)? {
        let Some(leaf) = chain.first() else { continue };
        let facts = inspect_certificate(leaf)?;
        if facts.uris == [id.to_string()] && root_of(&chain, new_roots).is_ok() {
            found.insert(id, serial(&facts.serial));
        }
    }
    Ok(found)
}
