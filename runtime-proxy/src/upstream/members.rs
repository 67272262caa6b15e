//! The endpoints that an upstream has now, from its settings, the answers of DNS and ejections.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use meshc_contract::proxy::{Discovery, EndpointAddress, EndpointGroup};
use tokio::time::Instant;

use super::balance::Policy;
use super::ejection::Ejection;
use super::endpoint::{Address, Endpoint, Tenure};
use super::outlier::Detector;
use super::snapshot::{Candidate, Locality, Snapshot};

/// The endpoints that an upstream has now.
#[derive(Debug, Default)]
pub(super) struct Members {
    groups: Vec<Group>,
    /// Answers of DNS, in their order.
    names: BTreeMap<String, Vec<IpAddr>>,
    ejections: BTreeMap<u64, Ejection>,
}

#[derive(Debug)]
struct Group {
    priority: u32,
    weight: Option<u32>,
    members: Vec<Member>,
    /// Further addresses of names of which one at a time is used: their connections are still good.
    standby: Vec<Tenure>,
}

#[derive(Debug)]
struct Member {
    tenure: Tenure,
    weight: u32,
    unhealthy: bool,
}

/// What makes two endpoints the same.
type Key = (Address, bool, Option<Arc<str>>);

fn key(endpoint: &Endpoint) -> Key {
    (endpoint.address.clone(), endpoint.mtls, endpoint.hostname.clone())
}

impl Members {
    /// Those of settings alone.
    pub(super) fn new(discovery: &Discovery) -> Self {
        let mut members = Self::default();
        members.rebuild(discovery, &BTreeMap::new());
        members
    }

    /// Those of changed settings. Answers and ejections stay; connections too, if they would be made alike.
    pub(super) fn after(discovery: &Discovery, previous: &Self, connects_alike: bool) -> Self {
        let known = previous.known();
        let mut members = Self { names: previous.names.clone(), ..Self::default() };
        members.rebuild(discovery, if connects_alike { &known } else { const { &BTreeMap::new() } });
        let ids: Vec<_> = members.endpoints().map(|endpoint| (key(endpoint), endpoint.id)).collect();
        for (key, id) in ids {
            let before = known.get(&key).and_then(|tenure| previous.ejections.get(&tenure.endpoint().id));
            if let Some(ejection) = before {
                members.ejections.insert(id, *ejection);
            }
        }
        members
    }

    /// Takes the addresses of a name, in the order of the answer; whether that changes anything.
    pub(super) fn resolved(&mut self, discovery: &Discovery, name: &str, addresses: &[IpAddr]) -> bool {
        if self.names.get(name).is_some_and(|known| known == addresses) {
            return false;
        }
        self.names.insert(name.to_owned(), addresses.to_vec());
        let before: Vec<u64> = self.endpoints().map(|endpoint| endpoint.id).collect();
        self.rebuild(discovery, &self.known());
        let ids: Vec<u64> = self.endpoints().map(|endpoint| endpoint.id).collect();
        self.ejections.retain(|id, _| ids.contains(id));
        ids != before
    }

    /// Puts an endpoint aside, unless it is already, is no endpoint any longer, or too many are.
    pub(super) fn eject(&mut self, endpoint: &Arc<Endpoint>, detector: &Detector, now: Instant) -> bool {
        let all = self.endpoints().count();
        let before = self.ejections.get(&endpoint.id).copied();
        let aside = before.is_some_and(|ejection| ejection.until(now).is_some());
        let member = self.endpoints().any(|member| member.id == endpoint.id);
        if aside || !member || !detector.allows(self.ejected(now), all) {
            return false;
        }
        self.ejections.insert(endpoint.id, Ejection::next(before, detector, now));
        true
    }

    /// Lets endpoints whose ejection is over begin anew.
    pub(super) fn readmit(&mut self, now: Instant) {
        let over: Vec<u64> = self
            .ejections
            .iter_mut()
            .filter_map(|(id, ejection)| ejection.ended(now).then_some(*id))
            .collect();
        for endpoint in self.endpoints().filter(|endpoint| over.contains(&endpoint.id)) {
            endpoint.monitor.reset();
        }
    }

    /// How many are put aside.
    pub(super) fn ejected(&self, now: Instant) -> usize {
        self.ejections.values().filter(|ejection| ejection.until(now).is_some()).count()
    }

    /// All, with whether they are healthy.
    pub(super) fn list(&self, now: Instant) -> Vec<(Arc<Endpoint>, bool)> {
        let members = self.groups.iter().flat_map(|group| &group.members);
        members.map(|member| (member.tenure.endpoint().clone(), self.is_healthy(member, now))).collect()
    }

    /// What picking reads.
    pub(super) fn snapshot(&self, policy: Policy, panic_threshold: Option<f64>, now: Instant) -> Snapshot {
        let mut priorities: BTreeMap<u32, Vec<Locality>> = BTreeMap::new();
        for group in &self.groups {
            let candidates = group.members.iter().map(|member| Candidate {
                endpoint: member.tenure.endpoint().clone(),
                weight: member.weight,
                healthy: self.is_healthy(member, now),
            });
            let locality = Locality { weight: group.weight, candidates: candidates.collect() };
            priorities.entry(group.priority).or_default().push(locality);
        }
        let priorities: Vec<_> = priorities.into_values().collect();
        let changes_at = self.ejections.values().filter_map(|ejection| ejection.until(now)).min();
        Snapshot::new(&priorities, policy, panic_threshold.unwrap_or(50.0), changes_at)
    }

    fn is_healthy(&self, member: &Member, now: Instant) -> bool {
        let ejection = self.ejections.get(&member.tenure.endpoint().id);
        !member.unhealthy && ejection.is_none_or(|ejection| ejection.until(now).is_none())
    }

    fn endpoints(&self) -> impl Iterator<Item = &Arc<Endpoint>> {
        self.groups.iter().flat_map(|group| &group.members).map(|member| member.tenure.endpoint())
    }

    fn known(&self) -> BTreeMap<Key, Tenure> {
        let members = self.groups.iter().flat_map(|group| &group.members).map(|member| &member.tenure);
        let standby = self.groups.iter().flat_map(|group| &group.standby);
        members.chain(standby).map(|tenure| (key(tenure.endpoint()), tenure.clone())).collect()
    }

    fn rebuild(&mut self, discovery: &Discovery, known: &BTreeMap<Key, Tenure>) {
        let Discovery::Endpoints { groups, first_address, .. } = discovery else { return };
        let mut known = known.clone();
        self.groups = groups.iter().map(|group| self.group(group, *first_address, &mut known)).collect();
    }

    fn group(
        &self,
        settings: &EndpointGroup,
        first_address: bool,
        known: &mut BTreeMap<Key, Tenure>,
    ) -> Group {
        let mut group = Group {
            priority: settings.priority,
            weight: settings.weight,
            members: Vec::new(),
            standby: Vec::new(),
        };
        for endpoint in &settings.endpoints {
            let mut tenures: Vec<_> = self
                .addresses(&endpoint.address)
                .map(|(address, hostname)| tenure((address, endpoint.mtls, hostname), known))
                .collect();
            if first_address && tenures.len() > 1 {
                group.standby.extend(tenures.split_off(1));
            }
            let member = |tenure| Member {
                tenure,
                weight: endpoint.weight.unwrap_or(1),
                unhealthy: endpoint.unhealthy,
            };
            group.members.extend(tenures.into_iter().map(member));
        }
        // Rings and tables are the same whatever the order of an answer.
        group
            .members
            .sort_by(|one, other| one.tenure.endpoint().address.cmp(&other.tenure.endpoint().address));
        group
    }

    fn addresses<'s>(
        &'s self,
        settings: &'s EndpointAddress,
    ) -> Box<dyn Iterator<Item = (Address, Option<Arc<str>>)> + 's> {
        match settings {
            EndpointAddress::Ip(ip, port) => {
                Box::new(std::iter::once((Address::Tcp(SocketAddr::new(*ip, *port)), None)))
            }
            EndpointAddress::Unix(path) => Box::new(std::iter::once((Address::Unix(path.into()), None))),
            EndpointAddress::Name(name, port) => {
                let hostname: Arc<str> = name.as_str().into();
                let addresses = self.names.get(name).into_iter().flatten();
                Box::new(
                    addresses
                        .map(move |ip| (Address::Tcp(SocketAddr::new(*ip, *port)), Some(hostname.clone()))),
                )
            }
        }
    }
}

fn tenure(key: Key, known: &mut BTreeMap<Key, Tenure>) -> Tenure {
    let make = || {
        let (address, mtls, hostname) = key.clone();
        Tenure::new(Endpoint::new(address, mtls, hostname))
    };
    known.entry(key.clone()).or_insert_with(make).clone()
}
