//! Counts. Each thread counts for itself; a scrape adds up.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use meshc_contract::proxy::Direction;

use super::Flags;
use super::histogram::{Count, Histogram};
use super::labels::{Interner, PeerId, Protocol, Security, TargetId};

/// What tells one series of requests or connections from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Series {
    /// Who reports: `destination` is inbound, `source` is outbound.
    pub(crate) reporter: Direction,
    /// Who sent.
    pub(crate) source: PeerId,
    /// Who received.
    pub(crate) destination: PeerId,
    /// What service was asked.
    pub(crate) target: TargetId,
    /// Protocol.
    pub(crate) protocol: Protocol,
    /// Whether it was mTLS.
    pub(crate) security: Security,
    /// Response code; 0 for none.
    pub(crate) code: u16,
    /// gRPC status.
    pub(crate) grpc: Option<u16>,
    /// Response flags.
    pub(crate) flags: Flags,
}

/// What a request adds to its series.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    /// How long it took.
    pub(crate) duration: Duration,
    /// Bytes of the body of the request.
    pub(crate) request_bytes: u64,
    /// Bytes of the body of the response.
    pub(crate) response_bytes: u64,
}

/// The counts of one series in one thread.
#[derive(Debug, Default)]
pub(super) struct RequestCounts {
    pub(super) requests: Count,
    pub(super) duration: Histogram,
    pub(super) request_bytes: Histogram,
    pub(super) response_bytes: Histogram,
}

/// The counts of one series of connections, shared by the threads.
#[derive(Debug, Default)]
pub(crate) struct TcpSeries {
    opened: AtomicU64,
    closed: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
}

impl TcpSeries {
    /// A connection was opened.
    pub(crate) fn opened(&self) {
        self.opened.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection was closed.
    pub(crate) fn closed(&self) {
        self.closed.fetch_add(1, Ordering::Relaxed);
    }

    /// Bytes went to the client (`istio_tcp_sent_bytes_total`).
    pub(crate) fn sent(&self, bytes: u64) {
        self.sent.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes came from the client (`istio_tcp_received_bytes_total`).
    pub(crate) fn received(&self, bytes: u64) {
        self.received.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> [u64; 4] {
        let Self { opened, closed, sent, received } = self;
        [opened, closed, sent, received].map(|count| count.load(Ordering::Relaxed))
    }
}

/// The series of one thread.
#[derive(Debug, Default)]
pub(super) struct Shard {
    requests: Mutex<BTreeMap<Series, Arc<RequestCounts>>>,
}

/// A metric of the proxy itself.
#[derive(Debug, Default)]
pub(super) struct Family {
    pub(super) help: &'static str,
    pub(super) kind: &'static str,
    pub(super) values: BTreeMap<String, f64>,
}

/// All counts of the process.
#[derive(Debug)]
pub(crate) struct Metrics {
    id: u64,
    interner: Mutex<Interner>,
    shards: Mutex<Vec<Arc<Shard>>>,
    tcp: Mutex<BTreeMap<Series, Arc<TcpSeries>>>,
    own: Mutex<BTreeMap<&'static str, Family>>,
}

/// What a thread knows of the counts that it added to last.
struct Local {
    id: u64,
    shard: Arc<Shard>,
    series: BTreeMap<Series, Arc<RequestCounts>>,
}

thread_local! {
    static LOCAL: RefCell<Option<Local>> = const { RefCell::new(None) };
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Counts are whole at any time, whatever a thread that ended in the middle was about to do.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Metrics {
    /// No counts yet.
    pub(crate) fn new() -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Arc::new(Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            interner: Mutex::default(),
            shards: Mutex::default(),
            tcp: Mutex::default(),
            own: Mutex::default(),
        })
    }

    /// Counts a request that ended.
    pub(crate) fn request(&self, series: Series, outcome: Outcome) {
        LOCAL.with_borrow_mut(|local| {
            let local = match local {
                Some(local) if local.id == self.id => local,
                other => other.insert(self.local()),
            };
            let counts = match local.series.get(&series) {
                Some(counts) => counts,
                None => {
                    let counts = Arc::<RequestCounts>::default();
                    lock(&local.shard.requests).insert(series, Arc::clone(&counts));
                    local.series.entry(series).or_insert(counts)
                }
            };
            let Outcome { duration, request_bytes, response_bytes } = outcome;
            counts.requests.add(1);
            counts.duration.observe(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
            counts.request_bytes.observe(request_bytes.saturating_mul(1_000));
            counts.response_bytes.observe(response_bytes.saturating_mul(1_000));
        });
    }

    /// The counts of a series of connections. A connection asks once and keeps them.
    pub(crate) fn tcp(&self, series: Series) -> Arc<TcpSeries> {
        Arc::clone(lock(&self.tcp).entry(series).or_default())
    }

    /// Sets a gauge of the proxy itself, such as `meshc_proxy_build_info`. Labels are names with values.
    pub(crate) fn set(&self, name: &'static str, help: &'static str, labels: &[(&str, &str)], value: f64) {
        let mut own = lock(&self.own);
        let family = own.entry(name).or_insert_with(|| Family { help, kind: "gauge", ..Family::default() });
        family.values.insert(super::prometheus::spell(labels), value);
    }

    /// Adds to a counter of the proxy itself, whose name ends with `_total`.
    pub(crate) fn add(&self, name: &'static str, help: &'static str, labels: &[(&str, &str)], amount: f64) {
        let mut own = lock(&self.own);
        let family = own.entry(name).or_insert_with(|| Family { help, kind: "counter", ..Family::default() });
        *family.values.entry(super::prometheus::spell(labels)).or_default() += amount;
    }

    /// Forgets the values of a gauge, before those that are still there are set again.
    pub(crate) fn clear(&self, name: &'static str) {
        if let Some(family) = lock(&self.own).get_mut(name) {
            family.values.clear();
        }
    }

    /// All counts in Prometheus' text format.
    pub(crate) fn render(&self) -> String {
        let mut requests: BTreeMap<Series, Vec<Arc<RequestCounts>>> = BTreeMap::new();
        for shard in lock(&self.shards).iter() {
            for (series, counts) in lock(&shard.requests).iter() {
                requests.entry(*series).or_default().push(Arc::clone(counts));
            }
        }
        let tcp: Vec<(Series, [u64; 4])> =
            lock(&self.tcp).iter().map(|(series, counts)| (*series, counts.read())).collect();
        let dropped = super::sink::dropped();
        let interner = lock(&self.interner);
        super::prometheus::render(&interner, &requests, &tcp, &lock(&self.own), dropped)
    }

    pub(super) fn interning<T>(&self, with: impl FnOnce(&mut Interner) -> T) -> T {
        with(&mut lock(&self.interner))
    }

    fn local(&self) -> Local {
        let shard = Arc::<Shard>::default();
        lock(&self.shards).push(Arc::clone(&shard));
        Local { id: self.id, shard, series: BTreeMap::new() }
    }
}
