//! Addresses of ServiceEntries that state none (translation-spec §0.5), in the order in which they count: what istiod wrote into
//! the `status` of an object, what the lock file keeps, and what is free.

mod findings;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use meshc_api::{IstiodFeatures, Lock, Locked, LockedHost, Resource, ResourceSet, istio};
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};

use self::findings::{not_locked, stale_line};
use super::service_entries::{reference, resolution};
use crate::Resolution;
use crate::addresses::{AutoAddresses, HashedAddresses, sequential};
use crate::hosts::is_wildcard;

/// Label by which a ServiceEntry refuses an address.
const OPT_OUT: &str = "networking.istio.io/enable-autoallocate-ip";

/// Where the rest gets its addresses from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fresh {
    /// One after the other, as a fresh installation of istiod hands them out.
    InOrder,
    /// By the host, so that an object that is added seldom has a say in the addresses of others.
    ByHost,
}

/// Addresses by namespace and name of the object and host.
#[derive(Debug, Default)]
pub(crate) struct Allocated {
    addresses: BTreeMap<LockedHost, AutoAddresses>,
}

impl Allocated {
    /// Gives every host that istiod would give addresses to its own. `used` says whether any proxy tells them to its
    /// application, so that it matters which they are.
    pub(super) fn new(
        resources: &ResourceSet,
        features: &IstiodFeatures,
        lock: &Lock,
        used: bool,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let fresh = if features.enable_ip_auto_allocate { Fresh::InOrder } else { Fresh::ByHost };
        let mut allocated = Self::default();
        let mut taken = spelled_out(resources);
        let wanted = wanted(resources);
        allocated.take_stated(&wanted, &mut taken, diagnostics);
        allocated.take_locked(&wanted, lock, &mut taken, diagnostics);
        let unlocked = allocated.allocate(&wanted, fresh, &taken);
        // Addresses that depend on the host alone do not move.
        if used && fresh == Fresh::InOrder && !unlocked.is_empty() {
            diagnostics.push(not_locked(&unlocked));
        }
        allocated
    }

    /// The lines of a lock file: what is stated and locked stays, and the rest is by the host.
    pub(crate) fn locked(
        resources: &ResourceSet,
        lock: &Lock,
    ) -> BTreeMap<LockedHost, Locked<AutoAddresses>> {
        let mut allocated = Self::default();
        let mut taken = spelled_out(resources);
        let wanted = wanted(resources);
        // What is not as it should be is what a new lock file puts right.
        let mut findings = Diagnostics::new();
        allocated.take_stated(&wanted, &mut taken, &mut findings);
        allocated.take_locked(&wanted, lock, &mut taken, &mut findings);
        allocated.allocate(&wanted, Fresh::ByHost, &taken);
        let line = |(host, addresses)| (host, Locked { addresses, span: None });
        allocated.addresses.into_iter().map(line).collect()
    }

    /// The addresses that a cluster gave to hosts of objects.
    pub(crate) fn of_cluster(resources: &ResourceSet) -> BTreeMap<LockedHost, Locked<AutoAddresses>> {
        let live = wanted(resources).into_iter().filter_map(|Wanted { object, key, path: _ }| {
            let addresses = stated(object, &key.host)?;
            Some((key, Locked { addresses, span: None }))
        });
        live.collect()
    }

    /// The addresses of a host of an object.
    pub(super) fn of(&self, object: &Resource<istio::ServiceEntry>, host: &str) -> Option<AutoAddresses> {
        self.addresses.get(&key(object, host)).copied()
    }

    /// What istiod wrote into objects. Of two with one address the older object keeps it, as with istiod.
    fn take_stated(
        &mut self,
        wanted: &[Wanted<'_>],
        taken: &mut BTreeSet<IpAddr>,
        diagnostics: &mut Diagnostics,
    ) {
        let mut by_age: Vec<&Wanted<'_>> = wanted.iter().collect();
        by_age.sort_by(|a, b| a.object.creation_key().cmp(&b.object.creation_key()));
        for wanted in by_age {
            let Some(addresses) = stated(wanted.object, &wanted.key.host) else { continue };
            if !self.give(wanted, addresses, taken) {
                let finding = Diagnostic::new(
                    &codes::ADDRESS_TAKEN,
                    format!(
                        "`{}` in the status of {} is the address of another host",
                        addresses.0,
                        wanted.object.object_ref()
                    ),
                );
                diagnostics.push(
                    wanted.at(finding, "status.addresses").help("run `meshc lock`, or delete the address"),
                );
            }
        }
    }

    fn take_locked(
        &mut self,
        wanted: &[Wanted<'_>],
        lock: &Lock,
        taken: &mut BTreeSet<IpAddr>,
        diagnostics: &mut Diagnostics,
    ) {
        let mut stale: BTreeMap<&LockedHost, &Locked<AutoAddresses>> = lock.service_entries.iter().collect();
        for wanted in wanted {
            let Some(locked) = lock.service_entries.get(&wanted.key) else { continue };
            let given = match self.addresses.get(&wanted.key) {
                Some(stated) => *stated == locked.addresses,
                None => self.give(wanted, locked.addresses, taken),
            };
            if given {
                stale.remove(&wanted.key);
            }
        }
        for (host, locked) in stale {
            diagnostics.push(stale_line(host, locked, wanted));
        }
    }

    /// Gives addresses to the rest, and says whom.
    fn allocate<'w, 'a>(
        &mut self,
        wanted: &'w [Wanted<'a>],
        fresh: Fresh,
        taken: &BTreeSet<IpAddr>,
    ) -> Vec<&'w Wanted<'a>> {
        let mut source = Source { taken, next: 0, hashed: HashedAddresses::default(), fresh };
        let mut given = Vec::new();
        for wanted in wanted {
            if self.addresses.contains_key(&wanted.key) {
                continue;
            }
            if let Some(addresses) = source.take(&format!("{}/{}", wanted.key.namespace, wanted.key.host)) {
                self.addresses.insert(wanted.key.clone(), addresses);
                given.push(wanted);
            }
        }
        given
    }

    /// Gives addresses to a host unless another one has them.
    fn give(&mut self, wanted: &Wanted<'_>, addresses: AutoAddresses, taken: &mut BTreeSet<IpAddr>) -> bool {
        let both: [IpAddr; 2] = [addresses.0.into(), addresses.1.into()];
        let free = both.iter().all(|address| !taken.contains(address));
        if free {
            taken.extend(both);
            self.addresses.entry(wanted.key.clone()).or_insert(addresses);
        }
        free
    }
}

/// A host that istiod gives addresses to.
#[derive(Debug)]
struct Wanted<'a> {
    object: &'a Resource<istio::ServiceEntry>,
    key: LockedHost,
    /// Where the host stands in the object.
    path: String,
}

impl Wanted<'_> {
    fn at(&self, finding: Diagnostic, path: &str) -> Diagnostic {
        finding.at(self.object.document.span(path), "").about(self.object.object_ref(), path)
    }
}

/// The hosts of all objects by namespace and name, each once.
fn wanted(resources: &ResourceSet) -> Vec<Wanted<'_>> {
    let mut objects: Vec<_> = resources.service_entries.iter().filter(|object| is_eligible(object)).collect();
    objects.sort_by_key(|object| (object.namespace(), object.name()));
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for object in objects {
        for (index, host) in object.spec.hosts.iter().enumerate() {
            let key = key(object, &reference(object, host).host);
            let eligible = !is_wildcard(host) || resolution(&object.spec) == Resolution::DynamicDns;
            if eligible && seen.insert(key.clone()) {
                all.push(Wanted { object, key, path: format!("spec.hosts[{index}]") });
            }
        }
    }
    all
}

fn key(object: &Resource<istio::ServiceEntry>, host: &str) -> LockedHost {
    LockedHost {
        namespace: object.namespace().to_owned(),
        name: object.name().to_owned(),
        host: host.to_owned(),
    }
}

/// Addresses that objects spell out: no other host may get one.
fn spelled_out(resources: &ResourceSet) -> BTreeSet<IpAddr> {
    let stated = resources.service_entries.iter().flat_map(|object| &object.spec.addresses);
    stated.filter_map(|text| text.parse().ok()).collect()
}

/// Where new addresses come from.
struct Source<'t> {
    taken: &'t BTreeSet<IpAddr>,
    next: usize,
    hashed: HashedAddresses,
    fresh: Fresh,
}

impl Source<'_> {
    fn take(&mut self, key: &str) -> Option<AutoAddresses> {
        if self.fresh == Fresh::ByHost {
            return self.hashed.allocate(key, self.taken);
        }
        loop {
            let addresses = sequential(self.next)?;
            self.next += 1;
            if !self.taken.contains(&addresses.0.into()) && !self.taken.contains(&addresses.1.into()) {
                return Some(addresses);
            }
        }
    }
}

fn is_eligible(object: &Resource<istio::ServiceEntry>) -> bool {
    let refuses = object.meta.labels.get(OPT_OUT).is_some_and(|value| value.eq_ignore_ascii_case("false"));
    !refuses && object.spec.addresses.is_empty() && resolution(&object.spec) != Resolution::Passthrough
}

/// Addresses in the `status` of an object for a host.
fn stated(object: &Resource<istio::ServiceEntry>, host: &str) -> Option<AutoAddresses> {
    let mut v4: Option<Ipv4Addr> = None;
    let mut v6: Option<Ipv6Addr> = None;
    for entry in object.document.get("status.addresses").into_iter().flat_map(|list| list.items()) {
        let text = |field| entry.get(field).and_then(|value| value.as_str());
        let (Some(of), Some(value)) = (text("host"), text("value")) else { continue };
        if !of.trim_end_matches('.').eq_ignore_ascii_case(host) {
            continue;
        }
        v4 = v4.or_else(|| value.parse().ok());
        v6 = v6.or_else(|| value.parse().ok());
    }
    let v4 = v4?;
    Some((v4, v6.unwrap_or_else(|| beside(v4))))
}

/// The IPv6 address that goes with an IPv4 one where only that is stated.
fn beside(v4: Ipv4Addr) -> Ipv6Addr {
    let [_, _, high, low] = v4.octets();
    Ipv6Addr::new(0x2001, 2, 0, 0, 0, 0, 0, u16::from_be_bytes([high, low]))
}

#[cfg(test)]
mod tests;
