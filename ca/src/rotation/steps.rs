//! The steps: what each needs, and the changes of the folder that make it. The step happens with the change that puts
//! `rotation.yaml` in its place; what comes before it counts for nothing, what comes after it the next run ends.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use meshc_contract::{IdentityRequests, Lifetime};
use rustls_pki_types::CertificateDer;
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use super::evidence::{Evidence, serial};
use super::gate::{Gap, NewLeaves, before_remove, before_switch, lifetime, longest_leaf};
use super::layout::{Layout, fingerprint, is_replaced};
use super::state::{NEXT, ROTATION, Rotation, RotationPhase};
use crate::authority::new_intermediate;
use crate::change::{Change, make_all};
use crate::files::{self, Access, Entry};
use crate::inspect::inspect_der;
use crate::issuer::{root_of, stated_trust_domain};
use crate::name::check_spiffe_id;
use crate::store::{
    self, AUTHORITY_FILES, INTERMEDIATE_CERTIFICATE, LEAF_CERTIFICATE, ROOT_CERTIFICATE, ROOT_KEY,
};
use crate::{
    AgeIdentities, Authority, CaError, CaMaterial, CaProtection, InitOptions, KeyAlgorithm, KeyProtection,
    init, leaf_folder,
};

const PARTIAL: &str = "next.partial";
const PARTIAL_STATE: &str = "rotation.yaml.partial";

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
                let not_after = inspect_der(der)?.not_after;
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
        let leaf = inspect_der(chain.first()?).ok()?;
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

/// The folder of an authority that no other process rotates meanwhile. The system lets go of it when the process ends,
/// however it ends.
struct Folder<'d> {
    dir: &'d Path,
    _lock: File,
}

impl<'d> Folder<'d> {
    /// Takes the folder and ends what a run that was killed began.
    fn take(dir: &'d Path) -> Result<Self, CaError> {
        let lock = File::open(dir).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => CaError::Missing { path: dir.join(ROOT_CERTIFICATE) },
            _ => CaError::io("open", dir)(error),
        })?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(CaError::RotationLocked { dir: dir.to_owned() }),
            Err(fs::TryLockError::Error(error)) => return Err(CaError::io("lock", dir)(error)),
        }
        for name in [NEXT, PARTIAL] {
            check_is_ours(&dir.join(name))?;
        }
        make_all(&recovery(dir)?)?;
        Ok(Self { dir, _lock: lock })
    }

    fn rotation(&self) -> Result<Option<Rotation>, CaError> {
        rotation(self.dir)
    }
}

/// What ends the run that was killed; nothing when none was.
fn recovery(dir: &Path) -> Result<Vec<Change>, CaError> {
    let mut changes = vec![Change::RemoveFile(dir.join(PARTIAL_STATE))];
    let Some(rotation) = Rotation::read(dir)? else { return Ok(changes) };
    changes.extend(match rotation.phase {
        RotationPhase::Staging | RotationPhase::Aborting => aborted(dir),
        RotationPhase::Promoting => promoted(dir, &rotation),
        RotationPhase::Add | RotationPhase::Switch | RotationPhase::Done => Vec::new(),
    });
    Ok(changes)
}

/// Puts the state in its place, at one moment.
fn with_state(dir: &Path, rotation: &Rotation) -> Vec<Change> {
    let partial = dir.join(PARTIAL_STATE);
    let content = Zeroizing::new(rotation.text().into_bytes());
    vec![
        Change::RemoveFile(partial.clone()),
        Change::Write { path: partial.clone(), access: Access::Public, content },
        Change::Move { from: partial, to: dir.join(ROTATION) },
    ]
}

/// Writes `next/`, then puts the state that gives it its meaning in its place.
fn staged(dir: &Path, entries: Vec<Entry>, rotation: &Rotation) -> Vec<Change> {
    let partial = dir.join(PARTIAL);
    let staging = Rotation { phase: RotationPhase::Staging, files: Vec::new(), ..rotation.clone() };
    let mut changes = with_state(dir, &staging);
    changes.extend(cleared(&partial));
    changes.extend(cleared(&dir.join(NEXT)));
    changes.push(Change::CreateFolder(partial.clone()));
    changes.extend(entries.into_iter().map(|Entry { name, access, content }| Change::Write {
        path: partial.join(name),
        access,
        content,
    }));
    changes.push(Change::Move { from: partial, to: dir.join(NEXT) });
    changes.extend(with_state(dir, rotation));
    changes
}

/// The state while `next/` takes the place of what is beside it.
fn promoting(dir: &Path, rotation: Rotation, now: OffsetDateTime) -> Result<Rotation, CaError> {
    let mut files = Vec::new();
    for name in AUTHORITY_FILES {
        let path = dir.join(NEXT).join(name);
        if path.try_exists().map_err(CaError::io("read", &path))? {
            files.push(name);
        }
    }
    Ok(Rotation { phase: RotationPhase::Promoting, since: now, files, ..rotation })
}

/// Moves the files of `next/` to their places; those of the old authority that have no successor go.
fn promoted(dir: &Path, promoting: &Rotation) -> Vec<Change> {
    let next = dir.join(NEXT);
    let mut changes = Vec::new();
    for name in AUTHORITY_FILES.into_iter().filter(|name| is_replaced(name, &promoting.files)) {
        let (from, to) = (next.join(name), dir.join(name));
        if !promoting.files.contains(&name) {
            changes.push(Change::RemoveFile(to));
        } else if from.exists() {
            changes.push(Change::Move { from, to });
        }
    }
    changes.push(Change::RemoveFolder(next));
    changes.extend(with_state(dir, &done(promoting.clone())));
    changes
}

fn done(promoting: Rotation) -> Rotation {
    Rotation { phase: RotationPhase::Done, longest_leaf: None, files: Vec::new(), ..promoting }
}

/// Deletes `next/`, then the state.
fn aborted(dir: &Path) -> Vec<Change> {
    let mut changes = cleared(&dir.join(PARTIAL));
    changes.extend(cleared(&dir.join(NEXT)));
    changes.push(Change::RemoveFile(dir.join(ROTATION)));
    changes
}

/// Deletes a folder of an authority, its keys first.
fn cleared(folder: &Path) -> Vec<Change> {
    let files = AUTHORITY_FILES.into_iter().map(|name| Change::RemoveFile(folder.join(name)));
    files.chain([Change::RemoveFolder(folder.to_owned())]).collect()
}

/// A folder that a rotation replaces or deletes holds nothing but an authority.
fn check_is_ours(folder: &Path) -> Result<(), CaError> {
    if !files::check_real_folder(folder)? {
        return Ok(());
    }
    for found in fs::read_dir(folder).map_err(CaError::io("read", folder))? {
        let name = found.map_err(CaError::io("read", folder))?.file_name();
        if !AUTHORITY_FILES.iter().any(|our| name == *our) {
            let reason = format!("`{}` in it is not of meshc: move it away", name.to_string_lossy());
            return Err(CaError::UnsafePath { path: folder.to_owned(), reason });
        }
    }
    Ok(())
}

fn trust_domain(dir: &Path) -> Result<String, CaError> {
    let path = dir.join(INTERMEDIATE_CERTIFICATE);
    let certificates = store::read_certificates(&path)?;
    let first = certificates.first().ok_or_else(|| CaError::Missing { path })?;
    let facts = inspect_der(first)?;
    stated_trust_domain(&facts).ok_or(CaError::NoTrustDomain { subject: facts.subject })
}

fn new_root_serial(dir: &Path) -> Result<String, CaError> {
    let path = dir.join(NEXT).join(ROOT_CERTIFICATE);
    let roots = store::read_certificates(&path)?;
    let first = roots.first().ok_or(CaError::Missing { path })?;
    inspect_der(first).map(|facts| serial(&facts.serial))
}

/// The issued chains in a folder of certificates; an identity without one is left out.
fn leaves(
    certificates: &Path,
    requests: &IdentityRequests,
) -> Result<BTreeMap<meshc_contract::SpiffeId, Vec<CertificateDer<'static>>>, CaError> {
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
        let facts = inspect_der(leaf)?;
        if facts.uris == [id.to_string()] && root_of(&chain, new_roots).is_ok() {
            found.insert(id, serial(&facts.serial));
        }
    }
    Ok(found)
}
