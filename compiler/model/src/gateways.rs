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

#[cfg(test)]
mod tests {
    use crate::fixture::{deployment, istio, resolve};

    #[test]
    fn a_gateway_runs_on_the_workloads_that_it_selects_in_all_namespaces() {
        let gateway = |name: &str, selector: &str| {
            let servers = "servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]";
            istio("networking", "Gateway", "shop", name, &format!("{{{selector} {servers}}}"))
        };
        let fixture = resolve(
            &[
                deployment("edge", "gate").replace("labels: {app", "labels: {istio: ingressgateway, app"),
                deployment("shop", "web"),
                gateway("a", "selector: {istio: ingressgateway},"),
                gateway("b", "selector: {istio: egressgateway},"),
                gateway("c", ""),
            ]
            .concat(),
        );
        let names = |workload: &str| -> Vec<String> {
            let gateways = fixture.mesh.gateways_for(fixture.workload(workload));
            gateways.iter().map(|gateway| gateway.name().to_owned()).collect()
        };
        assert_eq!(names("edge.gate"), ["a", "c"]);
        assert_eq!(names("shop.web"), Vec::<String>::new());
    }
}
