//! Ports of a gateway that the process of its proxy needs.

use meshc_diagnostics::{Diagnostic, codes};
use meshc_plan::BindAddress;

use super::listener::bind;
use super::merge::ServerGroup;
use super::servers::GatewayServer;
use crate::context::ProxyContext;
use crate::proxy::is_own_port;

/// Whether the process of the proxy itself is where servers want to be.
pub(super) fn is_taken(cx: &ProxyContext<'_>, group: &ServerGroup) -> bool {
    let bind = bind(cx, group);
    let at_wildcard = matches!(bind.address, BindAddress::Ip(address) if address.is_unspecified());
    at_wildcard && is_own_port(cx, bind.port)
}

/// The finding about a server that is left out for that.
pub(super) fn finding(server: &GatewayServer) -> Diagnostic {
    let path = server.path();
    let message = format!("gateways cannot listen on port {}: the proxy needs the port itself", server.port);
    Diagnostic::new(&codes::RESERVED_PORT, message)
        .at(server.gateway.span(&path), "")
        .consequence("the gateway does not listen for the server")
        .help("give the server another port, or let the Service lead its port to another one of the gateway")
        .about(server.gateway.object_ref(), path)
}
