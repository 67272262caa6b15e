//! Ports that no outbound listener may have (translation-spec §2.3).

use meshc_diagnostics::{Diagnostic, Diagnostics, codes};

use super::bind::Binding;
use super::outbound::Draft;
use crate::context::ProxyContext;
use crate::proxy::is_reserved_port;

/// First port that everybody may bind.
const FIRST_UNPRIVILEGED: u16 = 1024;

/// Whether a listener may be there; otherwise a diagnostic says why not.
pub(super) fn may_listen(
    cx: &ProxyContext<'_>,
    draft: &Draft<'_>,
    binding: Option<&Binding>,
    diags: &mut Diagnostics,
) -> bool {
    let port = draft.port.number;
    if draft.binds_port && port < FIRST_UNPRIVILEGED && port != 0 && !cx.workload.privileged_ports {
        diags.push(refused(draft, "the proxy may not bind ports below 1024"));
        return false;
    }
    let at_wildcard = match binding {
        Some(binding) => binding.is_wildcard(),
        None => draft.port.protocol.is_http(),
    };
    if at_wildcard && is_reserved_port(cx, port) {
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
