//! Addresses that istiod gives to ServiceEntries without any (translation-spec §0.5).

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};

use meshc_api::{IstiodFeatures, Resource, ResourceSet, istio};

use super::service_entries::{reference, resolution};
use crate::Resolution;
use crate::addresses::{AutoAddresses, HashedAddresses, sequential};
use crate::hosts::is_wildcard;

/// Label by which a ServiceEntry refuses an address.
const OPT_OUT: &str = "networking.istio.io/enable-autoallocate-ip";

/// Addresses by namespace and name of the object, then host.
#[derive(Debug, Default)]
pub(super) struct Allocated {
    addresses: BTreeMap<(String, String), BTreeMap<String, AutoAddresses>>,
}

impl Allocated {
    /// Takes the addresses that objects have in their `status`. The others get some as a fresh installation of istiod would
    /// hand them out, one after the other by namespace and name; with the flag `PILOT_ENABLE_IP_AUTOALLOCATE` off, the older
    /// ones that depend on the host alone.
    pub(super) fn new(resources: &ResourceSet, features: &IstiodFeatures) -> Self {
        let mut objects: Vec<_> =
            resources.service_entries.iter().filter(|object| is_eligible(object)).collect();
        objects.sort_by_key(|object| (object.namespace(), object.name()));
        let mut allocated = Self::default();
        let mut source = Source {
            taken: BTreeSet::new(),
            next: 0,
            hashed: (!features.enable_ip_auto_allocate).then(HashedAddresses::default),
        };
        for object in &objects {
            for (host, addresses) in stated(object) {
                source.taken.insert(addresses.0);
                allocated.insert(object, host, addresses);
            }
        }
        for object in &objects {
            for host in &object.spec.hosts {
                let reference = reference(object, host);
                let wanted = !is_wildcard(host) || resolution(&object.spec) == Resolution::DynamicDns;
                if wanted && allocated.of(object, &reference.host).is_none() {
                    let key = format!("{}/{}", reference.namespace, reference.host);
                    if let Some(addresses) = source.take(&key) {
                        allocated.insert(object, reference.host, addresses);
                    }
                }
            }
        }
        allocated
    }

    /// The addresses of a host of an object.
    pub(super) fn of(&self, object: &Resource<istio::ServiceEntry>, host: &str) -> Option<AutoAddresses> {
        let key = (object.namespace().to_owned(), object.name().to_owned());
        self.addresses.get(&key).and_then(|hosts| hosts.get(host)).copied()
    }

    fn insert(&mut self, object: &Resource<istio::ServiceEntry>, host: String, addresses: AutoAddresses) {
        let key = (object.namespace().to_owned(), object.name().to_owned());
        self.addresses.entry(key).or_default().insert(host, addresses);
    }
}

/// Where new addresses come from.
struct Source {
    taken: BTreeSet<Ipv4Addr>,
    next: usize,
    hashed: Option<HashedAddresses>,
}

impl Source {
    fn take(&mut self, key: &str) -> Option<AutoAddresses> {
        if let Some(table) = &mut self.hashed {
            return table.allocate(key);
        }
        loop {
            let addresses = sequential(self.next)?;
            self.next += 1;
            if !self.taken.contains(&addresses.0) {
                return Some(addresses);
            }
        }
    }
}

fn is_eligible(object: &Resource<istio::ServiceEntry>) -> bool {
    let refuses = object.meta.labels.get(OPT_OUT).is_some_and(|value| value.eq_ignore_ascii_case("false"));
    !refuses && object.spec.addresses.is_empty() && resolution(&object.spec) != Resolution::Passthrough
}

/// Addresses in the `status` of an object, by host.
fn stated(object: &Resource<istio::ServiceEntry>) -> BTreeMap<String, AutoAddresses> {
    let mut v4: BTreeMap<String, Ipv4Addr> = BTreeMap::new();
    let mut v6: BTreeMap<String, Ipv6Addr> = BTreeMap::new();
    for entry in object.document.get("status.addresses").into_iter().flat_map(|list| list.items()) {
        let text = |field| entry.get(field).and_then(|value| value.as_str());
        let (Some(host), Some(value)) = (text("host"), text("value")) else { continue };
        if let Ok(address) = value.parse() {
            v4.entry(host.to_lowercase()).or_insert(address);
        } else if let Ok(address) = value.parse() {
            v6.entry(host.to_lowercase()).or_insert(address);
        }
    }
    let pair = |(host, v4): (String, Ipv4Addr)| {
        let v6 = v6.get(&host).copied().unwrap_or_else(|| beside(v4));
        (host, (v4, v6))
    };
    v4.into_iter().map(pair).collect()
}

/// The IPv6 address that goes with an IPv4 one where only that is stated.
fn beside(v4: Ipv4Addr) -> Ipv6Addr {
    let [_, _, high, low] = v4.octets();
    Ipv6Addr::new(0x2001, 2, 0, 0, 0, 0, 0, u16::from_be_bytes([high, low]))
}

#[cfg(test)]
mod tests {
    use crate::fixture::{istio, resolve};

    #[test]
    fn addresses_of_the_status_are_kept_and_the_others_go_around_them() {
        let entry = |name: &str, more: &str| {
            let spec = format!(
                "{{hosts: [{name}.example], resolution: DNS, {more} ports: [{{number: 80, name: http, protocol: HTTP}}]}}"
            );
            istio("networking", "ServiceEntry", "ns", name, &spec)
        };
        let kept = entry("b", "") + "status: {addresses: [{value: 240.240.0.1, host: b.example}]}\n";
        let refusing = entry("d", "").replace(
            "namespace: ns",
            "namespace: ns, labels: {networking.istio.io/enable-autoallocate-ip: 'false'}",
        );
        let fixture = resolve(
            &[entry("a", ""), kept, entry("c", "addresses: [192.0.2.1],"), refusing, entry("e", "")].concat(),
        );
        let addresses = fixture
            .mesh
            .services
            .iter()
            .map(|service| service.auto_addresses.map(|(v4, v6)| format!("{v4} {v6}")));
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            addresses.collect::<Vec<_>>(),
            [
                text("240.240.0.2 2001:2::2"),
                text("240.240.0.1 2001:2::1"),
                None,
                None,
                text("240.240.0.3 2001:2::3")
            ]
        );
    }
}
