//! Cluster addresses of Services that the tree does not state (blueprint §4, service addresses).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use meshc_api::{AddressRange, Lock, Locked, Resource, ResourceSet, kubernetes};
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};

use super::kubernetes_services::{needs_address, stated_addresses};
use crate::addresses::fnv1;

/// Namespace and name of a Service.
type Name = (String, String);

/// The lines of a lock file: what is locked stays, what the tree does not need is freed, and with a range the rest gets
/// addresses of it, by name, so that a Service that is added seldom has a say in the addresses of others.
pub(crate) fn locked(resources: &ResourceSet, lock: &Lock) -> BTreeMap<Name, Locked<Vec<IpAddr>>> {
    let needing = needing(resources);
    let mut lines: BTreeMap<Name, Locked<Vec<IpAddr>>> = BTreeMap::new();
    let mut taken = spelled_out(resources);
    for (name, locked) in &lock.services {
        let free = locked.addresses.iter().all(|address| !taken.contains(address));
        if needing.contains_key(name) && free {
            taken.extend(&locked.addresses);
            lines.insert(name.clone(), locked.clone());
        }
    }
    let Some(range) = lock.service_range else { return lines };
    for name in needing.into_keys() {
        if lines.contains_key(&name) {
            continue;
        }
        if let Some(address) = free_address(range, &name, &taken) {
            taken.insert(address);
            lines.insert(name, Locked { addresses: vec![address], span: None });
        }
    }
    lines
}

/// The addresses that a cluster gave to Services.
pub(crate) fn of_cluster(resources: &ResourceSet) -> BTreeMap<Name, Locked<Vec<IpAddr>>> {
    let given = resources.services.iter().filter_map(|service| {
        let stated = stated_addresses(&service.spec).map(|text| text.parse().ok());
        let addresses: Vec<IpAddr> = stated.collect::<Option<_>>()?;
        let name = (service.namespace().to_owned(), service.name().to_owned());
        (!addresses.is_empty()).then_some((name, Locked { addresses, span: None }))
    });
    given.collect()
}

/// Reports lines about Services that need no address.
pub(super) fn report_stale(resources: &ResourceSet, lock: &Lock, diagnostics: &mut Diagnostics) {
    if lock.services.is_empty() {
        return;
    }
    let needing = needing(resources);
    let taken = spelled_out(resources);
    for (name, locked) in &lock.services {
        let collides = locked.addresses.iter().find(|address| taken.contains(*address));
        let message = match (needing.contains_key(name), collides) {
            (true, None) => continue,
            (true, Some(address)) => {
                format!("`{address}` of Service {}/{} is stated by another Service", name.0, name.1)
            }
            (false, _) => format!("no Service {}/{} of the tree needs an address", name.0, name.1),
        };
        let finding = Diagnostic::new(&codes::STALE_LOCK, message).help("run `meshc lock`");
        let finding = match collides {
            Some(_) => finding.consequence("the API server refuses the second Service"),
            None => finding.consequence("the line has no effect"),
        };
        diagnostics.push(match locked.span {
            Some(span) => finding.at(span, ""),
            None => finding,
        });
    }
}

fn needing(resources: &ResourceSet) -> BTreeMap<Name, &Resource<kubernetes::Service>> {
    let services = resources.services.iter().filter(|service| needs_address(&service.spec));
    services.map(|service| ((service.namespace().to_owned(), service.name().to_owned()), service)).collect()
}

fn spelled_out(resources: &ResourceSet) -> BTreeSet<IpAddr> {
    let specs = resources.services.iter().map(|service| &service.spec);
    let stated = specs.flat_map(|spec| spec.cluster_ip.iter().chain(&spec.cluster_ips));
    stated.filter_map(|text| text.parse().ok()).collect()
}

/// The first free address of a range from the place that the name has in it; `None` once the range is used up.
fn free_address(range: AddressRange, name: &Name, taken: &BTreeSet<IpAddr>) -> Option<IpAddr> {
    let start = fnv1(format!("{}/{}", name.0, name.1).as_bytes()) % range.len().max(1);
    let places = (0..range.len()).map(|step| range.at(start.wrapping_add(step)));
    places.into_iter().find(|address| !taken.contains(address))
}
