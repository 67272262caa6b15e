//! Names that no server is asked for: addresses, `localhost`, and those of `/etc/hosts`.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Question;

/// The names of a hosts file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Hosts(BTreeMap<String, Vec<IpAddr>>);

impl Hosts {
    /// Reads a hosts file; lines that are no entries are passed over, as resolvers do.
    pub(super) fn parse(text: &str) -> Self {
        let mut hosts: BTreeMap<String, Vec<IpAddr>> = BTreeMap::new();
        for line in text.lines() {
            let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
            let Some(ip) = words.next().and_then(|word| word.parse::<IpAddr>().ok()) else { continue };
            for name in words {
                let addresses = hosts.entry(name.trim_end_matches('.').to_ascii_lowercase()).or_default();
                if !addresses.contains(&ip) {
                    addresses.push(ip);
                }
            }
        }
        Self(hosts)
    }

    /// The addresses of a name in a family; `None` if a server is to be asked.
    pub(super) fn get(&self, (name, family): &Question) -> Option<Vec<IpAddr>> {
        let all = match name.parse::<IpAddr>() {
            Ok(ip) => vec![ip],
            // RFC 6761 §6.3: whatever a server would say.
            Err(_) if name == "localhost" || name.ends_with(".localhost") => {
                vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
            }
            Err(_) => self.0.get(name)?.clone(),
        };
        Some(all.into_iter().filter(|ip| family.has(*ip)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Family;
    use super::*;

    #[test]
    fn hosts_files_addresses_and_localhost_are_not_asked_for() {
        let hosts = Hosts::parse(
            "127.0.0.1 localhost\n# a comment\n10.0.0.1  Db db.example. # trailing\nfd00::1 db\nnonsense db\n\n",
        );
        let get = |name: &str, family| hosts.get(&(name.to_owned(), family));
        let ips =
            |texts: &[&str]| Some(texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpAddr>>());
        assert_eq!(get("db", Family::V4), ips(&["10.0.0.1"]));
        assert_eq!(get("db", Family::V6), ips(&["fd00::1"]));
        assert_eq!(get("db.example", Family::V6), ips(&[]));
        assert_eq!(get("10.1.1.1", Family::V4), ips(&["10.1.1.1"]));
        assert_eq!(get("a.localhost", Family::V6), ips(&["::1"]));
        assert_eq!(get("other.example", Family::V4), None);
    }
}
