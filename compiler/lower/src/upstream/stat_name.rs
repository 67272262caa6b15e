//! Names of upstreams in statistics: `outboundClusterStatName` and `inboundClusterStatName` of the mesh configuration
//! (translation-spec §3.2, §8.7).

use meshc_model::{Registry, Service, ServicePort};

/// What a pattern is expanded with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StatName<'a> {
    /// The service.
    pub(crate) service: &'a Service,
    /// Its port.
    pub(crate) port: &'a ServicePort,
    /// The subset, if any.
    pub(crate) subset: Option<&'a str>,
    /// Port of the application, inbound only.
    pub(crate) target_port: Option<u16>,
}

impl StatName<'_> {
    /// Expands a pattern such as `%SERVICE%_%SERVICE_PORT%`; unknown words stay.
    pub(crate) fn expand(&self, pattern: &str) -> String {
        let host = &self.service.reference.host;
        let short = match self.service.registry {
            Registry::Kubernetes => format!("{}.{}", self.service.name, self.service.reference.namespace),
            Registry::External => host.clone(),
        };
        let target_port = self.target_port.map(|port| port.to_string()).unwrap_or_default();
        pattern
            .replace("%SERVICE%", &short)
            .replace("%SERVICE_NAME%", &self.service.name)
            .replace("%SERVICE_FQDN%", host)
            .replace("%SUBSET_NAME%", self.subset.unwrap_or_default())
            .replace("%TARGET_PORT%", &target_port)
            .replace("%SERVICE_PORT%", &self.port.number.to_string())
            .replace("%SERVICE_PORT_NAME%", &self.port.name)
    }

    /// The name that a pattern gives an upstream; `None` without a pattern, so that the upstream's own name is used.
    pub(crate) fn of(&self, pattern: &str) -> Option<String> {
        (!pattern.is_empty()).then(|| format!("{};", self.expand(pattern)))
    }
}
