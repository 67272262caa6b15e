//! What every pass over one proxy reads.

use std::sync::Arc;

use meshc_model::{Mesh, Scope, Workload};

/// The proxy that is compiled: the mesh, the workload that it serves, and what of the mesh it sees. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct ProxyContext<'a> {
    /// The whole mesh.
    pub(crate) mesh: &'a Mesh,
    /// The workload that the proxy serves.
    pub(crate) workload: &'a Workload,
    /// What it sees (translation-spec §2.2); for gateways everything that is exported to their namespace.
    pub(crate) scope: Arc<Scope>,
}
