//! From the mesh to what every proxy is told.
//!
//! Enters: a resolved `Mesh`, and the resources that it was made of. Leaves: a `Plan`, the objects that Kubernetes still
//! needs with what injection does to their pods, and findings about what cannot be told, or means something else than it
//! says. Must not know: YAML, files, clocks, how a target spells a name or a message, or which target it is.

mod bootstrap;
mod context;
mod gateway;
mod http;
mod identity;
mod inbound;
mod kubernetes;
mod listener;
mod proxy;
mod security;
mod shared;
mod telemetry;
mod upstream;
mod workload_labels;

use std::collections::BTreeMap;

use meshc_diagnostics::Diagnostics;
use meshc_model::Mesh;
use meshc_plan::{HeadlessService, Plan};

pub use kubernetes::manifests;
pub use upstream::{SubsetOfRule, headless_service_name};

/// Compiles a mesh: one plan for each workload that has a proxy, the identities that they present, and the Services
/// that have to exist so that the names in the plan resolve.
///
/// Total: what cannot be translated becomes a finding and an explicit node that refuses traffic.
pub fn lower(mesh: &Mesh, diags: &mut Diagnostics) -> Plan {
    telemetry::check(mesh, diags);
    let mut shared = shared::Shared::of(mesh);
    let mut headless: BTreeMap<(String, String), HeadlessService> = BTreeMap::new();
    let mut proxies = BTreeMap::new();
    for workload in mesh.workloads.values() {
        if let Some(proxy) = proxy::proxy(mesh, workload, &mut shared, &mut headless, diags) {
            proxies.insert(workload.reference.clone(), proxy);
        }
    }
    Plan {
        identities: identity::identities(proxies.values()),
        proxies,
        headless_services: headless.into_values().collect(),
    }
}
