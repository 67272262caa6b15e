//! Addresses: of IP, blocks of them, and paths of Unix domain sockets.

use std::net::IpAddr;

/// What stands in front of the path of a Unix domain socket.
pub(super) const UNIX_PREFIX: &str = "unix://";

/// Whether a text is an address of IP; one of version 6 may have a zone.
pub(super) fn is_ip(text: &str) -> bool {
    let (address, zone) = text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)));
    match address.parse() {
        Ok(IpAddr::V4(_)) => zone.is_none(),
        Ok(IpAddr::V6(_)) => zone != Some(""),
        Err(_) => false,
    }
}

/// An address of IP.
pub(super) fn ip(text: &str) -> Result<(), String> {
    if is_ip(text) { Ok(()) } else { Err(format!("`{text}` is not an IP address")) }
}

/// An address of IP, or a block of addresses.
pub(super) fn subnet(text: &str) -> Result<(), String> {
    let Some((address, bits)) = text.split_once('/') else { return ip(text) };
    let most = match address.parse() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return Err(format!("`{text}` is not a block of IP addresses")),
    };
    let plain = !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = plain && (bits == "0" || !bits.starts_with('0'));
    if canonical && bits.parse::<u8>().is_ok_and(|bits| bits <= most) {
        Ok(())
    } else {
        Err(format!("`{text}` is not a block of IP addresses: the prefix must be a number up to {most}"))
    }
}

/// The path of a Unix domain socket: absolute and not a directory, or abstract with `@` in front.
pub(super) fn unix_path(path: &str) -> Result<(), String> {
    if path.is_empty() {
        return Err("the path of a unix domain socket must not be empty".to_owned());
    }
    if path.starts_with('@') || path.starts_with('/') && !path.ends_with('/') {
        return Ok(());
    }
    Err(format!("`{path}` is not the absolute path of a file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_blocks() {
        assert!(is_ip("1.2.3.4") && is_ip("::1") && is_ip("fe80::1%eth0"));
        assert!(!is_ip("") && !is_ip("1.2.3") && !is_ip("01.2.3.4") && !is_ip("1.2.3.4%eth0"));
        for block in ["1.2.3.4", "172.1.2.16/16", "::/0", "2001:1::1/64"] {
            assert_eq!(subnet(block), Ok(()), "{block}");
        }
        for block in ["1.2.3.4/99", "1.2.3.4/", "1.2.3.4/08", "a/8", "1.2.3.4/1/2", "1.2.3.4/+8"] {
            assert!(subnet(block).is_err(), "{block}");
        }
    }

    #[test]
    fn sockets_are_files_or_abstract() {
        assert!(unix_path("/a/b").is_ok() && unix_path("@foo").is_ok());
        assert!(unix_path("").is_err() && unix_path("a").is_err() && unix_path("/dir/").is_err());
    }
}
