//! Getting a connection: one that is free, else a new one.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::client::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use meshc_contract::proxy::UpstreamTlsChoice;

use super::super::body::RequestBody;
use super::super::server::LocalExecutor;
use super::carrier::Carrier;
use super::{Entry, Far, HEAD, Idle, Lease, Multiplexed, NoConnection, Place, Pool, Want, starve};
use crate::stream::Stream;
use crate::tls::Alpn;
use crate::upstream::{Connected, ConnectionPermit, Endpoint, Upstream, Wanted};

/// Window of a stream; that of the connection is four times as large, so that one stream that nobody reads stops no other.
const STREAM_WINDOW: u32 = 1 << 20;
/// How often somebody who waits for room looks again: another thread may have made it.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Whether TLS to an endpoint depends on the host of the request.
pub(super) fn depends_on_host(upstream: &Upstream, endpoint: &Endpoint) -> bool {
    let (UpstreamTlsChoice::Always(tls) | UpstreamTlsChoice::Auto(tls)) = &upstream.source.tls else {
        return false;
    };
    (tls.sni.is_none() || tls.match_host) && upstream.uses_tls(endpoint)
}

impl Lease {
    /// A connection to an endpoint, or a place on one.
    pub(crate) async fn acquire(
        upstream: &Arc<Upstream>,
        endpoint: &Arc<Endpoint>,
        want: Want<'_>,
    ) -> Result<Self, NoConnection> {
        let pool = Pool::of(upstream, endpoint, want);
        if want.http2 {
            return match pool.free_place().filter(|_| !want.fresh) {
                Some(place) => Ok(Self::Http2(place)),
                None => Box::pin(pool.place(upstream, endpoint, want)).await,
            };
        }
        // The PROXY protocol tells the client of a connection, so that no other client may use it.
        let shared = upstream.source.proxy_protocol.is_none();
        let free = if want.fresh { None } else { pool.free(want, shared).await };
        match free {
            Some(lease) => Ok(lease),
            // What is rare is kept apart: the memory that it needs would be moved with every request.
            None => Box::pin(pool.whole(upstream, endpoint, want, shared)).await,
        }
    }
}

impl Pool {
    /// A connection of HTTP/1.
    async fn whole(
        self: &Rc<Self>,
        upstream: &Arc<Upstream>,
        endpoint: &Arc<Endpoint>,
        want: Want<'_>,
        shared: bool,
    ) -> Result<Lease, NoConnection> {
        let _pending = upstream.begin_pending().map_err(|_| NoConnection::Overflow)?;
        loop {
            if let Ok(permit) = upstream.begin_connection() {
                return self.connect(upstream, endpoint, want, permit, shared).await;
            }
            if tokio::time::timeout(LOOK_AGAIN, self.changed.notified()).await.is_err() {
                starve(upstream);
            }
            if let Some(lease) = self.free(want, shared).await {
                return Ok(lease);
            }
        }
    }

    /// A connection that is there and that the endpoint has not closed.
    async fn free(self: &Rc<Self>, want: Want<'_>, shared: bool) -> Option<Lease> {
        if !shared {
            return None;
        }
        loop {
            let Idle { carrier, entry, since } = self.take_idle(want)?;
            let expired =
                self.idle_timeout.is_some_and(|limit| want.now.saturating_duration_since(since) >= limit);
            if expired || !self.may_serve(entry.born, entry.served) {
                continue;
            }
            if let Some(carrier) = carrier.ready(want).await {
                return Some(Lease::Http1 { carrier, pool: Some(Rc::clone(self)), entry });
            }
        }
    }

    /// The connection that was used last among those that fit best.
    fn take_idle(&self, want: Want<'_>) -> Option<Idle> {
        let mut idle = self.idle.borrow_mut();
        let last = idle.len().checked_sub(1)?;
        let fits = idle.iter().rposition(|one| one.carrier.is_wire() == want.simple);
        Some(idle.remove(fits.unwrap_or(last)))
    }

    async fn connect(
        self: &Rc<Self>,
        upstream: &Arc<Upstream>,
        endpoint: &Arc<Endpoint>,
        want: Want<'_>,
        permit: ConnectionPermit,
        shared: bool,
    ) -> Result<Lease, NoConnection> {
        let (stream, far) = dial(upstream, endpoint, want).await?;
        let carrier = Carrier::new(stream, permit, want).await.map_err(NoConnection::Handshake)?;
        let entry = Entry { born: Instant::now(), served: 0, far: Rc::new(far) };
        Ok(Lease::Http1 { carrier, pool: shared.then(|| Rc::clone(self)), entry })
    }

    /// A place on a connection of HTTP/2. Where several ask at once, one connects and the others wait for it.
    async fn place(
        self: &Rc<Self>,
        upstream: &Arc<Upstream>,
        endpoint: &Arc<Endpoint>,
        want: Want<'_>,
    ) -> Result<Lease, NoConnection> {
        let _pending = upstream.begin_pending().map_err(|_| NoConnection::Overflow)?;
        while self.connecting.get() {
            let _ = tokio::time::timeout(LOOK_AGAIN, self.changed.notified()).await;
            if let Some(place) = self.free_place() {
                return Ok(Lease::Http2(place));
            }
        }
        self.connecting.set(true);
        let _connecting = Connecting(self);
        let (stream, far) = dial(upstream, endpoint, want).await?;
        let (sender, connection) = http2::Builder::new(LocalExecutor)
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(STREAM_WINDOW * 4)
            .max_header_list_size(u32::try_from(HEAD).unwrap_or(u32::MAX))
            .handshake(TokioIo::new(stream))
            .await
            .map_err(NoConnection::Handshake)?;
        let granted = Rc::new(Cell::new(usize::MAX));
        tokio::task::spawn_local(run(connection, Rc::clone(&granted)));
        let now = Instant::now();
        let connection = Rc::new(Multiplexed {
            sender,
            active: 0.into(),
            served: 0.into(),
            born: now,
            since: now.into(),
            far: Rc::new(far),
            granted,
        });
        if upstream.source.proxy_protocol.is_none() {
            self.streams.borrow_mut().push(Rc::clone(&connection));
        }
        Ok(Lease::Http2(Place::take(connection, self)))
    }

    /// A place on a connection that is there: one that takes more streams, and that has not said goodbye.
    fn free_place(self: &Rc<Self>) -> Option<Place> {
        let mut streams = self.streams.borrow_mut();
        streams.retain(|one| !one.sender.is_closed());
        let fits = |one: &&Rc<Multiplexed>| {
            let granted = u32::try_from(one.granted.get()).unwrap_or(u32::MAX);
            one.active.get() < granted.min(self.most_streams) && self.may_serve(one.born, one.served.get())
        };
        let found = streams.iter().filter(fits).min_by_key(|one| one.active.get()).cloned();
        // One that has served enough ends with its last stream.
        streams.retain(|one| self.may_serve(one.born, one.served.get()));
        found.map(|one| Place::take(one, self))
    }
}

/// Runs a connection of HTTP/2, and notes how many streams the endpoint grants.
async fn run(
    connection: http2::Connection<TokioIo<Stream>, RequestBody, LocalExecutor>,
    granted: Rc<Cell<usize>>,
) {
    let mut connection = std::pin::pin!(connection);
    // Whoever sent a request learns of an error; nobody else wants to.
    let _ = std::future::poll_fn(|context| {
        let polled = connection.as_mut().poll(context);
        granted.set(connection.current_max_send_streams());
        polled
    })
    .await;
}

/// While somebody connects for all.
struct Connecting<'p>(&'p Rc<Pool>);

impl Drop for Connecting<'_> {
    fn drop(&mut self) {
        self.0.connecting.set(false);
        self.0.changed.notify_waiters();
    }
}

async fn dial(
    upstream: &Arc<Upstream>,
    endpoint: &Arc<Endpoint>,
    want: Want<'_>,
) -> Result<(Stream, Far), NoConnection> {
    let protocol = if want.http2 { Alpn::Http2 } else { Alpn::Http11 };
    let wanted = Wanted { protocol, host: want.host, client: Some(want.client) };
    let connected = upstream.connect(endpoint, wanted).await.map_err(NoConnection::Connect)?;
    let Connected { stream, peer, local } = connected;
    let uri = peer.as_ref().map(|peer| peer.uri.as_str()).unwrap_or_default();
    Ok((stream, Far { local, uri: Arc::from(uri) }))
}
