//! Virtual addresses of services: what people write, and what istiod makes up (translation-spec §0.3, §0.5).

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// First and second half of the ranges that Istio reserves for addresses of its own: 240.240.0.0/16 and 2001:2::/48.
const RANGE_V4: [u8; 2] = [240, 240];

/// Number of slots of the table that hashed addresses are taken from.
const SLOTS: u32 = 256 * 254;
/// The largest prime below [`SLOTS`] that Istio uses for its second hash.
const STEP_PRIME: u32 = 65011;

/// A pair of an IPv4 and an IPv6 address for one host.
pub(crate) type AutoAddresses = (Ipv4Addr, Ipv6Addr);

/// A virtual address as istiod keeps it: a block that holds a single address is that address, other text stays.
pub(crate) fn normalize(text: &str) -> String {
    let Some((address, length)) = text.split_once('/') else { return text.to_owned() };
    match (address.parse::<IpAddr>(), length.parse::<u8>()) {
        (Ok(IpAddr::V4(_)), Ok(32)) | (Ok(IpAddr::V6(_)), Ok(128)) => address.to_owned(),
        _ => text.to_owned(),
    }
}

/// The addresses that a fresh installation of istiod hands out: one after the other, in the order of the objects.
/// `None` once the IPv4 range is used up.
pub(crate) fn sequential(index: usize) -> Option<AutoAddresses> {
    let number = u16::try_from(index.checked_add(1)?).ok()?;
    let [high, low] = number.to_be_bytes();
    let v4 = Ipv4Addr::new(RANGE_V4[0], RANGE_V4[1], high, low);
    Some((v4, Ipv6Addr::new(0x2001, 2, 0, 0, 0, 0, 0, number)))
}

/// Addresses that depend on the host alone unless two hosts share a slot of the table, so that a new host does not move
/// the others. `taken` are the slots in use.
#[derive(Debug, Default)]
pub(crate) struct HashedAddresses {
    taken: BTreeSet<u32>,
}

impl HashedAddresses {
    /// Addresses of `<namespace>/<host>` that none of the `others` has; `None` once the table is full.
    pub(crate) fn allocate(&mut self, key: &str, others: &BTreeSet<IpAddr>) -> Option<AutoAddresses> {
        let hash = fnv1(key.as_bytes());
        let step = STEP_PRIME - hash % STEP_PRIME;
        let slots = (0..SLOTS).map(|attempt| hash.wrapping_add(attempt.wrapping_mul(step)) % SLOTS);
        let free = slots.filter(|slot| !self.taken.contains(slot)).find_map(|slot| {
            let (v4, v6) = of_slot(slot)?;
            let fresh = !others.contains(&v4.into()) && !others.contains(&v6.into());
            fresh.then_some((slot, (v4, v6)))
        });
        let (slot, addresses) = free?;
        self.taken.insert(slot);
        Some(addresses)
    }
}

fn of_slot(slot: u32) -> Option<AutoAddresses> {
    // The last byte is never 0, which some stacks take for a network address.
    let (third, fourth) = (slot / 254, slot % 254 + 1);
    let (third, fourth) = (u8::try_from(third).ok()?, u8::try_from(fourth).ok()?);
    let v4 = Ipv4Addr::new(RANGE_V4[0], RANGE_V4[1], third, fourth);
    let low = u16::from_be_bytes([third, fourth]);
    Some((v4, Ipv6Addr::new(0x2001, 2, 0, 0, 0, 0, 0xf0f0, low)))
}

/// 32-bit FNV-1a.
pub(crate) fn fnv1(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_of_one_address_is_the_address() {
        assert_eq!(normalize("10.0.0.1/32"), "10.0.0.1");
        assert_eq!(normalize("2001:db8::1/128"), "2001:db8::1");
        assert_eq!(normalize("10.0.0.0/24"), "10.0.0.0/24");
        assert_eq!(normalize("10.0.0.1"), "10.0.0.1");
    }

    #[test]
    fn sequential_addresses_start_behind_the_network_address() {
        assert_eq!(
            sequential(0).map(|(v4, v6)| (v4.to_string(), v6.to_string())),
            Some(("240.240.0.1".into(), "2001:2::1".into()))
        );
        assert_eq!(sequential(255).map(|(v4, _)| v4.to_string()), Some("240.240.1.0".into()));
        assert_eq!(sequential(65535), None);
    }

    #[test]
    fn hashed_addresses_depend_on_the_host_and_never_collide() {
        let mut table = HashedAddresses::default();
        let nobody = BTreeSet::new();
        let first = table.allocate("default/a.example.com", &nobody).unwrap();
        let second = table.allocate("default/a.example.com", &nobody).unwrap();
        assert_ne!(first, second);
        assert_eq!(HashedAddresses::default().allocate("default/a.example.com", &nobody), Some(first));
        let others = BTreeSet::from([first.0.into()]);
        assert_eq!(HashedAddresses::default().allocate("default/a.example.com", &others), Some(second));
        assert_ne!(first.0.octets()[3], 0);
    }
}
