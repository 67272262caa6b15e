//! Connections that two chains of a listener would take: `ns-a/x.example` and `ns-b/x.example` are two hosts for istiod, but one
//! server name. istiod sends both, and Envoy refuses such a listener as a whole, so this is an error.

use std::collections::BTreeSet;
use std::net::IpAddr;

use meshc_diagnostics::{Diagnostic, Diagnostics, Origin, codes};
use meshc_plan::{ChainMatch, FilterChain, TransportProtocol};

/// One way into a chain; an absent part matches everything.
type Entrance = (Option<u16>, Option<(IpAddr, u8)>, String, Option<TransportProtocol>, String);

/// Reports each chain that takes connections which an earlier one takes.
pub(super) fn report(chains: &[FilterChain], diags: &mut Diagnostics) {
    let mut taken: BTreeSet<Entrance> = BTreeSet::new();
    for chain in chains {
        let mut lost = Vec::new();
        for name in or_any(&chain.matches.server_names) {
            // Both are asked for every entrance, so that what is left of a name counts for the chains that follow.
            let twice = entrances(&chain.matches, &name).filter(|way| !taken.insert(way.clone())).count();
            if twice > 0 {
                lost.push(name);
            }
        }
        if !lost.is_empty() {
            diags.push(overlap(&chain.origin, &lost));
        }
    }
}

fn or_any(values: &[String]) -> Vec<String> {
    if values.is_empty() { vec![String::new()] } else { values.to_vec() }
}

fn entrances<'a>(matches: &'a ChainMatch, name: &'a str) -> impl Iterator<Item = Entrance> + 'a {
    let networks: Vec<Option<(IpAddr, u8)>> = match matches.destination_networks.as_slice() {
        [] => vec![None],
        networks => networks.iter().copied().map(Some).collect(),
    };
    networks.into_iter().flat_map(move |network| {
        or_any(&matches.application_protocols).into_iter().map(move |alpn| {
            (matches.destination_port, network, name.to_lowercase(), matches.transport_protocol, alpn)
        })
    })
}

fn overlap(origin: &Origin, names: &[String]) -> Diagnostic {
    let names: Vec<String> = names
        .iter()
        .map(|name| if name.is_empty() { "any server name".to_owned() } else { format!("`{name}`") })
        .collect();
    let message = format!("an earlier server of the port takes connections for {}", names.join(", "));
    let finding = Diagnostic::new(&codes::GATEWAY_SERVERS_OVERLAP, message)
        .consequence("Envoy refuses the whole listener, and with it every other host of the port")
        .help("let every host stand at one server of a port, whatever its namespace");
    finding.at_origin(origin, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(names: &[&str], alpn: &[&str]) -> FilterChain {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        FilterChain {
            name: None,
            matches: ChainMatch {
                server_names: owned(names),
                application_protocols: owned(alpn),
                ..ChainMatch::default()
            },
            tls: None,
            filters: Vec::new(),
            config: None,
            handshake_timeout: None,
            origin: Origin::Default { rule: "test" },
        }
    }

    fn findings(chains: &[FilterChain]) -> usize {
        let mut diags = Diagnostics::new();
        report(chains, &mut diags);
        diags.into_sorted().len()
    }

    #[test]
    fn each_chain_that_an_earlier_one_overlaps_is_reported() {
        let chains = [chain(&["a", "b"], &[]), chain(&["B", "c"], &[]), chain(&["a"], &[])];
        assert_eq!(findings(&chains), 2);
        assert_eq!(findings(&[chain(&[], &[]), chain(&[], &[])]), 1);
    }

    #[test]
    fn chains_that_envoy_can_tell_apart_are_not() {
        let chains = [chain(&["a"], &["h2"]), chain(&["a"], &[]), chain(&[], &[]), chain(&["*.a"], &[])];
        assert_eq!(findings(&chains), 0);
    }
}
