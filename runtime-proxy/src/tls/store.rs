//! All key material of the process.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use meshc_contract::proxy::{Certificate, ProxyConfig, Roots};

use super::cell::{Cell, Material};
use super::key_pair::{KeyPair, KeySource};
use super::revocations::Revocations;
use super::roots::{RootSet, RootSource};
use super::{CertificateInfo, TlsError, info};

/// All key material of the process. Cheap to clone; clones and [`next`](Self::next) stores share what is loaded.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    identity: Arc<Identity>,
    loaded: Arc<Loaded>,
}

/// Where the identity of the workload is.
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    workload: KeySource,
    roots: PathBuf,
}

/// Whatever some compiled settings still use.
#[derive(Debug, Default)]
struct Loaded {
    keys: Shelf<KeyPair>,
    roots: Shelf<RootSet>,
    revocations: Shelf<Revocations>,
}

impl Store {
    /// The store of the first configuration. It reads no file yet: compiling settings does.
    pub(crate) fn new(config: &ProxyConfig) -> Self {
        Self::sharing(config, Arc::default())
    }

    /// The store of the next configuration: its own identity, while files that are loaded already are shared.
    #[must_use]
    pub(crate) fn next(&self, config: &ProxyConfig) -> Self {
        Self::sharing(config, self.loaded.clone())
    }

    fn sharing(config: &ProxyConfig, loaded: Arc<Loaded>) -> Self {
        let files = &config.identity;
        let workload = KeySource {
            certificate: files.certificate.clone().into(),
            key: files.key.clone().into(),
            identity: Some(config.node.identity.to_string()),
        };
        Self { identity: Arc::new(Identity { workload, roots: files.roots.clone().into() }), loaded }
    }

    /// Whether the identity is in the same files, so that what was compiled with the other store is still right.
    pub(crate) fn is_alike(&self, other: &Self) -> bool {
        self.identity == other.identity
    }

    /// Reads every file that is in use again and takes what changed; whether anything did. To be called every 5 s and on SIGHUP.
    ///
    /// # Errors
    /// The first file that is not what it should be; what was loaded from it before stays in use, and the same content is not
    /// reported again.
    pub(crate) fn poll(&self) -> Result<bool, TlsError> {
        let Loaded { keys, roots, revocations } = self.loaded.as_ref();
        // All are asked before the first error is told, so that one broken file holds up no other.
        let polled = [keys.poll(), roots.poll(), revocations.poll()];
        polled.into_iter().try_fold(false, |changed, one| Ok(changed | one?))
    }

    /// What `/certs` tells: each certificate in use, the workload's with the roots of the mesh, and other roots by themselves.
    pub(crate) fn certificates(&self) -> Vec<CertificateInfo> {
        let mesh = RootSource::Mesh(self.identity.roots.clone());
        let told = |cell: &Arc<Cell<RootSet>>| {
            let roots = cell.get();
            roots
                .as_deref()
                .map(|roots| info::summaries(&roots.path, &roots.certificates))
                .unwrap_or_default()
        };
        let mut roots: BTreeMap<_, _> = self.loaded.roots.all();
        let mut mesh = roots.remove(&mesh).map(|cell| told(&cell)).unwrap_or_default();
        let mut all = Vec::new();
        for (source, cell) in self.loaded.keys.all() {
            let pair = cell.get();
            let Some(pair) = pair.as_deref() else { continue };
            let ca_cert =
                if source == self.identity.workload { std::mem::take(&mut mesh) } else { Vec::new() };
            all.push(CertificateInfo {
                ca_cert,
                cert_chain: info::summaries(&pair.path, &pair.certified.cert),
            });
        }
        let others = roots.values().map(told);
        for ca_cert in [mesh].into_iter().chain(others).filter(|roots| !roots.is_empty()) {
            all.push(CertificateInfo { ca_cert, cert_chain: Vec::new() });
        }
        all
    }

    pub(super) fn key_pair(&self, certificate: &Certificate) -> Result<Arc<Cell<KeyPair>>, TlsError> {
        self.loaded.keys.get(&match certificate {
            Certificate::Workload => self.identity.workload.clone(),
            Certificate::Files { certificate, key } => {
                KeySource { certificate: certificate.into(), key: key.into(), identity: None }
            }
        })
    }

    pub(super) fn roots(&self, roots: &Roots) -> Result<Arc<Cell<RootSet>>, TlsError> {
        self.loaded.roots.get(&match roots {
            Roots::Mesh => RootSource::Mesh(self.identity.roots.clone()),
            Roots::File(path) => RootSource::File(path.into()),
            Roots::System => RootSource::system(),
        })
    }

    pub(super) fn revocations(&self, path: &str) -> Result<Arc<Cell<Revocations>>, TlsError> {
        self.loaded.revocations.get(&path.into())
    }
}

/// Cells of one kind. What no compiled settings use any longer is forgotten.
#[derive(Debug)]
struct Shelf<T: Material>(Mutex<BTreeMap<T::Source, Weak<Cell<T>>>>);

impl<T: Material> Default for Shelf<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Material> Shelf<T> {
    /// The cell of a source, loaded if it is not.
    fn get(&self, source: &T::Source) -> Result<Arc<Cell<T>>, TlsError> {
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = cells.get(source).and_then(Weak::upgrade) {
            return Ok(cell);
        }
        let cell = Cell::load(source)?;
        cells.insert(source.clone(), Arc::downgrade(&cell));
        Ok(cell)
    }

    fn all(&self) -> BTreeMap<T::Source, Arc<Cell<T>>> {
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cells.retain(|_, cell| cell.strong_count() > 0);
        cells.iter().filter_map(|(source, cell)| Some((source.clone(), cell.upgrade()?))).collect()
    }

    fn poll(&self) -> Result<bool, TlsError> {
        let polled: Vec<_> = self.all().values().map(|cell| cell.poll()).collect();
        polled.into_iter().try_fold(false, |changed, one| Ok(changed | one?))
    }
}
