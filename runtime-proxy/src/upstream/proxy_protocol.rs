//! The PROXY protocol, which tells an endpoint who the client is before the first byte.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The header of a version for a client and the address that it dialled; without them the one that says so.
pub(super) fn header(version: u8, client: Option<(SocketAddr, SocketAddr)>) -> Vec<u8> {
    let pair = client.map(|(source, destination)| alike(canonical(source), canonical(destination)));
    if version == 1 { text(pair) } else { binary(pair) }
}

fn text(pair: Option<(SocketAddr, SocketAddr)>) -> Vec<u8> {
    let Some((source, destination)) = pair else { return b"PROXY UNKNOWN\r\n".to_vec() };
    let family = if source.is_ipv4() { "TCP4" } else { "TCP6" };
    let (from, to) = (source.ip(), destination.ip());
    format!("PROXY {family} {from} {to} {} {}\r\n", source.port(), destination.port()).into_bytes()
}

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Version 2, command LOCAL.
const LOCAL: u8 = 0x20;
/// Version 2, command PROXY.
const PROXY: u8 = 0x21;
/// TCP over IPv4 and over IPv6.
const TCP4: u8 = 0x11;
const TCP6: u8 = 0x21;

fn binary(pair: Option<(SocketAddr, SocketAddr)>) -> Vec<u8> {
    let mut header = SIGNATURE.to_vec();
    let Some((source, destination)) = pair else {
        header.extend_from_slice(&[LOCAL, 0, 0, 0]);
        return header;
    };
    let mut addresses = Vec::new();
    for address in [source, destination] {
        match address.ip() {
            IpAddr::V4(ip) => addresses.extend_from_slice(&ip.octets()),
            IpAddr::V6(ip) => addresses.extend_from_slice(&ip.octets()),
        }
    }
    addresses.extend_from_slice(&source.port().to_be_bytes());
    addresses.extend_from_slice(&destination.port().to_be_bytes());
    header.extend_from_slice(&[PROXY, if source.is_ipv4() { TCP4 } else { TCP6 }, 0, addresses.len() as u8]);
    header.extend_from_slice(&addresses);
    header
}

/// An IPv4 address that a socket for both families has mapped is one of IPv4.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Both of one family, since a header has only one.
fn alike(source: SocketAddr, destination: SocketAddr) -> (SocketAddr, SocketAddr) {
    if source.is_ipv4() == destination.is_ipv4() {
        return (source, destination);
    }
    let mapped = |address: SocketAddr| SocketAddr::new(IpAddr::V6(v6(address.ip())), address.port());
    (mapped(source), mapped(destination))
}

fn v6(ip: IpAddr) -> Ipv6Addr {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(source: &str, destination: &str) -> Option<(SocketAddr, SocketAddr)> {
        Some((source.parse().unwrap(), destination.parse().unwrap()))
    }

    #[test]
    fn version_1_is_a_line() {
        let line = |pair| String::from_utf8(header(1, pair)).unwrap();
        assert_eq!(line(pair("10.0.0.1:1234", "10.0.0.2:80")), "PROXY TCP4 10.0.0.1 10.0.0.2 1234 80\r\n");
        assert_eq!(line(pair("[::ffff:10.0.0.1]:1", "10.0.0.2:80")), "PROXY TCP4 10.0.0.1 10.0.0.2 1 80\r\n");
        assert_eq!(line(pair("[fd00::1]:1", "[fd00::2]:2")), "PROXY TCP6 fd00::1 fd00::2 1 2\r\n");
        assert_eq!(line(pair("[fd00::1]:1", "10.0.0.2:2")), "PROXY TCP6 fd00::1 ::ffff:10.0.0.2 1 2\r\n");
        assert_eq!(line(None), "PROXY UNKNOWN\r\n");
    }

    #[test]
    fn version_2_is_binary() {
        let v4 = header(2, pair("10.0.0.1:258", "10.0.0.2:80"));
        assert_eq!(v4[..12], *SIGNATURE);
        assert_eq!(v4[12..], [0x21, 0x11, 0, 12, 10, 0, 0, 1, 10, 0, 0, 2, 1, 2, 0, 80]);
        let v6 = header(2, pair("[fd00::1]:1", "[fd00::2]:2"));
        assert_eq!((v6[13], v6[15], v6.len()), (0x21, 36, 16 + 36));
        assert_eq!(header(2, None)[12..], [0x20, 0, 0, 0]);
    }
}
