//! What happens when several services have connections at one place (translation-spec §2.4).

use meshc_model::Protocol;
use meshc_plan::FilterChain;

/// How a newcomer gets along with what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Nothing is there, or the newcomer is everything that is there and more.
    Replaces,
    /// Requests of both are told apart by the route table.
    SharesRoutes,
    /// Its chains are added, and the protocol has to be sniffed from now on.
    AddsProtocol,
    /// Its chains are added.
    AddsChains,
}

/// How a port of a protocol arrives where another one is. HTTP at the wildcard address is sniffed already, so it counts as
/// [`Protocol::Unsupported`] once it is there.
pub(super) fn arrival(newcomer: Protocol, present: Option<Protocol>) -> Arrival {
    let Some(present) = present else { return Arrival::Replaces };
    if newcomer.is_http() {
        return if present.is_tcp_like() { Arrival::AddsProtocol } else { Arrival::SharesRoutes };
    }
    match (newcomer.is_auto(), present) {
        (true, present) if present.is_http() => Arrival::Replaces,
        (true, present) if present.is_tcp_like() => Arrival::AddsProtocol,
        (false, present) if present.is_http() => Arrival::AddsProtocol,
        _ => Arrival::AddsChains,
    }
}

/// Whether protocols may not meet at one place: those in which the server speaks first and whose filter would misread
/// anything else.
pub(super) fn must_not_mix(newcomer: Protocol, present: Protocol) -> bool {
    let well_known = |protocol| matches!(protocol, Protocol::Mongo | Protocol::Mysql);
    newcomer != present && (well_known(newcomer) || well_known(present))
}

/// Adds chains that are told apart from those that are there, and returns how many are not.
pub(super) fn merge(present: &mut Vec<FilterChain>, newcomers: Vec<FilterChain>) -> usize {
    let mut dropped = 0;
    for newcomer in newcomers {
        if present.iter().any(|chain| same_connections(chain, &newcomer)) {
            dropped += 1;
        } else {
            present.push(newcomer);
        }
    }
    dropped
}

/// Whether Envoy could not tell for which of two chains a connection is. It refuses a listener with such chains.
fn same_connections(a: &FilterChain, b: &FilterChain) -> bool {
    let key = |chain: &FilterChain| {
        let mut networks: Vec<_> = chain.matches.destination_networks.iter().map(masked).collect();
        networks.sort();
        let matches = &chain.matches;
        (
            matches.transport_protocol,
            matches.application_protocols.clone(),
            matches.server_names.clone(),
            networks,
        )
    };
    key(a) == key(b)
}

/// A block without the bits that do not count.
fn masked((address, length): &(std::net::IpAddr, u8)) -> (u128, u8, bool) {
    let keep = |bits: u128, width: u32, length: u32| {
        let shift = width.saturating_sub(length);
        if shift >= width { 0 } else { bits >> shift << shift }
    };
    match address {
        std::net::IpAddr::V4(v4) => (keep(u32::from(*v4).into(), 32, u32::from(*length)), *length, true),
        std::net::IpAddr::V6(v6) => (keep(u128::from(*v6), 128, u32::from(*length)), *length, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_shares_routes_and_adds_itself_to_tcp() {
        assert_eq!(arrival(Protocol::Http, None), Arrival::Replaces);
        assert_eq!(arrival(Protocol::Grpc, Some(Protocol::Http)), Arrival::SharesRoutes);
        assert_eq!(arrival(Protocol::Http, Some(Protocol::Unsupported)), Arrival::SharesRoutes);
        assert_eq!(arrival(Protocol::Http, Some(Protocol::Tcp)), Arrival::AddsProtocol);
    }

    #[test]
    fn tcp_and_sniffed_ports_add_their_chains() {
        assert_eq!(arrival(Protocol::Tcp, Some(Protocol::Http)), Arrival::AddsProtocol);
        assert_eq!(arrival(Protocol::Tcp, Some(Protocol::Tls)), Arrival::AddsChains);
        assert_eq!(arrival(Protocol::Tcp, Some(Protocol::Unsupported)), Arrival::AddsChains);
        assert_eq!(arrival(Protocol::Unsupported, Some(Protocol::Http)), Arrival::Replaces);
        assert_eq!(arrival(Protocol::Unsupported, Some(Protocol::Tcp)), Arrival::AddsProtocol);
        assert_eq!(arrival(Protocol::Unsupported, Some(Protocol::Unsupported)), Arrival::AddsChains);
    }

    #[test]
    fn protocols_in_which_the_server_speaks_first_stay_alone() {
        assert!(must_not_mix(Protocol::Mongo, Protocol::Tcp));
        assert!(must_not_mix(Protocol::Tcp, Protocol::Mysql));
        assert!(!must_not_mix(Protocol::Mongo, Protocol::Mongo));
        assert!(!must_not_mix(Protocol::Redis, Protocol::Tcp));
    }

    #[test]
    fn bits_behind_the_prefix_do_not_count() {
        let block = |text: &str, length| masked(&(text.parse().unwrap(), length));
        assert_eq!(block("10.0.0.7", 24), block("10.0.0.0", 24));
        assert_ne!(block("10.0.0.7", 32), block("10.0.0.0", 32));
        assert_ne!(block("10.0.0.0", 24), block("10.0.0.0", 16));
    }
}
