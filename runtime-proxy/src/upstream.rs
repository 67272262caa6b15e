//! Upstreams: where endpoints come from, which of them a connection goes to, how it gets there, and how much at once.
//!
//! Enters: the contract's upstreams, answers of DNS servers, what became of requests. Leaves: endpoints and connections to them.
//! Must not know: HTTP messages, listeners, metrics.
//!
//! An [`Upstream`] is shared by all threads and lives as long as its settings do not change, over any number of
//! configurations, so that ejections, limits and pools survive a reload. What picking reads is one snapshot, swapped as a whole.

mod connect;
mod dns;
mod endpoint;
mod limits;
mod outlier;
mod random;

use std::sync::Arc;

use meshc_contract::proxy::Upstream as Settings;

use crate::config::ConfigError;
use crate::tls;

pub(crate) use connect::{ConnectError, Connected, Wanted};
pub(crate) use dns::{Resolver, ResolverSettings};
pub(crate) use endpoint::{ActiveRequest, Address, Endpoint};
pub(crate) use limits::{ConnectionPermit, Overflow, PendingPermit, RequestPermit, RetryPermit};
pub(crate) use outlier::Outcome;
pub(crate) use random::random;

/// One destination of traffic.
#[derive(Debug)]
pub(crate) struct Upstream {
    /// Name, as logs and metrics write it.
    pub(crate) name: Arc<str>,
    /// Its settings.
    pub(crate) source: Settings,
}

/// What picks an endpoint.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Choice<'c> {
    /// Hash of the request ([`hash`]); `None` where no policy found anything to hash.
    pub(crate) hash: Option<u64>,
    /// Endpoints that failed the same request already: another one is picked if there is one, as Istio's retries do
    /// (`previous_hosts`).
    pub(crate) avoid: &'c [Arc<Endpoint>],
    /// Address that was dialled, for upstreams that go there.
    pub(crate) original: Option<std::net::SocketAddr>,
}

/// Hash of a text that picks an endpoint: xxHash64 with seed 0, as Envoy's.
pub(crate) fn hash(_text: &[u8]) -> u64 {
    0
}

impl Upstream {
    /// Compiles settings. `previous` is the upstream of the same name before: with equal settings it is given back itself, otherwise
    /// its endpoints live on where they are endpoints of the new one too.
    ///
    /// # Errors
    /// If key material is missing or broken, or a setting cannot be.
    pub(crate) fn compile(
        name: &str,
        source: &Settings,
        previous: Option<&Arc<Self>>,
        _store: &tls::Store,
    ) -> Result<Arc<Self>, ConfigError> {
        if let Some(previous) = previous.filter(|previous| previous.source == *source) {
            return Ok(previous.clone());
        }
        Ok(Arc::new(Self { name: name.into(), source: source.clone() }))
    }

    /// Picks an endpoint; `None` if there is no healthy one (`UH`).
    pub(crate) fn pick(&self, _choice: &Choice<'_>) -> Option<Arc<Endpoint>> {
        None
    }

    /// Connects to an endpoint within the connect timeout, TLS included.
    ///
    /// # Errors
    /// What went wrong. It is not reported to outlier detection: the caller does.
    pub(crate) async fn connect(
        &self,
        _endpoint: &Arc<Endpoint>,
        _wanted: Wanted<'_>,
    ) -> Result<Connected, ConnectError> {
        Err(ConnectError::Timeout(self.source.connect_timeout))
    }

    /// Whether connections to this endpoint are TLS.
    pub(crate) fn uses_tls(&self, _endpoint: &Endpoint) -> bool {
        false
    }

    /// Room for one more connection (HTTP/1.1, TCP), until the permit is dropped.
    ///
    /// # Errors
    /// If `max_connections` are open.
    pub(crate) fn begin_connection(&self) -> Result<ConnectionPermit, Overflow> {
        Ok(ConnectionPermit {})
    }

    /// Room for one more request that waits for a connection, until the permit is dropped.
    ///
    /// # Errors
    /// If `max_pending_requests` wait.
    pub(crate) fn begin_pending(&self) -> Result<PendingPermit, Overflow> {
        Ok(PendingPermit {})
    }

    /// Room for one more request, until the permit is dropped.
    ///
    /// # Errors
    /// If `max_requests` are on their way.
    pub(crate) fn begin_request(&self) -> Result<RequestPermit, Overflow> {
        Ok(RequestPermit {})
    }

    /// Room for one more retry, until the permit is dropped.
    ///
    /// # Errors
    /// If `max_retries` are on their way, or as many as the budget allows.
    pub(crate) fn begin_retry(&self) -> Result<RetryPermit, Overflow> {
        Ok(RetryPermit {})
    }

    /// Tells outlier detection what became of a request or connection.
    pub(crate) fn report(&self, _endpoint: &Arc<Endpoint>, _outcome: Outcome) {}

    /// Endpoints that are ejected now, and ejections since the start, for metrics.
    pub(crate) fn ejections(&self) -> (u64, u64) {
        (0, 0)
    }

    /// Every endpoint with whether it is healthy, sorted by address, for `/config_dump` and metrics.
    pub(crate) fn endpoints(&self) -> Vec<(Arc<Endpoint>, bool)> {
        Vec::new()
    }
}
