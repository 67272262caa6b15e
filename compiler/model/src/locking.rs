//! What a lock file should say about a tree (`meshc lock`), and what a cluster says (`meshc import addresses`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use meshc_api::{Lock, Locked, LockedHost, ResourceSet};

use crate::resolve::auto_addresses::Allocated;
use crate::resolve::cluster_addresses;

/// A change of a lock file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockChange {
    /// Something has an address now.
    Added(Given),
    /// Something has another address than before.
    Moved(Given),
    /// Something needs no address any more.
    Freed(Given),
}

/// Who has which addresses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Given {
    /// `ServiceEntry` or `Service`.
    pub kind: &'static str,
    /// Namespace of the object.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
    /// Host of a ServiceEntry; empty for a Service.
    pub host: String,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, namespace, name, host, addresses } = self;
        write!(f, "{kind} {namespace}/{name} ")?;
        if !host.is_empty() {
            write!(f, "{host} ")?;
        }
        let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        f.write_str(&addresses.join(" "))
    }
}

/// The lock file that a tree needs: what is locked stays where it is, what is gone is freed, and what is new gets addresses that
/// depend on its own name.
#[must_use]
pub fn locked(resources: &ResourceSet, lock: &Lock) -> (Lock, Vec<LockChange>) {
    let updated = Lock {
        service_entries: Allocated::locked(resources, lock),
        services: cluster_addresses::locked(resources, lock),
        service_range: lock.service_range,
    };
    let changes = changes(&lines(lock), &lines(&updated));
    (updated, changes)
}

/// The lock file that a tree needs once a cluster has been asked: what the cluster says counts, and what it does not know stays
/// as it is locked. `cluster` holds the objects as the API server has them.
#[must_use]
pub fn imported(resources: &ResourceSet, cluster: &ResourceSet, lock: &Lock) -> (Lock, Vec<LockChange>) {
    let mut known = Lock {
        service_entries: Allocated::of_cluster(cluster),
        services: cluster_addresses::of_cluster(cluster),
        service_range: lock.service_range,
    };
    let taken: BTreeSet<Ipv4Addr> = known.service_entries.values().map(|line| line.addresses.0).collect();
    for (host, line) in &lock.service_entries {
        if !taken.contains(&line.addresses.0) {
            known.service_entries.entry(host.clone()).or_insert_with(|| line.clone());
        }
    }
    let taken: BTreeSet<IpAddr> =
        known.services.values().flat_map(|line| line.addresses.iter().copied()).collect();
    for (name, line) in &lock.services {
        if line.addresses.iter().all(|address| !taken.contains(address)) {
            known.services.entry(name.clone()).or_insert_with(|| line.clone());
        }
    }
    let (updated, _) = locked(resources, &known);
    let changes = changes(&lines(lock), &lines(&updated));
    (updated, changes)
}

/// Who has which addresses, by kind, namespace, name and host.
type Lines<'l> = BTreeMap<(&'static str, &'l str, &'l str, &'l str), Vec<IpAddr>>;

fn lines(lock: &Lock) -> Lines<'_> {
    let mut lines = Lines::new();
    for (LockedHost { namespace, name, host }, locked) in &lock.service_entries {
        let (v4, v6): (Ipv4Addr, Ipv6Addr) = locked.addresses;
        lines.insert(("ServiceEntry", namespace, name, host), vec![v4.into(), v6.into()]);
    }
    for ((namespace, name), Locked { addresses, span: _ }) in &lock.services {
        lines.insert(("Service", namespace, name, ""), addresses.clone());
    }
    lines
}

fn changes(before: &Lines<'_>, after: &Lines<'_>) -> Vec<LockChange> {
    let given = |key: &(&'static str, &str, &str, &str), addresses: &[IpAddr]| Given {
        kind: key.0,
        namespace: key.1.to_owned(),
        name: key.2.to_owned(),
        host: key.3.to_owned(),
        addresses: addresses.to_vec(),
    };
    let mut changes: Vec<LockChange> = Vec::new();
    for (key, addresses) in after {
        match before.get(key) {
            Some(known) if known == addresses => {}
            Some(_) => changes.push(LockChange::Moved(given(key, addresses))),
            None => changes.push(LockChange::Added(given(key, addresses))),
        }
    }
    let gone = before.iter().filter(|(key, _)| !after.contains_key(*key));
    changes.extend(gone.map(|(key, addresses)| LockChange::Freed(given(key, addresses))));
    changes
}

#[cfg(test)]
mod tests {
    use meshc_api::{AddressRange, Lock, ResourceSet};
    use meshc_diagnostics::Diagnostics;
    use meshc_source::InputFile;

    use super::{LockChange, imported, locked};
    use crate::fixture::{istio, service};

    fn resources(yaml: &str) -> ResourceSet {
        let mut diagnostics = Diagnostics::new();
        let sources = meshc_source::load(vec![InputFile::new("mesh.yaml", yaml)], &mut diagnostics);
        meshc_api::decode(&sources.documents, &mut diagnostics)
    }

    fn entry(name: &str) -> String {
        let spec = format!(
            "{{hosts: [{name}.example], resolution: DNS, ports: [{{number: 80, name: http, protocol: HTTP}}]}}"
        );
        istio("networking", "ServiceEntry", "ns", name, &spec)
    }

    #[test]
    fn an_object_that_is_added_or_removed_moves_no_other() {
        let names: Vec<String> = (0..300).map(|number| format!("n{number}")).collect();
        let all: String = names.iter().map(|name| entry(name)).collect();
        let (lock, changes) = locked(&resources(&all), &Lock::default());
        assert!(changes.len() == 300 && changes.iter().all(|change| matches!(change, LockChange::Added(_))));
        assert_eq!(locked(&resources(&all), &lock), (lock.clone(), Vec::new()));
        let fewer: String = names[1..].iter().map(|name| entry(name)).collect();
        let (smaller, changes) = locked(&resources(&(fewer + &entry("another"))), &lock);
        assert!(
            matches!(&changes[..], [LockChange::Added(added), LockChange::Freed(freed)] if added.name == "another" && freed.name == "n0"),
            "{changes:?}"
        );
        let unmoved = smaller
            .service_entries
            .iter()
            .filter(|(host, line)| lock.service_entries.get(*host) == Some(line));
        assert_eq!(unmoved.count(), 299);
    }

    #[test]
    fn services_get_addresses_of_a_range_and_keep_what_they_state() {
        let stating =
            service("ns", "stating", "{port: 80}").replace("spec:\n", "spec:\n  clusterIP: 10.0.0.1\n");
        let headless = service("ns", "none", "{port: 80}").replace("spec:\n", "spec:\n  clusterIP: None\n");
        let tree =
            [stating, headless, service("ns", "a", "{port: 80}"), service("ns", "b", "{port: 80}")].concat();
        assert!(locked(&resources(&tree), &Lock::default()).0.is_empty());
        let range: AddressRange = "10.0.0.0/29".parse().unwrap();
        let (lock, _) = locked(&resources(&tree), &Lock { service_range: Some(range), ..Lock::default() });
        let addresses: Vec<String> =
            lock.services.values().map(|line| line.addresses[0].to_string()).collect();
        assert!(lock.services.len() == 2 && addresses[0] != addresses[1], "{lock:?}");
        assert!(
            !addresses.contains(&"10.0.0.1".to_owned())
                && addresses.iter().all(|text| text.starts_with("10.0.0."))
        );
    }

    #[test]
    fn what_a_cluster_says_counts_and_what_it_does_not_know_stays() {
        let tree = resources(&[entry("a"), entry("b"), service("ns", "web", "{port: 80}")].concat());
        let (lock, _) = locked(&tree, &Lock::default());
        let b = lock.service_entries.iter().find(|(host, _)| host.name == "b").unwrap();
        let status = format!("status: {{addresses: [{{value: {}, host: a.example}}]}}\n", b.1.addresses.0);
        let live = service("ns", "web", "{port: 80}").replace("spec:\n", "spec:\n  clusterIP: 10.0.0.7\n");
        let elsewhere =
            service("ns", "other", "{port: 80}").replace("spec:\n", "spec:\n  clusterIP: 10.0.0.8\n");
        let cluster = resources(&[entry("a") + &status, live, elsewhere].concat());
        let (updated, changes) = imported(&tree, &cluster, &lock);
        let addresses = |name: &str| {
            updated.service_entries.iter().find(|(host, _)| host.name == name).unwrap().1.addresses
        };
        assert_eq!(addresses("a").0, b.1.addresses.0);
        assert_ne!(addresses("b").0, b.1.addresses.0, "the cluster gave its address to another host");
        let services: Vec<String> = updated.services.keys().map(|(_, name)| name.clone()).collect();
        assert_eq!(
            (services, updated.service("ns", "web")[0].to_string()),
            (vec!["web".into()], "10.0.0.7".into())
        );
        assert_eq!(changes.len(), 3, "{changes:?}");
    }
}
