//! Which Sidecar object restricts a proxy (translation-spec §2.2.1), and which proxies share a scope.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use meshc_api::{Resource, istio};

use super::{Scope, takes_sidecars};
use crate::labels::{Labels, selects};
use crate::{Mesh, Workload};

/// What a scope depends on. Proxies with equal keys see the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ScopeKey {
    /// Namespace of the proxy; empty for the scope of all namespaces that see nothing but what everybody sees.
    pub(crate) namespace: String,
    /// Index of the Sidecar in the mesh.
    pub(crate) sidecar: Option<usize>,
}

/// Places for the scopes, filled when they are asked for.
pub(crate) type Scopes = BTreeMap<ScopeKey, OnceLock<Arc<Scope>>>;

/// Sidecars by where they count.
#[derive(Debug, Clone, Default)]
pub(crate) struct SidecarIndex {
    /// Those with a selector, by namespace, oldest first.
    selecting: BTreeMap<String, Vec<usize>>,
    /// The oldest one without a selector, by namespace.
    defaults: BTreeMap<String, usize>,
    /// Namespaces that see something that not everybody sees.
    special: BTreeSet<String>,
}

impl SidecarIndex {
    /// Indexes the Sidecars; `special` are the namespaces whose default scope is their own.
    pub(crate) fn new(sidecars: &[Arc<Resource<istio::Sidecar>>], special: BTreeSet<String>) -> Self {
        let mut index = Self { special, ..Self::default() };
        for (position, sidecar) in sidecars.iter().enumerate() {
            let namespace = sidecar.namespace().to_owned();
            if selector(&sidecar.spec).is_some() {
                index.selecting.entry(namespace).or_default().push(position);
            } else {
                index.defaults.entry(namespace).or_insert(position);
            }
        }
        index
    }
}

/// The labels that a Sidecar selects by. An empty selector selects every workload of its namespace, and still before
/// Sidecars without one.
pub(crate) fn selector(sidecar: &istio::Sidecar) -> Option<&Labels> {
    sidecar.workload_selector.as_ref().map(|selector| &selector.labels)
}

/// The scope of a workload's proxy.
pub(crate) fn key(mesh: &Mesh, workload: &Workload) -> ScopeKey {
    let index = &mesh.index.sidecars;
    let namespace = workload.namespace();
    let sidecar = takes_sidecars(workload).then(|| chosen(mesh, index, workload)).flatten();
    let shared = sidecar.is_none() && !index.special.contains(namespace);
    ScopeKey { namespace: if shared { String::new() } else { namespace.to_owned() }, sidecar }
}

/// The Sidecar that restricts a workload's proxy.
pub(crate) fn sidecar_of<'a>(
    mesh: &'a Mesh,
    workload: &Workload,
) -> Option<&'a Arc<Resource<istio::Sidecar>>> {
    key(mesh, workload).sidecar.and_then(|index| mesh.sidecars.get(index))
}

fn chosen(mesh: &Mesh, index: &SidecarIndex, workload: &Workload) -> Option<usize> {
    let namespace = workload.namespace();
    let mut candidates = index.selecting.get(namespace).into_iter().flatten().copied();
    let selecting = candidates.find(|position| {
        let labels = mesh.sidecars.get(*position).and_then(|sidecar| selector(&sidecar.spec));
        labels.is_some_and(|labels| selects(labels, &workload.labels))
    });
    let default = |namespace: &str| index.defaults.get(namespace).copied();
    selecting.or_else(|| default(namespace)).or_else(|| default(&mesh.config.root_namespace))
}
