//! The ports on which a sidecar takes traffic for its application: those that Services lead to, or those that the ingress
//! listeners of a Sidecar state (translation-spec §3.12, §4.2).

use std::collections::BTreeMap;

use meshc_api::istio::ConnectionPoolSettings;
use meshc_diagnostics::{Diagnostics, Origin};
use meshc_model::{Interception, Protocol, Service, ServicePort, ServiceTarget};

use super::contested;
use super::sidecar_ingress::{self, IngressListener};
use crate::context::ProxyContext;

/// One port of the application.
#[derive(Debug, Clone)]
pub(crate) struct InboundPort<'a> {
    /// Port that is matched and that names the upstream: the target port, or the port of the ingress listener.
    pub(crate) number: u16,
    /// Port of the service as clients see it.
    pub(crate) service_port: ServicePort,
    /// The service that leads here first; `None` for an ingress listener that no service leads to.
    pub(crate) service: Option<&'a Service>,
    /// All services that lead here by the same service port, the first one included, each host once.
    pub(crate) services: Vec<&'a Service>,
    /// The ingress listener that states it.
    pub(crate) ingress: Option<IngressListener>,
    /// Limits that a Sidecar states for it in place of those of a DestinationRule.
    pub(crate) sidecar_pool: Option<ConnectionPoolSettings>,
    /// Why it exists.
    pub(crate) origin: Origin,
}

impl InboundPort<'_> {
    /// Protocol that is spoken on it.
    pub(crate) fn protocol(&self) -> Protocol {
        self.service_port.protocol
    }
}

/// The ports of a sidecar, ascending.
pub(crate) fn inbound_ports<'a>(cx: &ProxyContext<'a>, diags: &mut Diagnostics) -> Vec<InboundPort<'a>> {
    let mut ports: BTreeMap<u16, InboundPort<'a>> = BTreeMap::new();
    let ingress = sidecar_ingress::listeners(cx, diags);
    let has_ingress = !ingress.is_empty();
    for listener in ingress {
        ports.entry(listener.port.number).or_insert_with(|| of_ingress(cx, listener));
    }
    let merge = cx.mesh.features.allow_sidecar_service_inbound_listener_merge;
    // Without capture the application itself listens on the ports of its Services; the proxy cannot bind them too.
    if (!has_ingress || merge) && cx.workload.interception != Interception::None {
        for (number, targets) in by_target_port(cx.workload) {
            if let Some((first, others)) = targets.split_first() {
                ports.entry(number).or_insert_with(|| of_services(cx, first, others, diags));
            }
        }
    }
    ports.into_values().collect()
}

fn by_target_port(workload: &meshc_model::Workload) -> BTreeMap<u16, Vec<&ServiceTarget>> {
    let mut ports: BTreeMap<u16, Vec<&ServiceTarget>> = BTreeMap::new();
    // Ports for UDP are here too: istiod takes TCP connections to their numbers as it takes those to any port of a Service.
    for target in &workload.targets {
        ports.entry(target.target_port).or_default().push(target);
    }
    ports
}

fn of_services<'a>(
    cx: &ProxyContext<'_>,
    first: &'a ServiceTarget,
    others: &[&'a ServiceTarget],
    diags: &mut Diagnostics,
) -> InboundPort<'a> {
    let mut services: Vec<&Service> = Vec::new();
    for target in std::iter::once(first).chain(others.iter().copied()) {
        // Traffic to a service outside of the mesh has no service that metrics could name.
        let told = target.port.number == first.port.number && !first.service.mesh_external;
        if told && !services.iter().any(|service| service.host() == target.service.host()) {
            services.push(&target.service);
        }
    }
    contested::report(cx, first, others, diags);
    InboundPort { services, ..of_service(cx, first) }
}

/// The port as the service has it that leads here first.
pub(super) fn of_service<'a>(cx: &ProxyContext<'_>, first: &'a ServiceTarget) -> InboundPort<'a> {
    InboundPort {
        number: first.target_port,
        service_port: first.port.clone(),
        services: vec![&*first.service],
        service: Some(&first.service),
        ingress: None,
        sidecar_pool: sidecar_ingress::inbound_pool(cx),
        origin: first.service.origin.clone(),
    }
}

fn of_ingress<'a>(cx: &ProxyContext<'a>, listener: IngressListener) -> InboundPort<'a> {
    let leads_here = |target: &&ServiceTarget| target.target_port == listener.port.number;
    let service = cx.workload.targets.iter().find(leads_here).map(|target| &*target.service);
    InboundPort {
        number: listener.port.number,
        service_port: listener.port.clone(),
        services: service.into_iter().collect(),
        service,
        sidecar_pool: listener.connection_pool.clone().or_else(|| sidecar_ingress::inbound_pool(cx)),
        origin: listener.origin.clone(),
        ingress: Some(listener),
    }
}
