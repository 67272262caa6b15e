//! Labels of Istio's metrics, interned: a request carries numbers, and only a scrape spells them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use meshc_contract::proxy::{Destination, Direction, Node, ProxyConfig, WorkloadLabels};

use super::Metrics;

/// Most peers and targets that are told apart; what comes later is `unknown`, so that nobody can fill the memory with names.
const MOST: usize = 20_000;

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

/// Values that are interned once and never forgotten.
#[derive(Debug, Default)]
pub(super) struct Interner {
    workloads: Table<WorkloadLabels>,
    targets: Table<Target>,
}

/// A service as labels tell it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub(super) host: String,
    pub(super) name: String,
    pub(super) namespace: String,
}

#[derive(Debug)]
struct Table<T> {
    numbers: BTreeMap<T, u32>,
    values: Vec<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { numbers: BTreeMap::new(), values: Vec::new() }
    }
}

impl<T: Ord + Clone + Default> Table<T> {
    fn number(&mut self, value: &T) -> u32 {
        if let Some(number) = self.numbers.get(value) {
            return *number;
        }
        let value = if self.values.len() < MOST { value.clone() } else { T::default() };
        let next = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(value.clone()).or_insert(next);
        if number == next {
            self.values.push(value);
        }
        number
    }

    fn value(&self, number: u32) -> T {
        usize::try_from(number).ok().and_then(|at| self.values.get(at)).cloned().unwrap_or_default()
    }
}

impl Interner {
    pub(super) fn workload(&mut self, labels: &WorkloadLabels) -> PeerId {
        PeerId(self.workloads.number(labels))
    }

    pub(super) fn workload_of(&self, id: PeerId) -> WorkloadLabels {
        self.workloads.value(id.0)
    }

    pub(super) fn target(&mut self, target: &Target) -> TargetId {
        TargetId(self.targets.number(target))
    }

    pub(super) fn target_of(&self, id: TargetId) -> Target {
        self.targets.value(id.0)
    }
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
        Self { metrics, local, unknown, unknown_target, peers: peers.clone(), seen: Mutex::default() }
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

    /// The service that an upstream stands for. A host that no configuration names is never a label.
    pub(crate) fn target(&self, destination: Option<&Destination>) -> TargetId {
        let Some(destination) = destination else { return self.unknown_target };
        let Destination { host, name, namespace, workload: _ } = destination;
        let target = Target { host: host.clone(), name: name.clone(), namespace: namespace.clone() };
        self.metrics.interning(|interner| interner.target(&target))
    }

    /// The two sides of a series: who sent and who received, seen from a listener of some direction.
    pub(crate) fn sides(&self, direction: Direction, peer: PeerId) -> (PeerId, PeerId) {
        match direction {
            Direction::Inbound => (peer, self.local),
            Direction::Outbound => (self.local, peer),
        }
    }
}
