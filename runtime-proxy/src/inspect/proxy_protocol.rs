//! The PROXY protocol, versions 1 and 2 (haproxy's proxy-protocol.txt).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::Verdict;

/// Addresses of the connection that a load balancer passes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Addresses {
    /// The client.
    pub(crate) source: SocketAddr,
    /// What the client dialled.
    pub(crate) destination: SocketAddr,
}

/// A header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// Bytes that it takes.
    pub(crate) length: usize,
    /// Addresses; `None` for a connection of the load balancer itself (`LOCAL`, `UNKNOWN`) or of no IP protocol.
    pub(crate) addresses: Option<Addresses>,
}

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Longest header of version 1, with its line end.
const V1_LIMIT: usize = 107;

/// Reads a header of either version.
pub(crate) fn read(bytes: &[u8]) -> Verdict<Header> {
    let begins = |with: &[u8]| bytes.iter().zip(with).all(|(a, b)| a == b);
    if begins(SIGNATURE) {
        return if bytes.len() < 16 { Verdict::More } else { version_2(bytes) };
    }
    if begins(b"PROXY ") {
        return version_1(bytes);
    }
    Verdict::No
}

fn version_1(bytes: &[u8]) -> Verdict<Header> {
    let seen = &bytes[..bytes.len().min(V1_LIMIT)];
    let Some(end) = seen.windows(2).position(|pair| pair == b"\r\n") else {
        return if bytes.len() < V1_LIMIT { Verdict::More } else { Verdict::No };
    };
    let Ok(line) = std::str::from_utf8(&seen[..end]) else {
        return Verdict::No;
    };
    let header = |addresses| Verdict::Yes(Header { length: end + 2, addresses });
    let words: Vec<&str> = line.split(' ').collect();
    match words.as_slice() {
        ["PROXY", "UNKNOWN", ..] => header(None),
        ["PROXY", family @ ("TCP4" | "TCP6"), source, destination, from, to] => {
            let address = |text: &str, port: &str| {
                let ip: IpAddr = text.parse().ok()?;
                let plain = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
                let port = port.parse().ok().filter(|_| plain)?;
                (ip.is_ipv4() == (*family == "TCP4")).then(|| SocketAddr::new(ip, port))
            };
            match (address(source, from), address(destination, to)) {
                (Some(source), Some(destination)) => header(Some(Addresses { source, destination })),
                _ => Verdict::No,
            }
        }
        _ => Verdict::No,
    }
}

/// Reads version 2 from at least 16 bytes.
fn version_2(bytes: &[u8]) -> Verdict<Header> {
    let (version, command) = (bytes[12] >> 4, bytes[12] & 0xf);
    if version != 2 || command > 1 {
        return Verdict::No;
    }
    let length = 16 + usize::from(u16::from_be_bytes([bytes[14], bytes[15]]));
    if length > super::LIMIT {
        return Verdict::No;
    }
    let Some(content) = bytes.get(16..length) else {
        return Verdict::More;
    };
    let addresses = match (command, bytes[13]) {
        (0, _) => None,
        (_, 0x11) => match v4(content) {
            None => return Verdict::No,
            found => found,
        },
        (_, 0x21) => match v6(content) {
            None => return Verdict::No,
            found => found,
        },
        (_, 0 | 0x12 | 0x22 | 0x31 | 0x32) => None,
        _ => return Verdict::No,
    };
    Verdict::Yes(Header { length, addresses })
}

fn v4(content: &[u8]) -> Option<Addresses> {
    let ip = |at: usize| {
        let bytes: [u8; 4] = content.get(at..at + 4)?.try_into().ok()?;
        Some(IpAddr::from(Ipv4Addr::from(bytes)))
    };
    addresses(ip(0)?, ip(4)?, content.get(8..12)?)
}

fn v6(content: &[u8]) -> Option<Addresses> {
    let ip = |at: usize| {
        let bytes: [u8; 16] = content.get(at..at + 16)?.try_into().ok()?;
        Some(IpAddr::from(Ipv6Addr::from(bytes)))
    };
    addresses(ip(0)?, ip(16)?, content.get(32..36)?)
}

fn addresses(source: IpAddr, destination: IpAddr, ports: &[u8]) -> Option<Addresses> {
    let port = |at: usize| Some(u16::from_be_bytes([*ports.get(at)?, *ports.get(at + 1)?]));
    Some(Addresses {
        source: SocketAddr::new(source, port(0)?),
        destination: SocketAddr::new(destination, port(2)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses_of(verdict: Verdict<Header>) -> Option<(String, String)> {
        match verdict {
            Verdict::Yes(Header { addresses: Some(Addresses { source, destination }), .. }) => {
                Some((source.to_string(), destination.to_string()))
            }
            _ => None,
        }
    }

    fn second(command: u8, family: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [SIGNATURE.as_slice(), &[0x20 | command, family], &length, content].concat()
    }

    #[test]
    fn version_1_tells_both_addresses() {
        let found = addresses_of(read(b"PROXY TCP4 10.0.0.1 10.0.0.2 5000 443\r\nGET"));
        assert_eq!(found, Some(("10.0.0.1:5000".to_owned(), "10.0.0.2:443".to_owned())));
        let found = addresses_of(read(b"PROXY TCP6 ::1 2001:db8::1 5000 443\r\n"));
        assert_eq!(found, Some(("[::1]:5000".to_owned(), "[2001:db8::1]:443".to_owned())));
        let unknown = read(b"PROXY UNKNOWN whatever\r\n");
        assert_eq!(unknown, Verdict::Yes(Header { length: 24, addresses: None }));
    }

    #[test]
    fn version_2_tells_both_addresses_and_skips_what_follows_them() {
        let content = [10, 0, 0, 1, 10, 0, 0, 2, 0x13, 0x88, 1, 0xbb, 4, 0, 1, 9];
        let bytes = second(1, 0x11, &content);
        let found = read(&bytes);
        assert!(matches!(found, Verdict::Yes(Header { length: 32, .. })));
        assert_eq!(addresses_of(found), Some(("10.0.0.1:5000".to_owned(), "10.0.0.2:443".to_owned())));
        assert_eq!(read(&second(0, 0, &[])), Verdict::Yes(Header { length: 16, addresses: None }));
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for bytes in [
            b"GET / HTTP/1.1\r\n".to_vec(),
            b"PROXY TCP4 ::1 10.0.0.2 5000 443\r\n".to_vec(),
            b"PROXY TCP4 10.0.0.1 10.0.0.2 +5000 443\r\n".to_vec(),
            b"PROXY TCP4 10.0.0.1 10.0.0.2 70000 443\r\n".to_vec(),
            [b"PROXY ".as_slice(), &[b'a'; 120]].concat(),
            second(1, 0x11, &[1, 2, 3]),
            second(3, 0x11, &[0; 12]),
        ] {
            assert_eq!(read(&bytes), Verdict::No, "{bytes:?}");
        }
    }

    #[test]
    fn a_header_that_is_cut_is_waited_for() {
        let whole = second(1, 0x11, &[10, 0, 0, 1, 10, 0, 0, 2, 0x13, 0x88, 1, 0xbb]);
        for end in 0..whole.len() {
            assert_eq!(read(&whole[..end]), Verdict::More, "{end}");
        }
    }
}
