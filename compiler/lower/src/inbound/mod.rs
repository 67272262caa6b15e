//! What a sidecar does with traffic to its application (translation-spec §4).

mod chains;
mod contested;
mod inspectors;
mod matching;
mod passthrough;
mod ports;
mod route;
mod sidecar_ingress;
mod tls;
mod virtual_inbound;

pub(crate) use ports::{InboundPort, inbound_ports};
pub(crate) use sidecar_ingress::{ApplicationEndpoint, default_endpoint};
pub(crate) use virtual_inbound::listeners;
