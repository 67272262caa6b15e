//! A connection that was accepted: what is known of it, whoever handles it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

use meshc_contract::proxy::{AuthorizationFilter, Direction};
use meshc_contract::traffic::authorization::{Decision, Facts, RuleId, decide};
use meshc_contract::traffic::{HeaderValues, Inspected, Request};
use serde_json::Value;

use crate::tls;

/// A connection that was accepted, inspected and, where its chain says so, freed of TLS.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Number of the connection, unique in the process.
    pub(crate) id: u64,
    /// Address of the peer: what the socket says, or the PROXY protocol.
    pub(crate) remote: SocketAddr,
    /// Address of the peer as the socket says (`%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%`).
    pub(crate) direct_remote: SocketAddr,
    /// Address that the peer dialled: the original destination of captured connections, else the address of this side of the socket.
    pub(crate) destination: SocketAddr,
    /// The same for upstreams that go there; `None` where that is this socket itself.
    pub(crate) original: Option<SocketAddr>,
    /// What inspectors read from the first bytes.
    pub(crate) inspected: Inspected,
    /// The client of TLS that was terminated here; `None` without TLS, or where TLS passes through.
    pub(crate) peer: Option<tls::Peer>,
    /// Application protocol that the TLS handshake agreed on.
    pub(crate) alpn: Option<Vec<u8>>,
    /// Which way the traffic of its listener goes.
    pub(crate) direction: Direction,
    /// Name of its filter chain.
    pub(crate) chain: Option<Arc<str>>,
    /// When it was accepted, for durations.
    pub(crate) started: Instant,
    /// When it was accepted, for logs.
    pub(crate) started_at: SystemTime,
    /// Bytes of the application that came from the peer.
    pub(crate) received: Counter,
    /// Bytes of the application that went to the peer.
    pub(crate) sent: Counter,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// Adds to it.
    pub(crate) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    /// What it is.
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Connection {
    /// The next number of a connection.
    pub(crate) fn next_id() -> u64 {
        static NEXT: Counter = Counter(AtomicU64::new(1));
        NEXT.0.fetch_add(1, Ordering::Relaxed)
    }

    /// What policies decide by. `remote` is the address of the client as trusted headers tell it, that of the connection where
    /// there is no request.
    pub(crate) fn facts<'f, R: ?Sized>(
        &'f self,
        request: Option<&'f R>,
        remote: IpAddr,
        claims: Option<&'f Value>,
    ) -> Facts<'f, R> {
        Facts {
            request,
            peer: self.peer.as_ref().map(|peer| peer.uri.as_str()),
            direct_remote: Some(self.direct_remote.ip()),
            remote: Some(remote),
            destination: Some(self.destination.ip()),
            destination_port: self.destination.port(),
            server_name: &self.inspected.server_name,
            claims,
        }
    }
}

/// What policies look at where there is no request: nobody has one.
#[derive(Debug)]
pub(crate) enum NoRequest {}

impl Request for NoRequest {
    fn method(&self) -> &str {
        match *self {}
    }

    fn path(&self) -> &str {
        match *self {}
    }

    fn header(&self, _: &str) -> HeaderValues<'_> {
        match *self {}
    }
}

impl Connection {
    /// Whether policies of a chain let the connection in; they decide in order, and the first that denies it ends it. What policies
    /// in dry run would have decided is told to `dry_run`.
    ///
    /// # Errors
    /// The rule that denied it; `None` if no rule allowed it.
    pub(crate) fn authorize<'p>(
        &self,
        filters: &'p [AuthorizationFilter],
        dry_run: impl Fn(bool),
    ) -> Result<(), Option<&'p RuleId>> {
        let facts = self.facts(None::<&NoRequest>, self.remote.ip(), None);
        for AuthorizationFilter { action, rules, dry_run: tried } in filters {
            if let Some(tried) = tried {
                dry_run(decide(*action, Some(tried), &facts).allowed);
            }
            let Decision { allowed, rule } = decide(*action, rules.as_deref(), &facts);
            if !allowed {
                return Err(rule);
            }
        }
        Ok(())
    }
}
