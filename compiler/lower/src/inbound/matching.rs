//! Which connections a port takes and what is done with them, by protocol and mTLS mode (translation-spec §4.3).

use meshc_model::{MtlsMode, Protocol};
use meshc_plan::TransportProtocol;

/// ALPN by which a proxy of Istio tells HTTP within mTLS.
const MESH_HTTP: [&str; 3] = ["istio-http/1.0", "istio-http/1.1", "istio-h2"];

/// ALPN by which a proxy of Istio tells anything else within mTLS.
const MESH_TCP: [&str; 2] = ["istio-peer-exchange", "istio"];

/// All of them, in the order of istiod.
const MESH: [&str; 5] = ["istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2"];

/// What a port carries, as far as chains are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carried {
    /// HTTP of any kind.
    Http,
    /// Bytes, TLS of the application included.
    Tcp,
    /// HTTP or bytes: the proxy finds out.
    Auto,
}

impl From<Protocol> for Carried {
    fn from(protocol: Protocol) -> Self {
        if protocol.is_http() {
            Self::Http
        } else if protocol.is_auto() {
            Self::Auto
        } else {
            Self::Tcp
        }
    }
}

/// One way in which connections of a port are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    /// Transport protocol that the TLS inspector found.
    pub(super) transport: TransportProtocol,
    /// ALPN, or what the HTTP inspector found; empty takes all.
    pub(super) alpn: Vec<String>,
    /// Whether mTLS of the mesh is terminated.
    pub(super) terminates: bool,
    /// Whether HTTP is spoken.
    pub(super) http: bool,
}

/// The ways in which a port takes connections, in the order of istiod. A connection that none of them matches is closed:
/// plain text where mTLS is insisted on, for instance.
pub(super) fn ways(mode: MtlsMode, carried: Carried, http10: bool) -> Vec<Way> {
    let tls = |alpn: &[&str], terminates, http| way(TransportProtocol::Tls, alpn, terminates, http);
    let raw = |alpn: &[&str], http| way(TransportProtocol::RawBuffer, alpn, false, http);
    let sniffed: &[&str] = if http10 { &["http/1.0", "http/1.1", "h2c"] } else { &["http/1.1", "h2c"] };
    match (carried, mode) {
        (Carried::Http, MtlsMode::Permissive) => vec![tls(&MESH, true, true), raw(&[], true)],
        (Carried::Http, MtlsMode::Strict) => vec![tls(&[], true, true)],
        (Carried::Http, MtlsMode::Disable) => vec![raw(&[], true)],
        (Carried::Tcp, MtlsMode::Permissive) => {
            vec![tls(&MESH, true, false), tls(&[], false, false), raw(&[], false)]
        }
        (Carried::Tcp, MtlsMode::Strict) => vec![tls(&[], true, false)],
        (Carried::Tcp, MtlsMode::Disable) => vec![raw(&[], false)],
        (Carried::Auto, MtlsMode::Permissive) => vec![
            tls(&MESH_HTTP, true, true),
            raw(sniffed, true),
            tls(&MESH_TCP, true, false),
            raw(&[], false),
            tls(&[], false, false),
        ],
        (Carried::Auto, MtlsMode::Strict) => vec![tls(&MESH_HTTP, true, true), tls(&[], true, false)],
        (Carried::Auto, MtlsMode::Disable) => vec![raw(sniffed, true), raw(&[], false)],
    }
}

fn way(transport: TransportProtocol, alpn: &[&str], terminates: bool, http: bool) -> Way {
    Way { transport, alpn: alpn.iter().map(|name| (*name).to_owned()).collect(), terminates, http }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODES: [MtlsMode; 3] = [MtlsMode::Permissive, MtlsMode::Strict, MtlsMode::Disable];

    #[test]
    fn a_strict_port_takes_no_plain_text_and_a_disabled_one_terminates_nothing() {
        for carried in [Carried::Http, Carried::Tcp, Carried::Auto] {
            let strict = ways(MtlsMode::Strict, carried, false);
            assert!(strict.iter().all(|way| way.terminates && way.transport == TransportProtocol::Tls));
            let disabled = ways(MtlsMode::Disable, carried, false);
            assert!(
                disabled.iter().all(|way| !way.terminates && way.transport == TransportProtocol::RawBuffer)
            );
        }
    }

    #[test]
    fn no_two_ways_of_a_port_match_alike() {
        for mode in MODES {
            for carried in [Carried::Http, Carried::Tcp, Carried::Auto] {
                let ways = ways(mode, carried, true);
                let mut keys: Vec<_> = ways.iter().map(|way| (way.transport, &way.alpn)).collect();
                keys.sort();
                keys.dedup();
                assert_eq!(keys.len(), ways.len(), "{mode:?} {carried:?}");
            }
        }
    }

    #[test]
    fn the_protocol_of_a_port_tells_what_it_carries() {
        assert_eq!(Carried::from(Protocol::Grpc), Carried::Http);
        assert_eq!(Carried::from(Protocol::Https), Carried::Tcp);
        assert_eq!(Carried::from(Protocol::Unsupported), Carried::Auto);
    }
}
