//! Which ports the TLS and HTTP inspectors look at: an inspector waits for the client to speak, which a protocol whose
//! server speaks first would never do (translation-spec §4.1).

use std::collections::BTreeMap;

use meshc_plan::{FilterChain, Inspector, TransportProtocol};

/// What the chains of one port depend on.
#[derive(Debug, Clone, Copy, Default)]
struct Needs {
    tls: bool,
    http: bool,
}

/// The TLS and the HTTP inspector that chains need; port 0 stands for all ports without chains of their own.
pub(super) fn inspectors(chains: &[FilterChain]) -> (Option<Inspector>, Option<Inspector>) {
    let mut ports: BTreeMap<u16, Needs> = BTreeMap::new();
    for chain in chains {
        let needs = ports.entry(chain.matches.destination_port.unwrap_or(0)).or_default();
        needs.tls |= chain.matches.transport_protocol == Some(TransportProtocol::Tls);
        needs.http |= chain
            .matches
            .application_protocols
            .iter()
            .any(|name| matches!(name.as_str(), "http/1.1" | "h2c"));
    }
    let which = |wanted: bool, need: fn(&Needs) -> bool| {
        ports.iter().filter(|(_, needs)| need(needs) == wanted).map(|(port, _)| *port).collect::<Vec<_>>()
    };
    let tls_ports = which(true, |needs| needs.tls);
    let tls = match tls_ports.first() {
        None => None,
        Some(0) => {
            Some(Inspector { disabled_ports: which(false, |needs| needs.tls), ..Inspector::default() })
        }
        Some(_) => Some(Inspector { enabled_ports_only: tls_ports, ..Inspector::default() }),
    };
    let needed = ports.values().any(|needs| needs.http);
    let http = needed
        .then(|| Inspector { disabled_ports: which(false, |needs| needs.http), ..Inspector::default() });
    (tls, http)
}

#[cfg(test)]
mod tests {
    use meshc_diagnostics::Origin;
    use meshc_plan::ChainMatch;

    use super::*;

    fn chain(port: Option<u16>, tls: bool, alpn: &[&str]) -> FilterChain {
        FilterChain {
            name: None,
            matches: ChainMatch {
                destination_port: port,
                transport_protocol: Some(if tls {
                    TransportProtocol::Tls
                } else {
                    TransportProtocol::RawBuffer
                }),
                application_protocols: alpn.iter().map(|name| (*name).to_owned()).collect(),
                ..ChainMatch::default()
            },
            tls: None,
            filters: Vec::new(),
            config: None,
            handshake_timeout: None,
            origin: Origin::Default { rule: "test" },
        }
    }

    #[test]
    fn inspectors_are_off_where_no_chain_depends_on_them() {
        let chains = [chain(Some(15006), false, &[]), chain(None, true, &[]), chain(None, false, &["h2c"])];
        let (tls, http) = inspectors(&chains);
        assert_eq!(tls.map(|inspector| inspector.disabled_ports), Some(vec![15006]));
        assert_eq!(http.map(|inspector| inspector.disabled_ports), Some(vec![15006]));
    }

    #[test]
    fn a_port_that_insists_on_tls_among_others_that_do_not_is_looked_at_alone() {
        let chains = [chain(None, false, &[]), chain(Some(8443), true, &[])];
        let (tls, http) = inspectors(&chains);
        assert_eq!(tls.map(|inspector| inspector.enabled_ports_only), Some(vec![8443]));
        assert!(http.is_none());
    }
}
