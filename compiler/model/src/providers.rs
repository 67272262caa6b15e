//! Services that the mesh configuration names as providers (translation-spec §6.6).

use std::sync::Arc;

use crate::{Mesh, Service};

impl Mesh {
    /// The service that a provider names: `<namespace>/<host>`, or a host that only one namespace defines. As in istiod, who sees
    /// the service does not matter.
    #[must_use]
    pub fn service_of_provider(&self, stated: &str) -> Option<&Arc<Service>> {
        match stated.split_once('/') {
            Some((namespace, host)) => {
                let mut services = self.index.by_host.of(host).iter();
                services.find(|service| service.namespace() == namespace)
            }
            None => match self.index.by_host.of(stated) {
                [only] => Some(only),
                _ => None,
            },
        }
    }
}
