//! One request with its response, for logs and counts.

mod client;

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::http::{HeaderMap, HeaderName, HeaderValue, Version};
use meshc_contract::proxy::Direction;

pub(super) use self::client::Client;
use super::HttpConnection;
use super::body::Progress;
use super::names::GRPC_STATUS;
use super::read::Head;
use super::route::Route;
use crate::telemetry::{
    Flags, HttpRecord, Outcome, PeerId, Protocol, Record, Security, Series, TargetId, UpstreamRecord,
};

/// One request with its response. It is logged and counted when it is dropped: once the last byte of the response is with the
/// connection, or the client is gone.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) http: Arc<HttpConnection>,
    pub(super) client: Rc<Client>,
    pub(super) started: Instant,
    pub(super) version: Version,
    pub(super) code: u16,
    pub(super) flags: Flags,
    pub(super) details: Cow<'static, str>,
    pub(super) progress: Option<Rc<Progress>>,
    pub(super) sent: u64,
    pub(super) grpc: bool,
    pub(super) grpc_status: Option<u16>,
    /// Service and workload of the upstream.
    pub(super) target: Option<(TargetId, PeerId)>,
    /// What counts instead of a service where the host is unknown.
    outside: Option<TargetId>,
    /// Whether the response ended as it should.
    pub(super) complete: bool,
    log: Option<Box<Record>>,
}

impl Exchange {
    /// A request that begins.
    pub(super) fn new(http: Arc<HttpConnection>, client: Rc<Client>, version: Version) -> Box<Self> {
        client.active.set(client.active.get() + 1);
        let log = (!http.logs.is_empty()).then(|| Box::new(Record::starting()));
        Box::new(Self {
            http,
            client,
            started: Instant::now(),
            version,
            code: 0,
            flags: Flags::NONE,
            details: Cow::Borrowed(""),
            progress: None,
            sent: 0,
            grpc: false,
            grpc_status: None,
            target: None,
            outside: None,
            complete: false,
            log,
        })
    }

    /// Notes what a log says of the request, as it is now.
    pub(super) fn observe_request(&mut self, head: &Head, remote: std::net::IpAddr) {
        let Some(record) = &mut self.log else { return };
        let port = if remote == self.client.connection.remote.ip() {
            self.client.connection.remote.port()
        } else {
            0
        };
        record.downstream_remote = Some((remote, port).into());
        let http = record.http.get_or_insert_default();
        http.method = head.parts.method.clone();
        head.path().clone_into(&mut http.path);
        head.authority().clone_into(&mut http.authority);
        http.scheme = head.scheme;
        http.request = some_of(&head.parts.headers, &self.http.logged_request);
    }

    /// Notes what a log says of the route, and what it says of the service.
    pub(super) fn observe_route(&mut self, route: Option<&Route>, head: &Head) {
        let Some(route) = route else { return };
        if let Some(outside) = route.outside.filter(|_| self.http.metrics) {
            self.outside = Some(self.http.labels.outside(outside, head.authority()));
        }
        if let Some(record) = &mut self.log {
            record.route.clone_from(&route.name);
        }
    }

    /// Notes what a log says of the upstream. The record is only made where there is a log.
    pub(super) fn observe_upstream(&mut self, note: impl FnOnce(&mut UpstreamRecord)) {
        if let Some(record) = &mut self.log {
            note(&mut record.upstream);
        }
    }

    /// Notes status and headers of the response.
    pub(super) fn observe_response(&mut self, status: u16, headers: &HeaderMap) {
        self.code = status;
        if self.grpc {
            self.observe_grpc(headers);
        }
        if let Some(record) = &mut self.log
            && !self.http.logged_response.is_empty()
        {
            record.http.get_or_insert_default().response = some_of(headers, &self.http.logged_response);
        }
    }

    /// Notes the trailers of the response.
    pub(super) fn observe_trailers(&mut self, trailers: &HeaderMap) {
        if self.grpc {
            self.observe_grpc(trailers);
        }
        if let Some(record) = &mut self.log {
            record.http.get_or_insert_default().trailers = trailers.clone();
        }
    }

    fn observe_grpc(&mut self, headers: &HeaderMap) {
        if let Some(status) = grpc_status(headers) {
            self.grpc_status = Some(status);
        }
    }

    /// The request as operators in values of headers see it.
    pub(super) fn record(&self, head: Option<&Head>) -> Record {
        let mut record = Record::starting();
        if let Some(head) = head {
            record.http = Some(Box::new(HttpRecord {
                method: head.parts.method.clone(),
                path: head.path().to_owned(),
                authority: head.authority().to_owned(),
                scheme: head.scheme,
                request: head.parts.headers.clone(),
                ..HttpRecord::default()
            }));
            record.downstream_remote = Some(self.client.connection.remote);
        }
        self.complete_record(&mut record);
        record
    }

    fn complete_record(&self, record: &mut Record) {
        let connection = &self.client.connection;
        let texts = &self.client.texts;
        record.duration = self.started.elapsed();
        record.protocol = protocol(self.version);
        record.response_code = self.code;
        record.flags = self.flags;
        record.details.clone_from(&self.details);
        record.bytes_received = self.progress.as_ref().map_or(0, |progress| progress.received.get());
        record.bytes_sent = self.sent;
        record.connection_id = connection.id;
        record.downstream_local = Some(connection.destination);
        record.downstream_remote.get_or_insert(connection.remote);
        record.downstream_direct_remote = Some(connection.direct_remote);
        record.server_name = Arc::clone(&texts.server_name);
        record.peer_uri = Arc::clone(&texts.peer_uri);
        record.peer_subject = Arc::clone(&texts.peer_subject);
        record.tls.clone_from(&texts.tls);
        record.chain.clone_from(&connection.chain);
    }

    fn count(&self, duration: Duration) {
        let http = &self.http;
        let labels = &http.labels;
        let (service, workload) = self.target.unwrap_or_else(|| (labels.target(None), labels.workload(None)));
        let inbound = http.direction == Direction::Inbound;
        let (source, destination) =
            labels.sides(http.direction, if inbound { self.client.peer } else { workload });
        let security = match (inbound, &self.client.connection.peer) {
            (false, _) => Security::Unknown,
            (true, Some(peer)) if peer.certificate.is_some() => Security::MutualTls,
            (true, _) => Security::None,
        };
        let series = Series {
            reporter: http.direction,
            source,
            destination,
            target: self.outside.unwrap_or(service),
            protocol: if self.grpc { Protocol::Grpc } else { Protocol::Http },
            security,
            code: self.code,
            grpc: self.grpc_status,
            flags: self.flags,
        };
        let outcome = Outcome {
            duration,
            request_bytes: self.progress.as_ref().map_or(0, |progress| progress.received.get()),
            response_bytes: self.sent,
        };
        labels.metrics().request(series, outcome);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if !self.complete && self.flags.is_empty() {
            self.flags |= Flags::DOWNSTREAM_TERMINATION;
            self.details = Cow::Borrowed("downstream_remote_disconnect");
        }
        let now = Instant::now();
        if self.http.metrics {
            self.count(now - self.started);
        }
        if let Some(mut record) = self.log.take() {
            self.complete_record(&mut record);
            if let Some(http) = &mut record.http {
                http.grpc_status = self.grpc_status;
            }
            self.http.logs.iter().for_each(|log| log.log(&record));
        }
        self.client.active.set(self.client.active.get().saturating_sub(1));
        self.client.last.set(now);
    }
}

/// The gRPC status in headers or trailers.
pub(super) fn grpc_status(headers: &HeaderMap) -> Option<u16> {
    headers.get(GRPC_STATUS).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok())
}

/// Name of a protocol version in logs.
pub(super) fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        _ => "HTTP/1.1",
    }
}

fn some_of(headers: &HeaderMap, names: &[HeaderName]) -> HeaderMap {
    let mut some = HeaderMap::new();
    for name in names {
        if !some.contains_key(name) {
            let values: Vec<HeaderValue> = headers.get_all(name).iter().cloned().collect();
            for value in values {
                some.append(name.clone(), value);
            }
        }
    }
    some
}
