//! An endpoint: one address that traffic goes to.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::outlier::Monitor;

/// Where an endpoint listens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Address {
    /// TCP.
    Tcp(SocketAddr),
    /// A Unix domain socket.
    Unix(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(formatter),
            Self::Unix(path) => path.display().fmt(formatter),
        }
    }
}

/// One address that traffic goes to.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// Number, unique in the process, by which pools find it. Connections of one number are good for each other.
    pub(crate) id: u64,
    /// Where it listens.
    pub(crate) address: Address,
    /// Whether it takes Istio mTLS.
    pub(crate) mtls: bool,
    /// The DNS name that its address comes from.
    pub(crate) hostname: Option<Arc<str>>,
    /// What outlier detection counts.
    pub(super) monitor: Monitor,
    /// Requests that are on their way, and connections of TCP.
    active: AtomicU32,
    /// Upstreams that have it.
    tenures: AtomicU32,
}

impl Endpoint {
    pub(super) fn new(address: Address, mtls: bool, hostname: Option<Arc<str>>) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Arc::new(Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            address,
            mtls,
            hostname,
            monitor: Monitor::default(),
            active: AtomicU32::new(0),
            tenures: AtomicU32::new(0),
        })
    }

    /// Counts a request or TCP connection for the balancer, until the guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> ActiveRequest {
        self.active.fetch_add(1, Ordering::Relaxed);
        ActiveRequest(self.clone())
    }

    /// Requests that are on their way, and connections of TCP.
    pub(crate) fn active(&self) -> u32 {
        self.active.load(Ordering::Relaxed)
    }

    /// Whether it is no endpoint any longer: pools close its idle connections and keep no more of them.
    pub(crate) fn is_retired(&self) -> bool {
        self.tenures.load(Ordering::Relaxed) == 0
    }
}

/// A request or TCP connection that is on its way to an endpoint.
#[derive(Debug)]
pub(crate) struct ActiveRequest(Arc<Endpoint>);

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        self.0.active.fetch_sub(1, Ordering::Relaxed);
    }
}

/// That an upstream has an endpoint.
#[derive(Debug)]
pub(super) struct Tenure(Arc<Endpoint>);

impl Tenure {
    pub(super) fn new(endpoint: Arc<Endpoint>) -> Self {
        endpoint.tenures.fetch_add(1, Ordering::Relaxed);
        Self(endpoint)
    }

    pub(super) fn endpoint(&self) -> &Arc<Endpoint> {
        &self.0
    }
}

impl Clone for Tenure {
    fn clone(&self) -> Self {
        Self::new(self.0.clone())
    }
}

impl Drop for Tenure {
    fn drop(&mut self) {
        self.0.tenures.fetch_sub(1, Ordering::Relaxed);
    }
}
