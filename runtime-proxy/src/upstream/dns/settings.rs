//! Whom the resolver asks, and how.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use super::hosts::Hosts;

/// Whom the resolver asks, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResolverSettings {
    /// Servers, in the order in which they are asked.
    pub(super) servers: Vec<SocketAddr>,
    /// Time for one question to one server.
    pub(super) timeout: Duration,
    /// How often all servers are asked.
    pub(super) attempts: u32,
    /// Names that no server is asked for.
    pub(super) hosts: Hosts,
}

/// Where names are that no server is asked for.
const HOSTS: &str = "/etc/hosts";

impl ResolverSettings {
    /// Reads a file such as `/etc/resolv.conf`, and `/etc/hosts`. A server may have a port (`127.0.0.1:5300`, `[::1]:5300`).
    /// Search lists do not matter, since all names are absolute.
    ///
    /// # Errors
    /// If the file cannot be read. One without servers means the one of this machine, as `resolv.conf(5)` says.
    pub(crate) fn load(resolv_conf: &Path) -> io::Result<Self> {
        // Without a hosts file every name is asked for.
        let hosts = std::fs::read_to_string(HOSTS).unwrap_or_default();
        Ok(Self::parse(&std::fs::read_to_string(resolv_conf)?, &hosts))
    }

    pub(super) fn parse(resolv_conf: &str, hosts: &str) -> Self {
        let mut settings = Self {
            servers: Vec::new(),
            timeout: Duration::from_secs(2),
            attempts: 2,
            hosts: Hosts::parse(hosts),
        };
        for line in resolv_conf.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => settings.servers.extend(words.next().and_then(server)),
                Some("options") => words.for_each(|option| settings.option(option)),
                _ => {}
            }
        }
        if settings.servers.is_empty() {
            settings.servers.push(SocketAddr::from((Ipv4Addr::LOCALHOST, 53)));
        }
        settings
    }

    fn option(&mut self, option: &str) {
        // The bounds of glibc.
        match option.split_once(':').and_then(|(name, value)| Some((name, value.parse::<u32>().ok()?))) {
            Some(("timeout", seconds)) => self.timeout = Duration::from_secs(u64::from(seconds.clamp(1, 30))),
            Some(("attempts", attempts)) => self.attempts = attempts.clamp(1, 5),
            _ => {}
        }
    }
}

fn server(text: &str) -> Option<SocketAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    text.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, 53))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolv_conf_is_read_as_far_as_it_matters() {
        let text = "# comment\nsearch default.svc.cluster.local svc.cluster.local\nnameserver 10.96.0.10\n\
            nameserver fd00::a\nnameserver 127.0.0.1:5300\nnameserver [::1]:53\nnameserver fe80::1%eth0\n\
            options ndots:5 timeout:1 attempts:9 edns0\n";
        let settings = ResolverSettings::parse(text, "");
        let servers: Vec<String> = settings.servers.iter().map(ToString::to_string).collect();
        assert_eq!(servers, ["10.96.0.10:53", "[fd00::a]:53", "127.0.0.1:5300", "[::1]:53"]);
        assert_eq!((settings.timeout, settings.attempts), (Duration::from_secs(1), 5));
        let empty = ResolverSettings::parse("", "");
        assert_eq!(empty.servers, [SocketAddr::from(([127, 0, 0, 1], 53))]);
    }
}
