//! Who is behind a SPIFFE ID. Istio's build asks the peer; this proxy is told by the compiler.
//!
//! A proxy is told about the workloads that may call it, those whose proxies know a service of its workload, and about those
//! that it may call. A Sidecar narrows both.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_contract::SpiffeId;
use meshc_plan::{Direction, Plan, ProxyPlan, Upstream, WorkloadLabels};

/// Peers of all proxies of a plan.
pub(super) struct Peers<'p> {
    /// Identities that one workload has to itself.
    sole: BTreeMap<&'p SpiffeId, &'p WorkloadLabels>,
    /// Identities of those that know a service, by its host.
    callers: BTreeMap<&'p str, BTreeSet<&'p SpiffeId>>,
    /// Identities of those that serve it.
    servers: BTreeMap<&'p str, BTreeSet<&'p SpiffeId>>,
}

impl<'p> Peers<'p> {
    pub(super) fn of(plan: &'p Plan) -> Self {
        let sole = plan.identities.iter().filter_map(|(id, identity)| {
            let mut workloads = identity.workloads.iter();
            let only = workloads.next().filter(|_| workloads.next().is_none())?;
            Some((id, &plan.proxies.get(only)?.labels))
        });
        // Proxies share their upstreams, so that the hosts of each are looked at once.
        let mut known: BTreeMap<usize, (&'p Upstream, Vec<&'p SpiffeId>)> = BTreeMap::new();
        let mut servers: BTreeMap<&'p str, BTreeSet<&'p SpiffeId>> = BTreeMap::new();
        for proxy in plan.proxies.values() {
            for upstream in &proxy.upstreams {
                match upstream.direction {
                    Direction::Outbound => {
                        let id = Arc::as_ptr(upstream).addr();
                        known.entry(id).or_insert_with(|| (upstream, Vec::new())).1.push(&proxy.identity);
                    }
                    Direction::Inbound => {
                        for host in hosts(upstream) {
                            servers.entry(host).or_default().insert(&proxy.identity);
                        }
                    }
                }
            }
        }
        let mut callers: BTreeMap<&'p str, BTreeSet<&'p SpiffeId>> = BTreeMap::new();
        for (upstream, identities) in known.values() {
            for host in hosts(upstream) {
                callers.entry(host).or_default().extend(identities);
            }
        }
        Self { sole: sole.collect(), callers, servers }
    }

    /// Peers of one proxy that have their identity to themselves.
    pub(super) fn of_proxy(&self, proxy: &'p ProxyPlan) -> BTreeMap<&'p SpiffeId, &'p WorkloadLabels> {
        let mut peers = BTreeMap::new();
        for upstream in &proxy.upstreams {
            let by_host = match upstream.direction {
                Direction::Outbound => &self.servers,
                Direction::Inbound => &self.callers,
            };
            let identities = hosts(upstream).filter_map(|host| by_host.get(host)).flatten();
            peers.extend(identities.filter_map(|id| Some((*id, *self.sole.get(id)?))));
        }
        peers
    }
}

fn hosts(upstream: &Upstream) -> impl Iterator<Item = &str> {
    upstream.services.iter().map(|service| service.host.as_str())
}
