//! Outbound listeners of sidecars, and the parts of TCP chains that gateways share.

pub(crate) mod bind;
pub(crate) mod chain;
mod conflict;
mod inspectors;
mod merge;
pub(crate) mod network_filters;
pub(crate) mod outbound;
mod passthrough;
mod port_chains;
mod request;
mod reserved;
mod shared_port;
mod tcp;
mod tls;
mod unaddressed;
mod virtual_outbound;

pub(crate) use inspectors::inspectors;
pub(crate) use shared_port::sharing;
pub(crate) use tcp::applies;
