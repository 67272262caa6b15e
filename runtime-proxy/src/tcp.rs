//! Bytes that are passed on (Envoy's tcp_proxy).

mod copy;
mod scratch;
mod splice;

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use meshc_contract::proxy::{Destination, Direction, TcpProxy, WeightedTcp};

use crate::config::{Config, TcpChain};
use crate::connection::Connection;
use crate::drain;
use crate::stream::Stream;
use crate::telemetry::{
    Flags, Labels, PeerId, Protocol, Record, Security, Series, TcpSeries, UpstreamRecord,
};
use crate::tls::{Alpn, Peer};
use crate::upstream::{self, Choice, ConnectError, Connected, Endpoint, Outcome, Upstream, Wanted};

/// Time without a byte either way after which a connection ends where the configuration says nothing, as in Envoy.
const DEFAULT_IDLE: Duration = Duration::from_secs(3600);

/// How often bytes are counted while a connection goes on, so that those of a long one are seen before it ends.
const COUNT_EVERY: Duration = Duration::from_secs(5);

/// Passes a connection on until it ends, counts it and logs it.
pub(crate) async fn serve(
    stream: Stream,
    connection: Rc<Connection>,
    chain: Arc<TcpChain>,
    config: Arc<Config>,
    drain: drain::Watch,
) {
    let mut record = record(&connection);
    let name = pick(&chain.source.upstreams, upstream::random());
    let upstream = config.upstreams.get(name).cloned();
    let (labels, drain_time) = (Arc::clone(&config.labels), config.source.drain_duration);
    // A connection may last for days: it must not keep alive all of a configuration that is in force no more.
    drop(config);
    let session = Session { connection: &connection, chain: &chain.source, labels: &labels, drain_time };
    match upstream {
        Some(upstream) => session.run(stream, &upstream, &drain, &mut record).await,
        None => {
            record.flags = Flags::NO_CLUSTER;
            session.count_failure(None, record.flags);
            stream.reset();
        }
    }
    record.duration = connection.started.elapsed();
    record.bytes_received = connection.received.get();
    record.bytes_sent = connection.sent.get();
    for log in &chain.access_logs {
        log.log(&record);
    }
}

/// What is known of a connection when it begins, for its log.
pub(crate) fn record(connection: &Connection) -> Record {
    let peer = connection.peer.as_ref();
    let text = |of: fn(&Peer) -> &str| Arc::from(peer.map_or("", of));
    Record {
        started: connection.started_at,
        duration: connection.started.elapsed(),
        connection_id: connection.id,
        downstream_local: Some(connection.destination),
        downstream_remote: Some(connection.remote),
        downstream_direct_remote: Some(connection.direct_remote),
        server_name: connection.inspected.server_name.as_str().into(),
        peer_uri: text(|peer| &peer.uri),
        peer_subject: text(|peer| &peer.subject),
        tls: peer.map(|peer| (peer.version.into(), peer.cipher.into())),
        chain: connection.chain.clone(),
        ..Record::starting()
    }
}

struct Session<'s> {
    connection: &'s Connection,
    chain: &'s TcpProxy,
    labels: &'s Labels,
    /// Time that a connection has once its chain is gone.
    drain_time: Duration,
}

impl Session<'_> {
    async fn run(&self, stream: Stream, upstream: &Upstream, drain: &drain::Watch, record: &mut Record) {
        record.upstream.name = Some(Arc::clone(&upstream.name));
        let Ok(_permit) = upstream.begin_connection() else {
            record.flags = Flags::UPSTREAM_OVERFLOW;
            self.count_failure(upstream.source.destination.as_ref(), record.flags);
            return stream.reset();
        };
        match self.connect(upstream, &mut record.upstream).await {
            Ok((endpoint, connected)) => {
                let _active = endpoint.begin();
                let peer = connected.peer.as_ref();
                let counts = self.chain.metrics.then(|| self.counts(upstream, peer));
                self.pass(stream, connected.stream, drain, record, counts.as_ref()).await;
                if let Some(counts) = counts {
                    counts.end(self.connection, record.flags, self.labels);
                }
            }
            Err(flags) => {
                record.flags = flags;
                self.count_failure(upstream.source.destination.as_ref(), flags);
                // The client learns that nobody took what it sent.
                stream.reset();
            }
        }
    }

    /// Connects to an endpoint, once, as Envoy does where nothing else is said.
    async fn connect(
        &self,
        upstream: &Upstream,
        record: &mut UpstreamRecord,
    ) -> Result<(Arc<Endpoint>, Connected), Flags> {
        let hash = self.chain.hash_source_ip;
        let hash = hash.then(|| upstream::hash(self.connection.remote.ip().to_string().as_bytes()));
        let choice = Choice { hash, original: self.connection.original, ..Choice::default() };
        let endpoint = upstream.pick(&choice).ok_or(Flags::NO_HEALTHY_UPSTREAM)?;
        record.host = Some(endpoint.address.to_string().into());
        record.attempts = 1;
        let client = Some((self.connection.remote, self.connection.destination));
        let wanted = Wanted { protocol: Alpn::Tcp, host: "", client };
        match upstream.connect(&endpoint, wanted).await {
            Ok(connected) => {
                upstream.report(&endpoint, Outcome::Success);
                record.local = connected.local;
                record.peer_uri = connected.peer.as_ref().map_or("", |peer| &peer.uri).into();
                Ok((endpoint, connected))
            }
            Err(error) => {
                let outcome = match error {
                    ConnectError::Timeout(_) => Outcome::Timeout,
                    ConnectError::Io(_) | ConnectError::Tls(_) => Outcome::ConnectFailure,
                };
                upstream.report(&endpoint, outcome);
                record.failure = Cow::Owned(error.to_string());
                Err(Flags::UPSTREAM_CONNECTION_FAILURE | Flags::RETRY_LIMIT)
            }
        }
    }

    async fn pass(
        &self,
        client: Stream,
        server: Stream,
        drain: &drain::Watch,
        record: &mut Record,
        counts: Option<&Counts>,
    ) {
        let idle = self.chain.idle_timeout.unwrap_or(DEFAULT_IDLE);
        let passing = copy::Passing::new(client, server, self.connection);
        let counting = async {
            loop {
                tokio::time::sleep(COUNT_EVERY).await;
                if let Some(counts) = counts {
                    counts.bytes(self.connection);
                }
            }
        };
        let ended = tokio::select! {
            biased;
            ended = passing.run(idle) => ended,
            () = after(self.chain.max_connection_duration) => copy::Ended::TooLong,
            () = self.drained(drain) => copy::Ended::Drained,
            () = counting => copy::Ended::Closed,
        };
        let (flags, details) = match ended {
            copy::Ended::Closed => (Flags::NONE, ""),
            copy::Ended::Idle => (Flags::NONE, "tcp_session_idle_timeout"),
            copy::Ended::TooLong => (Flags::DURATION_TIMEOUT, "max_duration_timeout"),
            copy::Ended::Drained => (Flags::NONE, "filter_chain_draining"),
            copy::Ended::ClientFailed => (Flags::NONE, "downstream_reset"),
            copy::Ended::ServerFailed => (Flags::NONE, "upstream_reset"),
        };
        record.flags |= flags;
        record.termination_details = Cow::Borrowed(details);
    }

    /// Waits until the chain is gone and the connection has had its time to end.
    async fn drained(&self, drain: &drain::Watch) {
        drain.chain_gone().await;
        tokio::time::sleep(self.drain_time).await;
    }

    fn counts(&self, upstream: &Upstream, peer: Option<&Peer>) -> Counts {
        let series = self.series(upstream.source.destination.as_ref(), peer);
        let counts = self.labels.metrics().tcp(series);
        counts.opened();
        Counts { series, counts, counted: std::cell::Cell::new((0, 0)) }
    }

    /// A connection that found no endpoint was opened and closed all the same.
    fn count_failure(&self, destination: Option<&Destination>, flags: Flags) {
        if self.chain.metrics {
            let series = Series { flags, ..self.series(destination, None) };
            let counts = self.labels.metrics().tcp(series);
            counts.opened();
            counts.closed();
        }
    }

    fn series(&self, destination: Option<&Destination>, server: Option<&Peer>) -> Series {
        let labels = self.labels;
        let client = self.connection.peer.as_ref().map(|peer| peer.uri.as_str());
        let reporter = self.connection.direction;
        let peer: PeerId = match (reporter, server) {
            (Direction::Inbound, _) => labels.peer(client),
            (Direction::Outbound, Some(server)) if !server.uri.is_empty() => labels.peer(Some(&server.uri)),
            (Direction::Outbound, _) => labels.workload(destination),
        };
        let (source, destination_id) = labels.sides(reporter, peer);
        let security = match (reporter, client) {
            (Direction::Outbound, _) => Security::Unknown,
            (Direction::Inbound, Some(uri)) if !uri.is_empty() => Security::MutualTls,
            (Direction::Inbound, _) => Security::None,
        };
        Series {
            reporter,
            source,
            destination: destination_id,
            target: labels.target(destination),
            protocol: Protocol::Tcp,
            security,
            code: 0,
            grpc: None,
            flags: Flags::NONE,
        }
    }
}

/// The series of one connection, and what of it is counted already.
struct Counts {
    series: Series,
    counts: Arc<TcpSeries>,
    counted: std::cell::Cell<(u64, u64)>,
}

impl Counts {
    fn bytes(&self, connection: &Connection) {
        let now = (connection.received.get(), connection.sent.get());
        let (received, sent) = self.counted.replace(now);
        self.counts.received(now.0 - received);
        self.counts.sent(now.1 - sent);
    }

    fn end(&self, connection: &Connection, flags: Flags, labels: &Labels) {
        self.bytes(connection);
        let series = Series { flags, ..self.series };
        labels.metrics().tcp(series).closed();
    }
}

/// Waits; for ever if there is no time.
async fn after(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

/// Picks a destination by weight with a random number.
fn pick(upstreams: &[WeightedTcp], random: u64) -> &str {
    let weight = |upstream: &WeightedTcp| u64::from(upstream.weight.unwrap_or(1));
    let total: u64 = upstreams.iter().map(weight).sum();
    let mut left = random.checked_rem(total).unwrap_or(0);
    for upstream in upstreams {
        match left.checked_sub(weight(upstream)) {
            Some(rest) => left = rest,
            None => return &upstream.upstream,
        }
    }
    upstreams.first().map_or("", |upstream| &upstream.upstream)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weighted(upstream: &str, weight: Option<u32>) -> WeightedTcp {
        WeightedTcp { upstream: upstream.to_owned(), weight }
    }

    #[test]
    fn destinations_are_picked_by_weight() {
        let upstreams = [weighted("a", Some(1)), weighted("none", Some(0)), weighted("b", Some(3))];
        let picked: Vec<&str> = (0..8).map(|random| pick(&upstreams, random)).collect();
        assert_eq!(picked, ["a", "b", "b", "b", "a", "b", "b", "b"]);
        assert_eq!(pick(&[weighted("a", None)], 7), "a");
        assert_eq!(pick(&[weighted("a", Some(0))], 7), "a");
    }
}
