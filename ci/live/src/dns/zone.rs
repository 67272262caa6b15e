//! Which names exist, and their addresses.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// Names without trailing dots, lower case. A name without addresses exists all the same: a headless Service none of whose
/// pods is ready has no data, which is not the same as no such name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Zone {
    names: BTreeMap<String, Vec<Ipv4Addr>>,
}

impl Zone {
    /// Adds addresses to a name, which exists from then on.
    pub(crate) fn add(&mut self, name: &str, addresses: impl IntoIterator<Item = Ipv4Addr>) {
        let entry = self.names.entry(name.to_ascii_lowercase()).or_default();
        entry.extend(addresses);
        entry.sort_unstable();
        entry.dedup();
    }

    /// The addresses of a name, or `None` if there is no such name.
    pub(crate) fn lookup(&self, name: &str) -> Option<&[Ipv4Addr]> {
        self.names.get(name).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_addresses_exists() {
        let mut zone = Zone::default();
        zone.add("mc-web.default.svc.cluster.local", []);
        assert_eq!(zone.lookup("mc-web.default.svc.cluster.local"), Some(&[][..]));
        assert_eq!(zone.lookup("mc-web"), None);
    }
}
