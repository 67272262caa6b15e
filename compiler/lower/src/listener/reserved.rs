//! Ports that no outbound listener may have (translation-spec §2.3).

use meshc_diagnostics::{Diagnostic, Diagnostics, codes};

use super::bind::Binding;
use super::outbound::Draft;
use crate::context::ProxyContext;
use crate::proxy::is_reserved_port;

/// First port that everybody may bind.
const FIRST_UNPRIVILEGED: u16 = 1024;

/// Whether a listener may be at a place; otherwise a diagnostic says why not. `stated` is the address that an egress listener
/// states.
pub(super) fn may_listen(
    cx: &ProxyContext<'_>,
    draft: &Draft<'_>,
    stated: Option<&Binding>,
    binding: &Binding,
    diags: &mut Diagnostics,
) -> bool {
    let port = draft.port.number;
    if draft.binds_port && port < FIRST_UNPRIVILEGED && port != 0 && !cx.workload.privileged_ports {
        diags.push(refused(draft, "the proxy may not bind ports below 1024"));
        return false;
    }
    // istiod does not ask where services for bytes end up. Envoy would refuse all of what is compiled for it, not one listener.
    let asked = stated.is_some() || draft.port.protocol.is_http() || cx.mesh.options.reserve_own_ports;
    if asked && binding.is_wildcard() && is_reserved_port(cx, port) {
        diags.push(refused(draft, "the proxy needs the port itself"));
        return false;
    }
    true
}

fn refused(draft: &Draft<'_>, reason: &str) -> Diagnostic {
    let (service, port) = (draft.service, draft.port.number);
    let message = format!("sidecars cannot listen on port {port} of `{}`: {reason}", service.host());
    let finding = Diagnostic::new(&codes::RESERVED_PORT, message)
        .consequence("requests to the port are not routed; they follow the outbound traffic policy")
        .help("give the service another port");
    super::conflict::at_service(finding, service)
}
