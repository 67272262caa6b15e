//! Endpoints as istiod's registries hand them over, before services get them.

use std::collections::BTreeMap;

use meshc_contract::ServiceRef;

use crate::EndpointFact;

/// One endpoint of one object, for all services of a host and namespace.
#[derive(Debug, Clone)]
pub(super) struct RegisteredEndpoint {
    /// The endpoint, without ports.
    pub(super) fact: EndpointFact,
    /// Port by the name of the service port.
    pub(super) ports: BTreeMap<String, u16>,
    /// Port by the number of the service port, for an endpoint of a ServiceEntry.
    pub(super) ports_by_number: BTreeMap<u16, u16>,
    /// Which object of the host it is from, counted from zero.
    pub(super) source: usize,
}

/// Endpoints by what they serve, in the order in which they are sent.
#[derive(Debug, Default)]
pub(super) struct RegisteredEndpoints {
    by_service: BTreeMap<ServiceRef, Vec<RegisteredEndpoint>>,
}

impl RegisteredEndpoints {
    /// Adds the endpoints that one object has for a service.
    pub(super) fn add(&mut self, service: &ServiceRef, endpoints: Vec<RegisteredEndpoint>) {
        let list = self.by_service.entry(service.clone()).or_default();
        let source = list.last().map_or(0, |last| last.source + 1);
        list.extend(endpoints.into_iter().map(|endpoint| RegisteredEndpoint { source, ..endpoint }));
    }

    /// The endpoints of a service.
    pub(super) fn of(&self, service: &ServiceRef) -> &[RegisteredEndpoint] {
        self.by_service.get(service).map_or(&[], Vec::as_slice)
    }
}
