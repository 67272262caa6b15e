//! What an outbound listener is asked for: one port of one service at one place.

use std::sync::Arc;

use meshc_api::Resource;
use meshc_api::istio::VirtualService;
use meshc_model::{Protocol, Resolution, Service, is_wildcard};
use meshc_plan::UpstreamName;

use super::bind::{Binding, Network};
use super::network_filters::ChainPort;

/// A port as a listener sees it: that of a service, or that of a Sidecar's egress listener.
#[derive(Debug, Clone)]
pub(super) struct Port {
    pub(super) number: u16,
    pub(super) name: String,
    pub(super) protocol: Protocol,
}

/// One port of one service at one place.
#[derive(Debug, Clone)]
pub(super) struct Request<'a> {
    pub(super) service: &'a Service,
    pub(super) port: Port,
    pub(super) binding: Binding,
    /// Blocks of addresses that the service is told by, where it has no address of its own.
    pub(super) networks: Vec<Network>,
    /// Whether the listener binds its port.
    pub(super) binds_port: bool,
    /// Whether no other service has connections at the place, so that nothing has to tell them apart.
    pub(super) alone: bool,
    /// VirtualServices that the egress listener imports.
    pub(super) virtual_services: &'a [Arc<Resource<VirtualService>>],
}

impl Request<'_> {
    pub(super) fn chain_port(&self) -> ChainPort<'_> {
        ChainPort { number: self.port.number, name: &self.port.name, protocol: self.port.protocol }
    }

    /// The upstream and port of a service whose endpoints are found at run time, by the name that a client asks for.
    pub(super) fn dynamic(&self) -> Option<(UpstreamName, u16)> {
        let dynamic = self.service.resolution == Resolution::DynamicDns && is_wildcard(self.service.host());
        dynamic.then(|| (self.upstream(), self.port.number))
    }

    /// The upstream of the port.
    pub(super) fn upstream(&self) -> UpstreamName {
        let host = self.service.host().to_owned();
        UpstreamName::Outbound { port: self.port.number, subset: None, host }
    }
}
