//! Certificate revocation lists.

use std::path::PathBuf;

use webpki::{CertRevocationList, OwnedCertRevocationList};

use super::cell::{Content, Material};
use super::{TlsError, pem};

/// The revocation lists of a file.
#[derive(Debug)]
pub(super) struct Revocations {
    /// As webpki takes them.
    pub(super) lists: Vec<CertRevocationList<'static>>,
}

impl Material for Revocations {
    type Source = PathBuf;

    fn files(source: &PathBuf) -> Vec<Vec<PathBuf>> {
        vec![vec![source.clone()]]
    }

    fn may_be_absent(_: &PathBuf) -> bool {
        true
    }

    fn parse(source: &PathBuf, files: &[Content]) -> Result<Self, TlsError> {
        let Some(file) = files.first() else {
            return Err(TlsError::file(source, "it was not read"));
        };
        let lists = pem::revocation_lists(file)?.into_iter().map(|list| {
            let list = OwnedCertRevocationList::from_der(list.as_ref());
            list.map(CertRevocationList::from).map_err(|error| {
                TlsError::file(&file.path, format!("a revocation list is malformed: {error}"))
            })
        });
        Ok(Self { lists: lists.collect::<Result<_, _>>()? })
    }
}
