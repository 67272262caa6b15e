//! Connections that two chains of a listener would take. Envoy refuses such a listener as a whole, so the first chain keeps
//! them: `ns-a/x.example` and `ns-b/x.example` are two hosts for istiod, but one server name.

use std::collections::BTreeSet;
use std::net::IpAddr;

use meshc_diagnostics::{Diagnostic, Diagnostics, Origin, codes};
use meshc_plan::{ChainMatch, FilterChain, TransportProtocol};

/// One way into a chain; an absent part matches everything.
type Entrance = (Option<u16>, Option<(IpAddr, u8)>, String, Option<TransportProtocol>, String);

/// Takes from each chain the connections that an earlier one takes, and reports it.
pub(super) fn first_wins(chains: Vec<FilterChain>, diags: &mut Diagnostics) -> Vec<FilterChain> {
    let mut taken: BTreeSet<Entrance> = BTreeSet::new();
    let mut kept = Vec::with_capacity(chains.len());
    for mut chain in chains {
        let names = or_any(&chain.matches.server_names);
        let (free, lost): (Vec<String>, Vec<String>) = names
            .into_iter()
            .partition(|name| entrances(&chain.matches, name).all(|way| !taken.contains(&way)));
        if !lost.is_empty() {
            diags.push(overlap(&chain.origin, &lost));
        }
        if free.is_empty() {
            continue;
        }
        for name in &free {
            taken.extend(entrances(&chain.matches, name));
        }
        chain.matches.server_names = free.into_iter().filter(|name| !name.is_empty()).collect();
        kept.push(chain);
    }
    kept
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
    let finding = Diagnostic::new(&codes::GATEWAY_SERVER_CONFLICT, message)
        .consequence(
            "they get what the earlier server does with them; with istiod, Envoy refuses the whole listener",
        )
        .help("let every host stand at one server of a port, whatever its namespace");
    match origin {
        Origin::Declared { object, span } => finding.at(*span, "").about(object.clone(), ""),
        Origin::Default { .. } => finding,
    }
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

    fn left(chains: Vec<FilterChain>) -> (Vec<Vec<String>>, usize) {
        let mut diags = Diagnostics::new();
        let kept = first_wins(chains, &mut diags);
        (kept.into_iter().map(|chain| chain.matches.server_names).collect(), diags.into_sorted().len())
    }

    #[test]
    fn the_first_chain_keeps_a_name_and_the_others_keep_the_rest() {
        let (names, findings) =
            left(vec![chain(&["a", "b"], &[]), chain(&["B", "c"], &[]), chain(&["a"], &[])]);
        assert_eq!((names, findings), (vec![vec!["a".into(), "b".into()], vec!["c".into()]], 2));
    }

    #[test]
    fn chains_that_envoy_can_tell_apart_stay() {
        let chains = vec![chain(&["a"], &["h2"]), chain(&["a"], &[]), chain(&[], &[]), chain(&["*.a"], &[])];
        assert_eq!(left(chains).1, 0);
        assert_eq!(left(vec![chain(&[], &[]), chain(&[], &[])]), (vec![vec![]], 1));
    }
}
