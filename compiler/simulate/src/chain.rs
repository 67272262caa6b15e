//! The filter chain of a connection: Envoy's sieve.
//!
//! Criteria are looked at one after the other: destination port, destination address, server name, transport protocol,
//! application protocol. Each keeps the chains whose criterion is the most specific one that matches, and nothing comes back:
//! a chain for a longer prefix that fails at the server name hides one for a shorter prefix that would not.

use std::net::IpAddr;

use meshc_plan::{FilterChain, Listener, ProxyPlan, TransportProtocol};

use crate::call::{Call, Dialled};
use crate::tls;
use crate::trace::{Inspected, Step};
use crate::verdict::{Failure, Verdict};

/// Chooses the chain and goes on with it.
pub(crate) fn walk<'p>(
    proxy: &'p ProxyPlan,
    listener: &'p Listener,
    inspected: &Inspected,
    call: &Call,
    steps: &mut Vec<Step<'p>>,
) -> Verdict<'p> {
    let (chain, default) = match sieve(&listener.chains, inspected, call).as_slice() {
        [only] => (*only, false),
        [] => match &listener.default_chain {
            Some(chain) => (chain, true),
            None => return Verdict::Failed(Failure::NoFilterChain),
        },
        _ => return Verdict::Failed(Failure::MultipleFilterChains),
    };
    steps.push(Step::Chain { chain, default });
    tls::walk(proxy, chain, inspected, call, steps)
}

type Chains<'p> = Vec<&'p FilterChain>;

/// The chains that match best; several only where Envoy could not tell them apart.
fn sieve<'p>(chains: &'p [FilterChain], inspected: &Inspected, call: &Call) -> Chains<'p> {
    let chains = by_port(chains.iter().collect(), call.port);
    let chains = by_address(&chains, &call.dialled);
    let chains = by_server_name(&chains, &inspected.server_name);
    let chains = by_transport(&chains, inspected.transport);
    by_application_protocol(&chains, &inspected.application_protocols)
}

/// Chains that name the port; those that name none only if nobody names it.
fn by_port(chains: Chains<'_>, port: u16) -> Chains<'_> {
    first_that_any_has(&chains, [Some(port), None].into_iter(), |chain, port| {
        chain.matches.destination_port == port
    })
}

/// Chains of the longest prefix; a chain without prefixes stands for the whole address space.
fn by_address<'p>(chains: &Chains<'p>, dialled: &Dialled) -> Chains<'p> {
    let dialled = match dialled {
        Dialled::Ip(address) => Some(*address),
        Dialled::Anything | Dialled::Socket(_) => None,
    };
    let length = |chain: &FilterChain| {
        let networks = &chain.matches.destination_networks;
        if networks.is_empty() {
            return Some(0);
        }
        networks.iter().filter(|network| in_network(dialled, **network)).map(|(_, length)| *length).max()
    };
    let longest = chains.iter().filter_map(|chain| length(chain)).max();
    chains.iter().copied().filter(|chain| length(chain) == longest && longest.is_some()).collect()
}

/// Whether a network has an address. An address that is not known is in none but the whole address space.
pub(crate) fn in_network(address: Option<IpAddr>, (network, length): (IpAddr, u8)) -> bool {
    let same = |a: u128, b: u128, width: u32| {
        let ignored = width.saturating_sub(u32::from(length));
        ignored >= width || a >> ignored == b >> ignored
    };
    match (address, network) {
        (None, _) => length == 0,
        (Some(IpAddr::V4(a)), IpAddr::V4(b)) => same(u32::from(a).into(), u32::from(b).into(), 32),
        (Some(IpAddr::V6(a)), IpAddr::V6(b)) => same(a.into(), b.into(), 128),
        (Some(IpAddr::V4(_)), IpAddr::V6(_)) | (Some(IpAddr::V6(_)), IpAddr::V4(_)) => false,
    }
}

/// Chains of the name itself, else of the longest wildcard, else those that name none.
fn by_server_name<'p>(chains: &Chains<'p>, name: &str) -> Chains<'p> {
    // A dot at the start or at the end does not begin the rest of a wildcard.
    let dots = name.match_indices('.').map(|(at, _)| at).filter(|at| *at > 0 && at + 1 < name.len());
    let wildcards = dots.map(|at| format!("*{}", &name[at..]));
    let own = (!name.is_empty()).then(|| name.to_owned());
    let candidates = own.into_iter().chain(wildcards).map(Some).chain([None]);
    first_that_any_has(chains, candidates, |chain, candidate: Option<String>| match candidate {
        Some(candidate) => {
            chain.matches.server_names.iter().any(|name| name.eq_ignore_ascii_case(&candidate))
        }
        None => chain.matches.server_names.is_empty(),
    })
}

fn by_transport<'p>(chains: &Chains<'p>, transport: TransportProtocol) -> Chains<'p> {
    first_that_any_has(chains, [Some(transport), None].into_iter(), |chain, transport| {
        chain.matches.transport_protocol == transport
    })
}

/// Chains of the first protocol of the client that any chain names, else those that name none.
fn by_application_protocol<'p>(chains: &Chains<'p>, protocols: &[String]) -> Chains<'p> {
    let candidates = protocols.iter().map(Some).chain([None]);
    first_that_any_has(chains, candidates, |chain, protocol| match protocol {
        Some(protocol) => chain.matches.application_protocols.contains(protocol),
        None => chain.matches.application_protocols.is_empty(),
    })
}

/// The chains that have the first candidate that any chain has.
fn first_that_any_has<'p, C: Clone>(
    chains: &Chains<'p>,
    mut candidates: impl Iterator<Item = C>,
    has: impl Fn(&FilterChain, C) -> bool,
) -> Chains<'p> {
    candidates
        .find_map(|candidate| {
            let kept: Chains<'p> =
                chains.iter().copied().filter(|chain| has(chain, candidate.clone())).collect();
            (!kept.is_empty()).then_some(kept)
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use meshc_diagnostics::Origin;
    use meshc_plan::ChainMatch;

    use super::*;
    use crate::call::CallMode;

    fn chain(name: &str, matches: ChainMatch) -> FilterChain {
        FilterChain {
            name: Some(name.to_owned()),
            matches,
            tls: None,
            filters: Vec::new(),
            config: None,
            handshake_timeout: None,
            origin: Origin::Default { rule: "test" },
        }
    }

    fn texts(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn found(chains: &[FilterChain], inspected: &Inspected, call: &Call) -> Vec<String> {
        sieve(chains, inspected, call).iter().filter_map(|chain| chain.name.clone()).collect()
    }

    fn tls(server_name: &str, alpn: &[&str]) -> Inspected {
        Inspected {
            transport: TransportProtocol::Tls,
            server_name: server_name.to_owned(),
            application_protocols: texts(alpn),
        }
    }

    fn to(address: &str, port: u16) -> Call {
        Call { dialled: Dialled::Ip(address.parse().unwrap()), ..Call::new(CallMode::Outbound, port) }
    }

    #[test]
    fn a_longer_prefix_hides_a_shorter_one_even_where_it_fails_later() {
        let network = |text: &str, length| vec![(text.parse().unwrap(), length)];
        let chains = [
            chain(
                "wide",
                ChainMatch { destination_networks: network("10.0.0.0", 8), ..ChainMatch::default() },
            ),
            chain(
                "narrow",
                ChainMatch {
                    destination_networks: network("10.1.0.0", 16),
                    server_names: texts(&["a.example"]),
                    ..ChainMatch::default()
                },
            ),
        ];
        assert_eq!(found(&chains, &tls("a.example", &[]), &to("10.1.2.3", 443)), ["narrow"]);
        assert_eq!(found(&chains, &tls("b.example", &[]), &to("10.1.2.3", 443)), Vec::<String>::new());
        assert_eq!(found(&chains, &tls("b.example", &[]), &to("10.2.2.3", 443)), ["wide"]);
    }

    #[test]
    fn the_longest_wildcard_of_a_server_name_wins_and_covers_no_bare_domain() {
        let names =
            |name: &str| chain(name, ChainMatch { server_names: texts(&[name]), ..ChainMatch::default() });
        let chains = [
            names("*.com"),
            names("*.example.com"),
            names("www.example.com"),
            chain("none", ChainMatch::default()),
        ];
        let found = |name: &str| found(&chains, &tls(name, &[]), &to("1.1.1.1", 443)).concat();
        assert_eq!(found("www.example.com"), "www.example.com");
        assert_eq!(found("api.example.com"), "*.example.com");
        assert_eq!(found("example.com"), "*.com");
        assert_eq!(found("com"), "none");
        assert_eq!(found(""), "none");
    }

    #[test]
    fn the_first_protocol_of_the_client_that_is_known_decides() {
        let alpn = |name: &str, protocols: &[&str]| {
            chain(name, ChainMatch { application_protocols: texts(protocols), ..ChainMatch::default() })
        };
        let chains = [alpn("http", &["istio-http/1.1", "istio-h2"]), alpn("bytes", &["istio"])];
        let found = |offer: &[&str]| found(&chains, &tls("", offer), &to("1.1.1.1", 80)).concat();
        assert_eq!(found(&["istio-h2", "istio", "h2"]), "http");
        assert_eq!(found(&["istio-peer-exchange", "istio"]), "bytes");
        assert_eq!(found(&["h2"]), "");
    }

    #[test]
    fn a_chain_for_the_port_hides_those_for_all_ports() {
        let on = |port: u16| ChainMatch { destination_port: Some(port), ..ChainMatch::default() };
        let chains = [chain("80", on(80)), chain("all", ChainMatch::default())];
        assert_eq!(found(&chains, &tls("", &[]), &to("1.1.1.1", 80)), ["80"]);
        assert_eq!(found(&chains, &tls("", &[]), &to("1.1.1.1", 81)), ["all"]);
        let twice = [chain("a", on(80)), chain("b", on(80))];
        assert_eq!(found(&twice, &tls("", &[]), &to("1.1.1.1", 80)).len(), 2);
    }
}
