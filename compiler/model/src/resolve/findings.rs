//! What is wrong between objects: references to nothing, and objects that lose against others.

mod absorbed;
mod contested_host;
mod delegates;
mod destinations;
mod duplicate_host;
mod joined_entries;
mod overridden_rule;
mod selected_twice;
mod superseded;
mod unknown_gateway;
mod unknown_host;
mod unknown_subset;

use std::sync::Arc;

use meshc_api::{Resource, istio};
use meshc_diagnostics::{Diagnostics, Origin, Span};

use super::delegates::Dropped;
use crate::{Mesh, Service};

/// What findings are about.
pub(super) struct Checked<'a> {
    /// The mesh.
    pub(super) mesh: &'a Mesh,
    /// One service for each object, host and address, in istiod's order.
    pub(super) registry: &'a [Arc<Service>],
    /// All VirtualServices with full names, delegates among them, before their rules are moved; so that every rule is where
    /// it is written.
    pub(super) written: &'a [Arc<Resource<istio::VirtualService>>],
    /// Delegations that lead to nothing.
    pub(super) dropped: &'a [Dropped],
}

/// Reports all findings.
pub(super) fn report(checked: &Checked<'_>, diagnostics: &mut Diagnostics) {
    unknown_host::report(checked, diagnostics);
    unknown_subset::report(checked, diagnostics);
    unknown_gateway::report(checked, diagnostics);
    delegates::report(checked, diagnostics);
    duplicate_host::report(checked.mesh, diagnostics);
    contested_host::report(checked.mesh, diagnostics);
    joined_entries::report(checked.registry, diagnostics);
    superseded::report(checked.mesh, diagnostics);
    selected_twice::report(checked.mesh, diagnostics);
    overridden_rule::report(checked.mesh, diagnostics);
    absorbed::report(checked.mesh, diagnostics);
}

/// Where something that a person wrote stands.
fn place(origin: &Origin) -> Option<Span> {
    match origin {
        Origin::Declared { span, .. } => Some(*span),
        Origin::Default { .. } => None,
    }
}
