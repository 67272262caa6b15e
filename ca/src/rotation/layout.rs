//! Which files of a folder are the authority that issues, and which roots are trusted, in every phase.

use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use rustls_pki_types::CertificateDer;

use super::state::{NEXT, ROTATION, Rotation, RotationPhase, wrong};
use crate::store::{self, ROOT_CERTIFICATE};
use crate::{CaError, files};

/// The folder of an authority and its phase.
pub(crate) struct Layout<'d> {
    dir: &'d Path,
    /// Its phase; `None` before the first rotation.
    pub(crate) rotation: Option<Rotation>,
}

impl<'d> Layout<'d> {
    /// Reads the phase, and refuses a folder whose files are not those that it speaks of: a merge in git may have taken
    /// one from here and one from there.
    ///
    /// # Errors
    /// [`CaError::RotationState`], [`CaError::Io`], those of reading certificates.
    pub(crate) fn read(dir: &'d Path) -> Result<Self, CaError> {
        let layout = Self { dir, rotation: Rotation::read(dir)? };
        let next = files::check_real_folder(&dir.join(NEXT))?;
        match &layout.rotation {
            None if next => {
                let reason = format!(
                    "the folder `{NEXT}` of a rotation is here but not its state: restore the file as it was committed, \
                     or delete the folder if no certificate of it is in use"
                );
                return Err(CaError::RotationState { path: dir.join(ROTATION), reason });
            }
            Some(Rotation {
                phase: RotationPhase::Add | RotationPhase::Switch, old_root, new_root, ..
            }) => {
                for (folder, expected) in [(dir.to_owned(), old_root), (dir.join(NEXT), new_root)] {
                    let root = folder.join(ROOT_CERTIFICATE);
                    if fingerprint(&store::read_certificates(&root)?) != *expected {
                        let reason = format!("{} is not the root that it names", root.display());
                        return Err(wrong(dir.join(ROTATION), &reason));
                    }
                }
            }
            _ => {}
        }
        Ok(layout)
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &'d Path {
        self.dir
    }

    /// Where a file of the authority that issues is, or would be; `None` when that authority has no such file.
    pub(crate) fn issuing(&self, name: &'static str) -> Option<PathBuf> {
        let (here, next) = (self.dir.join(name), self.dir.join(NEXT).join(name));
        match &self.rotation {
            Some(Rotation { phase: RotationPhase::Switch, .. }) => Some(next),
            Some(Rotation { phase: RotationPhase::Promoting, files, .. }) => {
                match (files.contains(&name), is_replaced(name, files)) {
                    (true, _) if next.exists() => Some(next),
                    (false, true) => None,
                    _ => Some(here),
                }
            }
            _ => Some(here),
        }
    }

    /// The roots that are trusted, the new one first.
    ///
    /// # Errors
    /// Those of reading certificates.
    pub(crate) fn roots(&self) -> Result<Vec<CertificateDer<'static>>, CaError> {
        let here = self.dir.join(ROOT_CERTIFICATE);
        match &self.rotation {
            Some(Rotation { phase: RotationPhase::Add | RotationPhase::Switch, .. }) => {
                let mut roots = store::read_certificates(&self.dir.join(NEXT).join(ROOT_CERTIFICATE))?;
                roots.extend(store::read_certificates(&here)?);
                Ok(roots)
            }
            _ => store::read_certificates(&self.issuing(ROOT_CERTIFICATE).unwrap_or(here)),
        }
    }
}

/// Whether promoting these files replaces that one, be it by nothing: an authority whose root key is kept elsewhere must
/// not inherit the key of the one before.
pub(super) fn is_replaced(name: &str, files: &[&'static str]) -> bool {
    !name.starts_with("root.") || files.contains(&ROOT_CERTIFICATE)
}

/// SHA-256 of certificates, one after the other, in lower-case hexadecimal.
pub(super) fn fingerprint(certificates: &[CertificateDer<'_>]) -> String {
    let mut context = Context::new(&SHA256);
    certificates.iter().for_each(|der| context.update(der));
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
