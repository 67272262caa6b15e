//! Which connections a filter chain takes: Envoy's sieve.
//!
//! Criteria are looked at one after the other: destination port, destination address, server name, transport protocol,
//! application protocol. Each keeps the chains whose criterion is the most specific one that matches, and nothing comes back:
//! a chain for a longer prefix that fails at the server name hides one for a shorter prefix that would not.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::authorization::in_network;

/// Criteria of a chain; an empty one matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChainMatch {
    /// Original destination port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination_port: Option<u16>,
    /// Destination networks (address, prefix length), in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub destination_networks: Vec<(IpAddr, u8)>,
    /// SNI names, in order; may start with `*.`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub server_names: Vec<String>,
    /// Transport protocol that the TLS inspector found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport_protocol: Option<TransportProtocol>,
    /// ALPN, or what the HTTP inspector found, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub application_protocols: Vec<String>,
}

impl AsRef<Self> for ChainMatch {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// Transport protocol of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum TransportProtocol {
    /// Not TLS.
    RawBuffer,
    /// TLS.
    Tls,
}

/// What inspectors read from the first bytes of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// TLS or not, as far as it was looked at.
    pub transport: TransportProtocol,
    /// Server name; empty if there is none or nobody looked.
    pub server_name: String,
    /// Application protocols, in the order of the client.
    pub application_protocols: Vec<String>,
}

type Chains<'p, T> = Vec<&'p T>;

/// The chains that match a connection best: its port and the address that it dialled (`None`: one that no criterion names), and
/// what its first bytes say. Several only where Envoy could not tell them apart; it refuses such a listener.
#[must_use]
pub fn sieve<'p, T: AsRef<ChainMatch>>(
    chains: &'p [T],
    port: u16,
    address: Option<IpAddr>,
    inspected: &Inspected,
) -> Vec<&'p T> {
    let chains = by_port(chains.iter().collect(), port);
    let chains = by_address(&chains, address);
    let chains = by_server_name(&chains, &inspected.server_name);
    let chains = by_transport(&chains, inspected.transport);
    by_application_protocol(&chains, &inspected.application_protocols)
}

/// Chains that name the port; those that name none only if nobody names it.
fn by_port<T: AsRef<ChainMatch>>(chains: Chains<'_, T>, port: u16) -> Chains<'_, T> {
    first_that_any_has(&chains, [Some(port), None].into_iter(), |chain, port| {
        chain.as_ref().destination_port == port
    })
}

/// Chains of the longest prefix; a chain without prefixes stands for the whole address space.
fn by_address<'p, T: AsRef<ChainMatch>>(chains: &Chains<'p, T>, address: Option<IpAddr>) -> Chains<'p, T> {
    let length = |chain: &T| {
        let networks = &chain.as_ref().destination_networks;
        if networks.is_empty() {
            return Some(0);
        }
        networks
            .iter()
            .filter(|(network, length)| in_network(address, *network, *length))
            .map(|(_, length)| *length)
            .max()
    };
    let longest = chains.iter().filter_map(|chain| length(chain)).max();
    chains.iter().copied().filter(|chain| length(chain) == longest && longest.is_some()).collect()
}

/// Chains of the name itself, else of the longest wildcard, else those that name none.
fn by_server_name<'p, T: AsRef<ChainMatch>>(chains: &Chains<'p, T>, name: &str) -> Chains<'p, T> {
    // A dot at the start or at the end does not begin the rest of a wildcard.
    let dots = name.match_indices('.').map(|(at, _)| at).filter(|at| *at > 0 && at + 1 < name.len());
    let wildcards = dots.map(|at| format!("*{}", &name[at..]));
    let own = (!name.is_empty()).then(|| name.to_owned());
    let candidates = own.into_iter().chain(wildcards).map(Some).chain([None]);
    first_that_any_has(chains, candidates, |chain, candidate: Option<String>| match candidate {
        Some(candidate) => {
            chain.as_ref().server_names.iter().any(|name| name.eq_ignore_ascii_case(&candidate))
        }
        None => chain.as_ref().server_names.is_empty(),
    })
}

fn by_transport<'p, T: AsRef<ChainMatch>>(
    chains: &Chains<'p, T>,
    transport: TransportProtocol,
) -> Chains<'p, T> {
    first_that_any_has(chains, [Some(transport), None].into_iter(), |chain, transport| {
        chain.as_ref().transport_protocol == transport
    })
}

/// Chains of the first protocol of the client that any chain names, else those that name none.
fn by_application_protocol<'p, T: AsRef<ChainMatch>>(
    chains: &Chains<'p, T>,
    protocols: &[String],
) -> Chains<'p, T> {
    let candidates = protocols.iter().map(Some).chain([None]);
    first_that_any_has(chains, candidates, |chain, protocol| match protocol {
        Some(protocol) => chain.as_ref().application_protocols.contains(protocol),
        None => chain.as_ref().application_protocols.is_empty(),
    })
}

/// The chains that have the first candidate that any chain has.
fn first_that_any_has<'p, T: AsRef<ChainMatch>, C: Clone>(
    chains: &Chains<'p, T>,
    mut candidates: impl Iterator<Item = C>,
    has: impl Fn(&T, C) -> bool,
) -> Chains<'p, T> {
    candidates
        .find_map(|candidate| {
            let kept: Chains<'p, T> =
                chains.iter().copied().filter(|chain| has(chain, candidate.clone())).collect();
            (!kept.is_empty()).then_some(kept)
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Chain {
        name: &'static str,
        matches: ChainMatch,
    }

    impl AsRef<ChainMatch> for Chain {
        fn as_ref(&self) -> &ChainMatch {
            &self.matches
        }
    }

    fn chain(name: &'static str, matches: ChainMatch) -> Chain {
        Chain { name, matches }
    }

    fn texts(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn found(chains: &[Chain], inspected: &Inspected, (address, port): (&str, u16)) -> Vec<&'static str> {
        sieve(chains, port, address.parse().ok(), inspected).iter().map(|chain| chain.name).collect()
    }

    fn tls(server_name: &str, alpn: &[&str]) -> Inspected {
        Inspected {
            transport: TransportProtocol::Tls,
            server_name: server_name.to_owned(),
            application_protocols: texts(alpn),
        }
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
        assert_eq!(found(&chains, &tls("a.example", &[]), ("10.1.2.3", 443)), ["narrow"]);
        assert_eq!(found(&chains, &tls("b.example", &[]), ("10.1.2.3", 443)), Vec::<&str>::new());
        assert_eq!(found(&chains, &tls("b.example", &[]), ("10.2.2.3", 443)), ["wide"]);
    }

    #[test]
    fn the_longest_wildcard_of_a_server_name_wins_and_covers_no_bare_domain() {
        let names = |name: &'static str| {
            chain(name, ChainMatch { server_names: texts(&[name]), ..ChainMatch::default() })
        };
        let chains = [
            names("*.com"),
            names("*.example.com"),
            names("www.example.com"),
            chain("none", ChainMatch::default()),
        ];
        let found = |name: &str| found(&chains, &tls(name, &[]), ("1.1.1.1", 443)).concat();
        assert_eq!(found("www.example.com"), "www.example.com");
        assert_eq!(found("api.example.com"), "*.example.com");
        assert_eq!(found("example.com"), "*.com");
        assert_eq!(found("com"), "none");
        assert_eq!(found(""), "none");
    }

    #[test]
    fn the_first_protocol_of_the_client_that_is_known_decides() {
        let alpn = |name: &'static str, protocols: &[&str]| {
            chain(name, ChainMatch { application_protocols: texts(protocols), ..ChainMatch::default() })
        };
        let chains = [alpn("http", &["istio-http/1.1", "istio-h2"]), alpn("bytes", &["istio"])];
        let found = |offer: &[&str]| found(&chains, &tls("", offer), ("1.1.1.1", 80)).concat();
        assert_eq!(found(&["istio-h2", "istio", "h2"]), "http");
        assert_eq!(found(&["istio-peer-exchange", "istio"]), "bytes");
        assert_eq!(found(&["h2"]), "");
    }

    #[test]
    fn a_chain_for_the_port_hides_those_for_all_ports() {
        let on = |port: u16| ChainMatch { destination_port: Some(port), ..ChainMatch::default() };
        let chains = [chain("80", on(80)), chain("all", ChainMatch::default())];
        assert_eq!(found(&chains, &tls("", &[]), ("1.1.1.1", 80)), ["80"]);
        assert_eq!(found(&chains, &tls("", &[]), ("1.1.1.1", 81)), ["all"]);
        let twice = [chain("a", on(80)), chain("b", on(80))];
        assert_eq!(found(&twice, &tls("", &[]), ("1.1.1.1", 80)).len(), 2);
    }
}
