//! Upstreams: where endpoints come from, which of them a connection goes to, how it gets there, and how much at once.
//!
//! Enters: the contract's upstreams, answers of DNS servers, what became of requests. Leaves: endpoints and connections to them.
//! Must not know: HTTP messages, listeners, metrics.
//!
//! An [`Upstream`] is shared by all threads and lives as long as its settings do not change, over any number of
//! configurations, so that ejections, limits and pools survive a reload. What picking reads is one snapshot, swapped as a whole.

mod balance;
mod connect;
mod dns;
mod ejection;
mod endpoint;
mod health;
mod limits;
mod members;
mod original;
mod outlier;
mod proxy_protocol;
mod random;
mod snapshot;
mod socket;
#[cfg(test)]
mod tests;
mod xxhash;

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use meshc_contract::proxy::{Discovery, DnsFamily, EndpointAddress, Upstream as Settings, UpstreamTlsChoice};
use tokio::time::Instant;

use crate::config::ConfigError;
use crate::tls::{self, Connector};

pub(crate) use connect::{ConnectError, Connected, Wanted};
pub(crate) use dns::{Resolver, ResolverSettings};
pub(crate) use endpoint::{ActiveRequest, Address, Endpoint};
pub(crate) use limits::{ConnectionPermit, Overflow, PendingPermit, RequestPermit, RetryPermit};
pub(crate) use outlier::Outcome;
pub(crate) use random::random;

use balance::Policy;
use limits::Limits;
use members::Members;
use original::Originals;
use outlier::Detector;
use snapshot::Snapshot;

/// One destination of traffic.
#[derive(Debug)]
pub(crate) struct Upstream {
    /// Name, as logs and metrics write it.
    pub(crate) name: Arc<str>,
    /// Its settings.
    pub(crate) source: Settings,
    connector: Option<Connector>,
    store: tls::Store,
    limits: Limits,
    policy: Policy,
    detector: Option<Detector>,
    ejected: AtomicU64,
    originals: Originals,
    members: Mutex<Members>,
    snapshot: ArcSwap<Snapshot>,
}

/// What picks an endpoint.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Choice<'c> {
    /// Hash of the request ([`hash`]); `None` where no policy found anything to hash.
    pub(crate) hash: Option<u64>,
    /// Endpoints that failed the same request already: another one is picked if there is one, as Istio's retries do
    /// (`previous_hosts`).
    pub(crate) avoid: &'c [Arc<Endpoint>],
    /// Endpoints whose priorities are left out if there are others: their share goes to the rest (`previous_priorities`).
    pub(crate) leave: &'c [Arc<Endpoint>],
    /// Address that was dialled, for upstreams that go there.
    pub(crate) original: Option<SocketAddr>,
}

/// Hash of a text that picks an endpoint: xxHash64 with seed 0, as Envoy's, so that the same request goes to the same endpoint
/// whichever proxy sends it.
pub(crate) fn hash(text: &[u8]) -> u64 {
    xxhash::xxh64(text, 0)
}

impl Upstream {
    /// Compiles settings. `previous` is the upstream of the same name before: with equal settings it is given back itself,
    /// otherwise addresses, ejections and what is counted live on where they still apply.
    ///
    /// # Errors
    /// If key material is missing or broken, or a setting cannot be.
    pub(crate) fn compile(
        name: &str,
        source: &Settings,
        previous: Option<&Arc<Self>>,
        store: &tls::Store,
    ) -> Result<Arc<Self>, ConfigError> {
        if let Some(previous) = previous.filter(|previous| previous.is_of(source, store)) {
            return Ok(previous.clone());
        }
        let connector = match &source.tls {
            UpstreamTlsChoice::None => None,
            UpstreamTlsChoice::Always(tls) | UpstreamTlsChoice::Auto(tls) => {
                Some(Connector::compile(tls, store).map_err(|error| ConfigError::new("tls", error))?)
            }
        };
        if source.proxy_protocol.is_some_and(|version| !matches!(version, 1 | 2)) {
            return Err(ConfigError::new(
                "proxyProtocol",
                "there are versions 1 and 2 of the PROXY protocol",
            ));
        }
        let policy = Policy::compile(source.load_balancing)
            .map_err(|problem| ConfigError::new("loadBalancing", problem))?;
        let detector = source.outlier.as_ref().map(Detector::compile);
        let members = match previous {
            Some(previous) => {
                Members::after(&source.discovery, &previous.members(), previous.connects_alike(source, store))
            }
            None => Members::new(&source.discovery),
        };
        let snapshot = members.snapshot(policy, source.panic_threshold, Instant::now());
        Ok(Arc::new(Self {
            name: name.into(),
            connector,
            store: store.clone(),
            limits: Limits::new(&source.limits, previous.map(|previous| &previous.limits)),
            policy,
            detector,
            ejected: AtomicU64::new(previous.map_or(0, |previous| previous.ejected.load(Ordering::Relaxed))),
            originals: Originals::default(),
            members: Mutex::new(members),
            snapshot: ArcSwap::from_pointee(snapshot),
            source: source.clone(),
        }))
    }

    /// Whether it is what these settings compile to.
    fn is_of(&self, source: &Settings, store: &tls::Store) -> bool {
        self.source == *source && (self.connector.is_none() || self.store.is_alike(store))
    }

    /// Whether a connection that was made for these settings is good for others.
    fn connects_alike(&self, other: &Settings, store: &tls::Store) -> bool {
        let Settings { tls, proxy_protocol, bind_source, protocol, limits, .. } = &self.source;
        *tls == other.tls
            && (*tls == UpstreamTlsChoice::None || self.store.is_alike(store))
            && *proxy_protocol == other.proxy_protocol
            && *bind_source == other.bind_source
            && *protocol == other.protocol
            && limits.tcp_keepalive == other.limits.tcp_keepalive
    }

    fn members(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Picks an endpoint; `None` if there is no healthy one (`UH`).
    pub(crate) fn pick(&self, choice: &Choice<'_>) -> Option<Arc<Endpoint>> {
        if let Discovery::OriginalDestination { port_override } = &self.source.discovery {
            let mut address = choice.original?;
            address.set_port(port_override.unwrap_or(address.port()));
            return Some(self.originals.get(address));
        }
        let snapshot = self.snapshot.load();
        if snapshot.changes_at.is_some_and(|at| Instant::now() >= at) {
            drop(snapshot);
            self.publish(&mut self.members());
            return self.snapshot.load().pick(choice);
        }
        snapshot.pick(choice)
    }

    /// Makes a new snapshot of what is known now.
    fn publish(&self, members: &mut Members) {
        let now = Instant::now();
        members.readmit(now);
        self.snapshot.store(Arc::new(members.snapshot(self.policy, self.source.panic_threshold, now)));
    }

    /// Takes the addresses of a name, in the order of the answer.
    fn resolved(&self, name: &str, addresses: &[IpAddr]) {
        let mut members = self.members();
        if members.resolved(&self.source.discovery, name, addresses) {
            self.publish(&mut members);
        }
    }

    /// The names that its addresses come from, with the families that are asked for and the time between look-ups.
    fn names(&self) -> Option<(BTreeSet<&str>, DnsFamily, std::time::Duration)> {
        let Discovery::Endpoints { groups, refresh_rate, family, .. } = &self.source.discovery else {
            return None;
        };
        let names =
            groups.iter().flat_map(|group| &group.endpoints).filter_map(|endpoint| match &endpoint.address {
                EndpointAddress::Name(name, _) => Some(name.as_str()),
                EndpointAddress::Ip(..) | EndpointAddress::Unix(_) => None,
            });
        Some((names.collect(), *family, *refresh_rate))
    }

    /// Whether connections to this endpoint are TLS.
    pub(crate) fn uses_tls(&self, endpoint: &Endpoint) -> bool {
        match &self.source.tls {
            UpstreamTlsChoice::None => false,
            UpstreamTlsChoice::Always(_) => true,
            UpstreamTlsChoice::Auto(_) => endpoint.mtls,
        }
    }

    /// Room for one more connection (HTTP/1.1, TCP), until the permit is dropped.
    ///
    /// # Errors
    /// If `max_connections` are open.
    pub(crate) fn begin_connection(&self) -> Result<ConnectionPermit, Overflow> {
        self.limits.begin_connection()
    }

    /// Room for one more request that waits for a connection, until the permit is dropped.
    ///
    /// # Errors
    /// If `max_pending_requests` wait.
    pub(crate) fn begin_pending(&self) -> Result<PendingPermit, Overflow> {
        self.limits.begin_pending()
    }

    /// Room for one more request, until the permit is dropped.
    ///
    /// # Errors
    /// If `max_requests` are on their way.
    pub(crate) fn begin_request(&self) -> Result<RequestPermit, Overflow> {
        self.limits.begin_request()
    }

    /// Room for one more retry, until the permit is dropped.
    ///
    /// # Errors
    /// If `max_retries` are on their way, or as many as the budget allows.
    pub(crate) fn begin_retry(&self) -> Result<RetryPermit, Overflow> {
        self.limits.begin_retry()
    }

    /// Tells outlier detection what became of a request or connection.
    pub(crate) fn report(&self, endpoint: &Arc<Endpoint>, outcome: Outcome) {
        let Some(detector) = &self.detector else { return };
        if !detector.trips(&endpoint.monitor, outcome) {
            return;
        }
        let mut members = self.members();
        if members.eject(endpoint, detector, Instant::now()) {
            self.ejected.fetch_add(1, Ordering::Relaxed);
            self.publish(&mut members);
        }
    }

    /// Endpoints that are ejected now, and ejections since the start, for metrics.
    pub(crate) fn ejections(&self) -> (u64, u64) {
        let active = self.members().ejected(Instant::now());
        (active as u64, self.ejected.load(Ordering::Relaxed))
    }

    /// Every endpoint with whether it is healthy, sorted by address, for `/config_dump` and metrics. Of upstreams that go where the
    /// client dialled, those that were dialled lately.
    pub(crate) fn endpoints(&self) -> Vec<(Arc<Endpoint>, bool)> {
        let mut endpoints = self.members().list(Instant::now());
        endpoints.extend(self.originals.list().into_iter().map(|endpoint| (endpoint, true)));
        endpoints.sort_by(|(one, _), (other, _)| one.address.cmp(&other.address));
        endpoints
    }
}
