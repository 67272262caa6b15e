//! Addresses of ServiceEntries that state none (translation-spec §0.5), in the order in which they count: what istiod wrote into
//! the `status` of an object, what the lock file keeps, and what is free.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use meshc_api::{IstiodFeatures, Lock, Locked, LockedHost, Resource, ResourceSet, istio};
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};

use super::service_entries::{reference, resolution};
use crate::Resolution;
use crate::addresses::{AutoAddresses, HashedAddresses, sequential};
use crate::hosts::is_wildcard;

/// Label by which a ServiceEntry refuses an address.
const OPT_OUT: &str = "networking.istio.io/enable-autoallocate-ip";

/// How many hosts a finding names before it only counts.
const NAMED: usize = 3;

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

fn not_locked(unlocked: &[&Wanted<'_>]) -> Diagnostic {
    let named: Vec<String> =
        unlocked.iter().take(NAMED).map(|wanted| format!("`{}`", wanted.key.host)).collect();
    let rest = match unlocked.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!("the lock file has no address for {}{rest}", named.join(", "));
    let finding = Diagnostic::new(&codes::ADDRESS_NOT_LOCKED, message)
        .consequence(
            "they get addresses in the order of their names, so that an entry that is added may move others",
        )
        .help("run `meshc lock` and commit the file, or state `addresses`");
    match unlocked.first() {
        Some(first) => first.at(finding, &first.path),
        None => finding,
    }
}

fn stale_line(host: &LockedHost, locked: &Locked<AutoAddresses>, wanted: &[Wanted<'_>]) -> Diagnostic {
    let LockedHost { namespace, name, host: text } = host;
    let known = wanted.iter().find(|wanted| wanted.key == *host);
    let what = match known {
        Some(_) => {
            format!("`{text}` of ServiceEntry {namespace}/{name} has another address than the locked one")
        }
        None => format!("no ServiceEntry {namespace}/{name} of the tree needs an address for `{text}`"),
    };
    let consequence = match known {
        Some(_) => "the address in its status counts, or a free one where another host has the locked one",
        None => "the line has no effect",
    };
    let finding = Diagnostic::new(&codes::STALE_LOCK, what).consequence(consequence).help("run `meshc lock`");
    let finding = match locked.span {
        Some(span) => finding.at(span, ""),
        None => finding,
    };
    match known {
        Some(known) => finding.related(known.object.document.span(&known.path), "the host"),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use meshc_api::{Lock, Locked, LockedHost};

    use crate::fixture::{deployment, istio, resolve, resolve_with};
    use crate::{Inject, Options};

    fn entry(name: &str, more: &str) -> String {
        let spec = format!(
            "{{hosts: [{name}.example], resolution: DNS, {more} ports: [{{number: 80, name: http, protocol: HTTP}}]}}"
        );
        istio("networking", "ServiceEntry", "ns", name, &spec)
    }

    fn locked(hosts: &[(&str, u16)]) -> Options {
        let line = |(name, number): &(&str, u16)| {
            let [third, fourth] = number.to_be_bytes();
            let addresses =
                ([240, 240, third, fourth].into(), format!("2001:2::{number:x}").parse().unwrap());
            let host =
                LockedHost { namespace: "ns".into(), name: (*name).into(), host: format!("{name}.example") };
            (host, Locked { addresses, span: None })
        };
        let lock = Lock { service_entries: hosts.iter().map(line).collect(), ..Lock::default() };
        Options { inject: Inject::All, lock, ..Options::default() }
    }

    fn capturing() -> String {
        let config = "annotations: {proxy.istio.io/config: '{proxyMetadata: {ISTIO_META_DNS_CAPTURE: \"true\"}}'}, labels: {app";
        deployment("ns", "client").replace("labels: {app: client,", &format!("{config}: client,"))
    }

    #[test]
    fn locked_addresses_stay_and_others_go_around_them() {
        let fixture = resolve_with(&[entry("a", ""), entry("b", "")].concat(), locked(&[("b", 1)]));
        let addresses: Vec<_> = fixture
            .mesh
            .services
            .iter()
            .map(|service| service.auto_addresses.unwrap().0.to_string())
            .collect();
        assert_eq!(addresses, ["240.240.0.2", "240.240.0.1"]);
        assert_eq!(fixture.texts(), Vec::<String>::new());
    }

    #[test]
    fn addresses_that_a_new_object_may_move_are_reported_once_where_a_proxy_tells_them() {
        let entries: String = ["a", "b", "c", "d", "e"].iter().map(|name| entry(name, "")).collect();
        let fixture = resolve_with(&(entries + &capturing()), locked(&[("a", 1)]));
        let says = "Warning address-not-locked: the lock file has no address for `b.example`, `c.example`, `d.example` and 1 more";
        assert!(fixture.texts().len() == 1 && fixture.texts()[0].starts_with(says), "{:?}", fixture.texts());
        assert_eq!(fixture.ends(0), ["b.example"]);
    }

    #[test]
    fn lines_about_nothing_and_against_the_status_are_stale() {
        let kept = entry("a", "") + "status: {addresses: [{value: 240.240.0.9, host: a.example}]}\n";
        let fixture = resolve_with(&kept, locked(&[("a", 1), ("gone", 2)]));
        let texts = fixture.texts();
        assert_eq!(texts.len(), 2);
        assert!(
            texts.iter().any(|text| text.contains("has another address than the locked one")),
            "{texts:?}"
        );
        assert!(texts.iter().any(|text| text.contains("no ServiceEntry ns/gone of the tree")), "{texts:?}");
        assert_eq!(fixture.mesh.services[0].auto_addresses.unwrap().0.to_string(), "240.240.0.9");
    }

    #[test]
    fn nobody_gets_an_address_that_another_object_spells_out() {
        let status = "status: {addresses: [{value: 240.240.0.2, host: HOST.example}]}\n";
        let fixture = resolve(
            &[
                entry("a", "addresses: [240.240.0.1],"),
                entry("b", "") + &status.replace("HOST", "b"),
                entry("c", "") + &status.replace("HOST", "c"),
            ]
            .concat(),
        );
        let auto: Vec<_> = fixture.mesh.services.iter().map(|service| service.auto_addresses).collect();
        let text = |at: usize| auto[at].map(|(v4, _)| v4.to_string());
        assert_eq!(
            (auto[0], text(1), text(2)),
            (None, Some("240.240.0.2".into()), Some("240.240.0.3".into()))
        );
        assert!(fixture.texts()[0].starts_with("Warning address-taken"), "{:?}", fixture.texts());
    }

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
