//! Kubernetes Services that exist only so that DNS answers with the addresses of pods.

use std::collections::BTreeMap;

use meshc_contract::ServiceRef;
use meshc_diagnostics::Origin;

/// A generated Service without a cluster IP and without ports: its name resolves to the ready pods that it selects.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadlessService {
    /// Namespace: that of the pods, since selectors do not cross namespaces.
    pub namespace: String,
    /// `metadata.name`, a DNS label that starts with `mc-`.
    pub name: String,
    /// Labels of the pods.
    pub selector: BTreeMap<String, String>,
    /// The service whose pods it finds.
    pub service: ServiceRef,
    /// The subset that it is narrowed to.
    pub subset: Option<String>,
    /// The Service or the DestinationRule that asks for it.
    pub origin: Origin,
}
