//! What every pass over one proxy reads.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use meshc_model::{Mesh, Scope, Service, Workload};

/// The proxy that is compiled: the mesh, the workload that it serves, and what of the mesh it sees. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct ProxyContext<'a> {
    /// The whole mesh.
    pub(crate) mesh: &'a Mesh,
    /// The workload that the proxy serves.
    pub(crate) workload: &'a Workload,
    /// What it sees (translation-spec §2.2); for gateways everything that is exported to their namespace.
    pub(crate) scope: Arc<Scope>,
    /// Headless Services that share a port and an upstream, by port; found when they are asked for, since listeners and upstreams
    /// ask for each of their ports.
    pub(crate) sharing: Arc<OnceLock<BTreeMap<u16, Vec<Arc<Service>>>>>,
}
