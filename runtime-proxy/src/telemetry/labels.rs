//! Labels of Istio's metrics, interned: a request carries numbers, and only a scrape spells them.

mod interner;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use meshc_contract::proxy::{Destination, Direction, Node, ProxyConfig, WorkloadLabels};

pub(super) use self::interner::{Interner, Target};
use self::interner::{LONGEST_HOST, MOST, MOST_HOSTS};
use super::Metrics;

/// Clusters of Istio's that stand for no service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outside {
    /// Where traffic ends that is not allowed.
    BlackHole,
    /// Where unknown traffic goes that is allowed.
    Passthrough,
}

impl Outside {
    /// That of a route by the name that Istio gives it: requests for hosts that a sidecar does not know count for these clusters
    /// wherever they are sent (`block_all` is answered by the proxy, `allow_any` may go to an egress proxy).
    pub(crate) fn of_route(name: &str) -> Option<Self> {
        match name {
            "block_all" => Some(Self::BlackHole),
            "allow_any" => Some(Self::Passthrough),
            _ => None,
        }
    }

    /// The name of the cluster.
    fn name(self) -> &'static str {
        match self {
            Self::BlackHole => "BlackHoleCluster",
            Self::Passthrough => "PassthroughCluster",
        }
    }
}

/// A workload, as the labels of one side of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PeerId(pub(super) u32);

/// A service, as the labels of the destination of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TargetId(pub(super) u32);

/// `request_protocol`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Protocol {
    /// HTTP of any version.
    Http,
    /// gRPC.
    Grpc,
    /// Bytes.
    Tcp,
}

/// `connection_security_policy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Security {
    /// mTLS, seen by the server.
    MutualTls,
    /// No mTLS, seen by the server.
    None,
    /// The client does not say.
    Unknown,
}

/// Who the proxy is and whom it knows, for the labels of metrics.
#[derive(Debug)]
pub(crate) struct Labels {
    metrics: Arc<Metrics>,
    local: PeerId,
    unknown: PeerId,
    unknown_target: TargetId,
    peers: BTreeMap<String, WorkloadLabels>,
    /// Peers that were seen, by their principal.
    seen: Mutex<BTreeMap<String, PeerId>>,
    /// Hosts outside that were seen.
    hosts: Mutex<BTreeMap<String, [Option<TargetId>; 2]>>,
}

impl Labels {
    /// Those of a configuration.
    pub(crate) fn new(config: &ProxyConfig, metrics: &Arc<Metrics>) -> Self {
        let ProxyConfig { node: Node { labels, identity, mesh: _ }, peers, .. } = config;
        let mut local = labels.clone();
        if local.principal.is_empty() {
            local.principal = identity.to_string();
        }
        let (local, unknown, unknown_target) = metrics.interning(|interner| {
            (
                interner.workload(&local),
                interner.workload(&WorkloadLabels::default()),
                interner.target(&Target::default()),
            )
        });
        let metrics = Arc::clone(metrics);
        Self {
            metrics,
            local,
            unknown,
            unknown_target,
            peers: peers.clone(),
            seen: Mutex::default(),
            hosts: Mutex::default(),
        }
    }

    /// The counts that these labels are for.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The workload of a peer by the URI in its certificate; `None` or empty is nobody that is known.
    pub(crate) fn peer(&self, principal: Option<&str>) -> PeerId {
        let Some(principal) = principal.filter(|principal| !principal.is_empty()) else {
            return self.unknown;
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = seen.get(principal) {
            return *id;
        }
        let mut labels = self.peers.get(principal).cloned().unwrap_or_default();
        principal.clone_into(&mut labels.principal);
        if let Some(namespace) = namespace(principal) {
            // Istio's metrics believe the certificate more than what else they know.
            namespace.clone_into(&mut labels.namespace);
        }
        let id = self.metrics.interning(|interner| interner.workload(&labels));
        if seen.len() < MOST {
            seen.insert(principal.to_owned(), id);
        }
        id
    }

    /// The workload behind an upstream, if only one is; else nobody that is known.
    pub(crate) fn workload(&self, destination: Option<&Destination>) -> PeerId {
        let workload = destination.and_then(|destination| destination.workload.as_ref());
        workload.map_or(self.unknown, |labels| self.metrics.interning(|interner| interner.workload(labels)))
    }

    /// The service that an upstream stands for.
    pub(crate) fn target(&self, destination: Option<&Destination>) -> TargetId {
        let Some(destination) = destination else { return self.unknown_target };
        let Destination { host, name, namespace, workload: _ } = destination;
        let target = Target { host: host.clone(), name: name.clone(), namespace: namespace.clone() };
        self.metrics.interning(|interner| interner.target(&target))
    }

    /// No service, and the host that a client asked for: the one label that no configuration bounds, so that a limit does.
    pub(crate) fn outside(&self, outside: Outside, host: &str) -> TargetId {
        let at = usize::from(outside == Outside::Passthrough);
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = hosts.get(host).and_then(|ids| ids[at]) {
            return id;
        }
        let id = self.metrics.interning(|interner| interner.outside(outside, host));
        // Those that are kept have a label of their own, or the limit is not reached yet.
        if hosts.len() < MOST_HOSTS && host.len() <= LONGEST_HOST {
            hosts.entry(host.to_owned()).or_default()[at] = Some(id);
        }
        id
    }

    /// The two sides of a series: who sent and who received, seen from a listener of some direction.
    pub(crate) fn sides(&self, direction: Direction, peer: PeerId) -> (PeerId, PeerId) {
        match direction {
            Direction::Inbound => (peer, self.local),
            Direction::Outbound => (self.local, peer),
        }
    }
}

/// The namespace in a SPIFFE ID of Istio's (`spiffe://<trust domain>/ns/<namespace>/sa/<service account>`).
fn namespace(principal: &str) -> Option<&str> {
    let mut parts = principal.strip_prefix("spiffe://")?.split('/').skip(1);
    (parts.next()? == "ns").then(|| parts.next())?.filter(|namespace| !namespace.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_namespace_of_a_peer_is_that_of_its_certificate() {
        assert_eq!(namespace("spiffe://a.example/ns/web/sa/front"), Some("web"));
        for other in ["spiffe://a.example/web", "spiffe://a.example/ns/", "https://a.example/ns/web", ""] {
            assert_eq!(namespace(other), None, "{other}");
        }
    }
}
