//! Connections to upstreams: one pool in each thread for each endpoint, so that nothing is shared and nothing waits.

mod carrier;
mod connect;
mod lease;
mod record;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{self, Arc};
use std::time::{Duration, Instant};

use hyper::client::conn::http2;
use tokio::sync::Notify;

use super::body::RequestBody;
use crate::upstream::{ConnectError, Endpoint, Upstream};

pub(super) use carrier::{Answer, Written};
pub(super) use lease::{Lease, Sent};

use carrier::Carrier;

/// Most connections that a pool keeps while nobody uses them.
const MOST_IDLE: usize = 1_024;
/// How often idle connections are looked at.
const SWEEP: Duration = Duration::from_secs(5);
/// Largest head of a response.
const HEAD: usize = 60 * 1024;
/// How long a connection stays where the upstream says nothing.
const IDLE: Duration = Duration::from_secs(3_600);

/// What a connection is wanted for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Want<'w> {
    /// Whether HTTP/2 is spoken.
    pub(super) http2: bool,
    /// Whether the case of header names is kept.
    pub(super) preserve_case: bool,
    /// Host of the request.
    pub(super) host: &'w str,
    /// Client and the address that it dialled.
    pub(super) client: (SocketAddr, SocketAddr),
    /// Whether the request has no body and asks for nothing unusual, so that whoever sends it can drive the connection.
    pub(super) simple: bool,
    /// Whether connections that are there already are passed over, as long as there may be another one.
    pub(super) fresh: bool,
    /// When it is wanted.
    pub(super) now: Instant,
}

/// What tells one pool from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// Address of the upstream in memory, which the pool keeps from being used again.
    upstream: usize,
    endpoint: u64,
    http2: bool,
    preserve_case: bool,
    /// Host of the request, where TLS depends on it.
    host: Option<Box<str>>,
}

/// What is known of the other end of a connection.
#[derive(Debug)]
pub(super) struct Far {
    /// Address of this side.
    pub(super) local: Option<SocketAddr>,
    /// URI in the certificate of the endpoint.
    pub(super) uri: Arc<str>,
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum NoConnection {
    /// There is no room.
    Overflow,
    /// It cannot be made.
    Connect(ConnectError),
    /// HTTP does not begin on it.
    Handshake(hyper::Error),
}

/// The connections to one endpoint.
#[derive(Debug)]
pub(super) struct Pool {
    upstream: sync::Weak<Upstream>,
    endpoint: sync::Weak<Endpoint>,
    idle: RefCell<Vec<Idle>>,
    streams: RefCell<Vec<Rc<Multiplexed>>>,
    /// Whether somebody is making a connection that others may use too.
    connecting: Cell<bool>,
    /// Wakes those who wait for a connection.
    changed: Notify,
    idle_timeout: Option<Duration>,
    most_requests: u32,
    longest_life: Option<Duration>,
    most_streams: u32,
}

/// A connection of HTTP/1 that nobody uses.
#[derive(Debug)]
struct Idle {
    carrier: Carrier,
    entry: Entry,
    since: Instant,
}

/// What is known of a connection as long as it lives.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    born: Instant,
    served: u32,
    far: Rc<Far>,
}

/// A connection of HTTP/2.
#[derive(Debug)]
struct Multiplexed {
    sender: http2::SendRequest<RequestBody>,
    active: Cell<u32>,
    served: Cell<u32>,
    born: Instant,
    since: Cell<Instant>,
    far: Rc<Far>,
    /// Streams that the endpoint grants at once.
    granted: Rc<Cell<usize>>,
}

#[derive(Default)]
struct Pools {
    pools: BTreeMap<Key, Rc<Pool>>,
    sweeping: bool,
}

thread_local! {
    static POOLS: RefCell<Pools> = RefCell::default();
}

impl Pool {
    /// The pool of this thread for an endpoint.
    fn of(upstream: &Arc<Upstream>, endpoint: &Arc<Endpoint>, want: Want<'_>) -> Rc<Self> {
        let key = Key {
            upstream: Arc::as_ptr(upstream).addr(),
            endpoint: endpoint.id,
            http2: want.http2,
            preserve_case: want.preserve_case,
            host: connect::depends_on_host(upstream, endpoint).then(|| want.host.into()),
        };
        POOLS.with_borrow_mut(|pools| {
            if !pools.sweeping {
                pools.sweeping = true;
                tokio::task::spawn_local(sweep());
            }
            let pool = pools.pools.entry(key);
            Rc::clone(pool.or_insert_with(|| Rc::new(Self::new(upstream, endpoint))))
        })
    }

    fn new(upstream: &Arc<Upstream>, endpoint: &Arc<Endpoint>) -> Self {
        let limits = &upstream.source.limits;
        let some = |limit: Option<Duration>| limit.filter(|limit| !limit.is_zero());
        Self {
            upstream: Arc::downgrade(upstream),
            endpoint: Arc::downgrade(endpoint),
            idle: RefCell::default(),
            streams: RefCell::default(),
            connecting: Cell::new(false),
            changed: Notify::new(),
            idle_timeout: some(Some(limits.idle_timeout.unwrap_or(IDLE))),
            most_requests: limits.max_requests_per_connection.filter(|most| *most > 0).unwrap_or(u32::MAX),
            longest_life: some(limits.max_connection_duration),
            most_streams: limits.max_concurrent_streams.filter(|most| *most > 0).unwrap_or(u32::MAX),
        }
    }

    /// Whether the endpoint or the upstream is gone.
    fn is_over(&self) -> bool {
        self.upstream.strong_count() == 0
            || self.endpoint.upgrade().is_none_or(|endpoint| endpoint.is_retired())
    }

    fn may_serve(&self, born: Instant, served: u32) -> bool {
        served < self.most_requests && self.longest_life.is_none_or(|life| born.elapsed() < life)
    }

    /// Keeps a connection for the next request.
    fn keep(&self, carrier: Carrier, entry: Entry) {
        let mut idle = self.idle.borrow_mut();
        if self.may_serve(entry.born, entry.served)
            && carrier.is_open()
            && idle.len() < MOST_IDLE
            && !self.is_over()
        {
            idle.push(Idle { carrier, entry, since: Instant::now() });
        }
        drop(idle);
        self.changed.notify_one();
    }

    /// Drops what has been idle for too long or is closed. Returns whether anything is left.
    fn sweep(&self) -> bool {
        let over = self.is_over();
        let expired = |since: Instant| self.idle_timeout.is_some_and(|limit| since.elapsed() >= limit);
        self.idle.borrow_mut().retain(|idle| !over && idle.carrier.is_alive() && !expired(idle.since));
        self.streams.borrow_mut().retain(|one| {
            let unused = one.active.get() == 0;
            !one.sender.is_closed() && !(unused && (over || expired(one.since.get())))
        });
        !self.idle.borrow().is_empty() || !self.streams.borrow().is_empty()
    }
}

/// An upstream that somebody waits for room at, by its address in memory. Room may be taken by connections that other threads keep
/// and do not use; they give them up then.
static STARVING: AtomicUsize = AtomicUsize::new(0);
/// Wakes the threads when it changes.
static STARVED: Notify = Notify::const_new();

/// Asks all threads to give up connections to an upstream that they do not use.
fn starve(upstream: &Arc<Upstream>) {
    STARVING.store(Arc::as_ptr(upstream).addr(), Ordering::Relaxed);
    STARVED.notify_waiters();
}

/// Looks at the pools of this thread now and then, as long as the thread lives.
async fn sweep() {
    loop {
        tokio::select! {
            () = tokio::time::sleep(SWEEP) => POOLS.with_borrow_mut(|pools| {
                pools.pools.retain(|_, pool| pool.sweep() || Rc::strong_count(pool) > 1);
            }),
            () = STARVED.notified() => POOLS.with_borrow(|pools| {
                let starving = STARVING.load(Ordering::Relaxed);
                for (_, pool) in pools.pools.iter().filter(|(key, _)| key.upstream == starving) {
                    pool.idle.borrow_mut().clear();
                }
            }),
        }
    }
}

/// A place on a connection of HTTP/2, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    connection: Rc<Multiplexed>,
    pool: Weak<Pool>,
}

impl Place {
    fn take(connection: Rc<Multiplexed>, pool: &Rc<Pool>) -> Self {
        connection.active.set(connection.active.get() + 1);
        connection.served.set(connection.served.get().saturating_add(1));
        Self { connection, pool: Rc::downgrade(pool) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Multiplexed { active, since, .. } = self.connection.as_ref();
        active.set(active.get().saturating_sub(1));
        since.set(Instant::now());
        if let Some(pool) = self.pool.upgrade() {
            pool.changed.notify_one();
        }
    }
}
