//! What the inspectors of a listener read before a chain is chosen.

use meshc_plan::{Inspector, Listener, TransportProtocol};

use crate::call::{Call, CallProtocol, CallTls};
use crate::trace::Inspected;

/// Without the TLS inspector, all connections look like plain ones and state no server name. The HTTP inspector looks only at
/// what the TLS inspector did not recognise.
pub(crate) fn inspect(listener: &Listener, call: &Call) -> Inspected {
    let looks = |inspector: &Option<Inspector>| inspector.as_ref().is_some_and(|one| is_on(one, call.port));
    let is_tls = call.tls != CallTls::Plaintext;
    if is_tls && looks(&listener.filters.tls_inspector) {
        return Inspected {
            transport: TransportProtocol::Tls,
            // Envoy compares server names in lower case.
            server_name: call.server_name.as_deref().unwrap_or_default().to_ascii_lowercase(),
            application_protocols: call.alpn.clone(),
        };
    }
    let http = match call.protocol {
        CallProtocol::Http1 => Some("http/1.1"),
        CallProtocol::Http2 => Some("h2c"),
        CallProtocol::Tcp => None,
    };
    let http = http.filter(|_| !is_tls && looks(&listener.filters.http_inspector));
    Inspected {
        transport: TransportProtocol::RawBuffer,
        server_name: String::new(),
        application_protocols: http.map(str::to_owned).into_iter().collect(),
    }
}

/// Whether an inspector looks at connections to a port.
fn is_on(inspector: &Inspector, port: u16) -> bool {
    let Inspector { disabled_ports, enabled_ports_only } = inspector;
    if enabled_ports_only.is_empty() {
        !disabled_ports.contains(&port)
    } else {
        enabled_ports_only.contains(&port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inspector_is_off_for_stated_ports_or_on_for_stated_ports() {
        let all_but = Inspector { disabled_ports: vec![3306], enabled_ports_only: Vec::new() };
        assert!(is_on(&all_but, 80) && !is_on(&all_but, 3306));
        let only = Inspector { disabled_ports: Vec::new(), enabled_ports_only: vec![8443] };
        assert!(is_on(&only, 8443) && !is_on(&only, 80));
    }
}
