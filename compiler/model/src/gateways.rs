//! Which Gateways a gateway workload runs (translation-spec §5.1).

use std::sync::Arc;

use meshc_api::{Resource, istio};

use crate::labels::selects;
use crate::{Mesh, Workload, WorkloadRole};

impl Mesh {
    /// Gateways that a workload runs, oldest first. A Gateway without a selector runs on every gateway workload, one with a
    /// selector on those of all namespaces that it selects, unless istiod is told to stay in the Gateway's own.
    #[must_use]
    pub fn gateways_for(&self, workload: &Workload) -> Vec<Arc<Resource<istio::Gateway>>> {
        if workload.proxy != Some(WorkloadRole::Gateway) {
            return Vec::new();
        }
        let scoped = self.features.scope_gateway_to_namespace;
        let runs = |gateway: &&Arc<Resource<istio::Gateway>>| {
            let selector = &gateway.spec.selector;
            let near = !scoped || selector.is_empty() || gateway.namespace() == workload.namespace();
            near && selects(selector, &workload.labels)
        };
        self.gateways.iter().filter(runs).map(Arc::clone).collect()
    }
}
