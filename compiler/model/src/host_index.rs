//! Services by host and namespace.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{Registry, Service};

/// For each host, the service of each namespace that defines it: the first one, unless a later one is a Kubernetes Service
/// and the first is none.
#[derive(Debug, Clone, Default)]
pub(crate) struct HostIndex {
    hosts: BTreeMap<String, Vec<Arc<Service>>>,
}

impl HostIndex {
    /// Indexes services in the order of istiod.
    pub(crate) fn new<'a>(services: impl IntoIterator<Item = &'a Arc<Service>>) -> Self {
        let mut index = Self::default();
        for service in services {
            let list = index.hosts.entry(service.host().to_owned()).or_default();
            match list.iter_mut().find(|other| other.namespace() == service.namespace()) {
                Some(other)
                    if other.registry != Registry::Kubernetes && service.registry == Registry::Kubernetes =>
                {
                    *other = Arc::clone(service);
                }
                Some(_) => {}
                None => list.push(Arc::clone(service)),
            }
        }
        index
    }

    /// All services of a host, oldest first, one for each namespace.
    pub(crate) fn of(&self, host: &str) -> &[Arc<Service>] {
        self.hosts.get(host).map_or(&[], Vec::as_slice)
    }

    /// The service that a proxy of a namespace means by a host: its own namespace's, else the oldest Kubernetes Service
    /// that it sees, else the oldest other service that it sees.
    pub(crate) fn best_for(&self, host: &str, namespace: &str) -> Option<&Arc<Service>> {
        let all = self.of(host);
        let own = all.iter().find(|service| service.namespace() == namespace);
        let visible = || all.iter().filter(|service| is_visible(service, namespace));
        own.or_else(|| visible().find(|service| service.registry == Registry::Kubernetes))
            .or_else(|| visible().next())
    }

    /// Whether a namespace defines a host that another one defines too.
    pub(crate) fn contested(&self) -> impl Iterator<Item = &Arc<Service>> {
        self.hosts.values().filter(|list| list.len() > 1).flatten()
    }
}

/// Whether a namespace sees a service.
pub(crate) fn is_visible(service: &Service, namespace: &str) -> bool {
    service.export_to.contains("*") || service.export_to.contains(namespace)
}
