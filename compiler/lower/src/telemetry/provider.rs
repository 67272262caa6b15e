//! Providers of the mesh configuration by name, and the services behind them (translation-spec §6.6).

use std::collections::BTreeSet;
use std::sync::Arc;

use meshc_api::mesh_config::{ExtensionProvider, MeshConfig, ProviderHeader};
use meshc_model::{Mesh, Service};
use meshc_plan::{Collector, UpstreamName};

use crate::context::ProxyContext;

/// The provider of a name, whose case does not matter to istiod.
pub(super) fn named<'m>(config: &'m MeshConfig, name: &str) -> Option<&'m ExtensionProvider> {
    config.extension_providers.iter().find(|provider| provider.name.eq_ignore_ascii_case(name))
}

/// Where a provider is; `None` where no service of the mesh is meant.
pub(super) fn collector(mesh: &Mesh, service: &str, port: u32) -> Option<Collector> {
    let host = mesh.service_of_provider(service)?.host().to_owned();
    let upstream =
        UpstreamName::Outbound { port: u16::try_from(port).ok()?, subset: None, host: host.clone() };
    Some(Collector { upstream, host })
}

/// Headers of reports. What stands in the environment of istiod is not known here, and told by [`check`](super::check()).
pub(super) fn headers(stated: &[ProviderHeader]) -> Vec<(String, String)> {
    stated.iter().filter_map(|header| Some((header.name.clone(), header.value.clone()?))).collect()
}

/// A service that a provider names, with its port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NamedService<'m> {
    /// `<host>` or `<namespace>/<host>`.
    pub(super) service: &'m str,
    /// Port.
    pub(super) port: u32,
    /// Whether it is spoken to by gRPC.
    pub(super) grpc: bool,
}

/// Services that reports of a provider go to.
pub(super) fn services(provider: &ExtensionProvider) -> Vec<NamedService<'_>> {
    let one = |service, port, grpc| NamedService { service, port, grpc };
    let mut found = Vec::new();
    if let Some(kind) = &provider.zipkin {
        found.push(one(&kind.service, kind.port, false));
    }
    if let Some(kind) = &provider.datadog {
        found.push(one(&kind.service, kind.port, false));
    }
    if let Some(kind) = &provider.skywalking {
        found.push(one(&kind.service, kind.port, true));
    }
    if let Some(kind) = &provider.opentelemetry {
        found.push(one(&kind.service, kind.port, kind.http.is_none()));
        let sampler = kind.dynatrace_sampler.as_ref().and_then(|sampler| sampler.http_service.as_ref());
        found.extend(sampler.map(|sampler| one(sampler.service.as_str(), sampler.port, false)));
    }
    if let Some(kind) = &provider.envoy_http_als {
        found.push(one(&kind.service, kind.port, true));
    }
    if let Some(kind) = &provider.envoy_tcp_als {
        found.push(one(&kind.service, kind.port, true));
    }
    if let Some(kind) = &provider.envoy_otel_als {
        found.push(one(&kind.service, kind.port, true));
    }
    found
}

/// The providers that are in use without a Telemetry object: all default providers of logs, and the first one of traces.
pub(super) fn in_use(config: &MeshConfig) -> impl Iterator<Item = &ExtensionProvider> {
    let defaults = config.default_providers.as_ref();
    let logs = defaults.map(|defaults| defaults.access_logging.as_slice()).unwrap_or_default();
    let tracer = defaults.and_then(|defaults| defaults.tracing.first());
    logs.iter().chain(tracer).filter_map(|name| named(config, name))
}

/// Services that the proxy reports to and does not see otherwise, with the ports that it reports to.
pub(crate) fn collector_services(cx: &ProxyContext<'_>) -> Vec<Arc<Service>> {
    let wanted: BTreeSet<NamedService<'_>> = in_use(&cx.mesh.config).flat_map(services).collect();
    let mut unseen: Vec<Arc<Service>> = Vec::new();
    for NamedService { service, port, grpc: _ } in wanted {
        let Some(service) = cx.mesh.service_of_provider(service) else { continue };
        let Some(port) = service.ports.iter().find(|known| u32::from(known.number) == port) else { continue };
        let seen = cx.scope.service(service.host());
        if seen.is_some_and(|seen| seen.port(port.number).is_some()) {
            continue;
        }
        let known = unseen.iter_mut().find(|known| known.host() == service.host());
        match known.map(Arc::make_mut) {
            Some(known) if known.port(port.number).is_none() => known.ports.push(port.clone()),
            Some(_) => {}
            None => unseen.push(Arc::new(Service { ports: vec![port.clone()], ..Service::clone(service) })),
        }
    }
    unseen
}
