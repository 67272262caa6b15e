//! Which address a client dialled (dataplane.md §4.5).

use std::net::SocketAddr;

use meshc_contract::proxy::Capture;
use socket2::SockRef;

/// The address that a client dialled, from what is known of its socket; `None` for a connection that would come back for ever:
/// one to the port of the capture itself, which was not captured (dataplane.md §7.6, 26).
///
/// Redirected connections tell it by `SO_ORIGINAL_DST`; those of TPROXY have it as their own address, as have those that no
/// firewall has touched.
pub(super) fn dialled(
    capture: Capture,
    local: SocketAddr,
    bound_port: u16,
    original: Option<SocketAddr>,
) -> Option<SocketAddr> {
    match capture {
        Capture::Bound | Capture::ByOriginalDestination => Some(local),
        Capture::Redirecting | Capture::Captured => {
            let destination = original.unwrap_or(local);
            (destination != local || destination.port() != bound_port).then_some(destination)
        }
    }
}

/// What the firewall remembers of a connection; `None` where it remembers nothing.
pub(super) fn original(socket: &SockRef<'_>, local: SocketAddr) -> Option<SocketAddr> {
    let found = match local {
        SocketAddr::V4(_) => socket.original_dst_v4(),
        SocketAddr::V6(_) => socket.original_dst_v6(),
    };
    found.ok()?.as_socket().map(canonical)
}

/// An address of IPv4 as such, also where a socket of IPv6 tells it.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPTURES: [Capture; 2] = [Capture::Redirecting, Capture::Captured];

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn redirected_connections_went_where_the_firewall_remembers() {
        let (local, original) = (address("127.0.0.1:15001"), address("10.0.0.9:80"));
        for capture in CAPTURES {
            assert_eq!(dialled(capture, local, 15001, Some(original)), Some(original));
        }
    }

    #[test]
    fn connections_of_tproxy_went_to_their_own_address() {
        let local = address("10.0.0.9:80");
        for original in [None, Some(local)] {
            assert_eq!(dialled(Capture::Captured, local, 15001, original), Some(local));
        }
    }

    #[test]
    fn pitfall_26_a_connection_to_the_listener_itself_is_a_loop() {
        let local = address("10.0.0.1:15006");
        for capture in CAPTURES {
            assert_eq!(dialled(capture, local, 15006, None), None);
            assert_eq!(dialled(capture, local, 15006, Some(local)), None);
        }
        assert_eq!(dialled(Capture::Bound, local, 15006, None), Some(local));
    }

    #[test]
    fn addresses_of_ipv4_inside_ipv6_are_those_of_ipv4() {
        assert_eq!(canonical(address("[::ffff:10.0.0.1]:80")), address("10.0.0.1:80"));
        assert_eq!(canonical(address("[2001:db8::1]:80")), address("[2001:db8::1]:80"));
    }
}
