//! Attempts at one request.

use std::rc::Rc;
use std::sync::Arc;

use ::http::{HeaderValue, Request, Response, StatusCode};
use tokio::sync::oneshot;
use tokio::time::{Duration, Instant, sleep};

use super::super::body::{Expected, RequestBody};
use super::super::exchange::{Exchange, grpc_status};
use super::super::local_reply::{LocalReply, http_status};
use super::super::names::{ENVOY_ATTEMPT_COUNT, EXPECT};
use super::super::pool::{Answer, Lease, Sent, Want, Written};
use super::super::read::Head;
use super::super::response_body::Guards;
use super::super::retry::{Lost, Retry};
use super::super::route::is_idempotent;
use super::bodies::Bodies;
use super::deadline::{Deadline, within};
use super::failure::Failure;
use super::{Call, outgoing};
use crate::telemetry::Flags;
use crate::upstream::{Choice, Endpoint, Outcome, RetryPermit, Upstream, random};

/// Attempts at one request.
pub(super) struct Attempts<'c> {
    pub(super) call: Call<'c>,
    pub(super) upstream: &'c Arc<Upstream>,
    /// The head; gone while it is sent.
    pub(super) head: Option<Box<Head>>,
    pub(super) bodies: Bodies,
    pub(super) http2: bool,
    pub(super) hash: Option<u64>,
    pub(super) deadline: &'c Deadline,
    /// Authority and scheme of a head that is gone.
    pub(super) sent: Option<(HeaderValue, &'static str)>,
    /// Where the connection of the attempt that runs wrote down a head that is gone.
    pub(super) record: Option<Written>,
    /// Endpoints that later attempts avoid.
    pub(super) tried: Vec<Arc<Endpoint>>,
    /// The endpoint of the attempt that runs.
    pub(super) current: Option<Arc<Endpoint>>,
    /// Attempts so far.
    pub(super) count: u32,
    /// Retries so far.
    pub(super) retries: u32,
    pub(super) _retrying: Option<RetryPermit>,
}

type Won = (Response<Answer>, Lease, Guards, Duration);

impl Attempts<'_> {
    /// Tries until there is an answer, or no further attempt is allowed.
    pub(super) async fn run(mut self, exchange: &mut Exchange) -> Result<Won, Box<LocalReply>> {
        let retry = self.call.forward.retry.as_ref();
        loop {
            self.count += 1;
            exchange.observe_upstream(|upstream| upstream.attempts = self.count);
            let whole = self.deadline;
            let per_try = retry.and_then(|retry| retry.per_try_timeout).map(|limit| whole.attempt(limit));
            let result = if per_try.is_none() && whole.is_endless() {
                self.attempt(exchange).await
            } else {
                Box::pin(self.limited_attempt(per_try.as_ref(), exchange)).await
            };
            if exchange.progress.as_ref().is_some_and(|progress| progress.late.get()) && result.is_err() {
                let reply = LocalReply::new(
                    StatusCode::REQUEST_TIMEOUT,
                    "request_overall_timeout",
                    "request timeout",
                );
                return Err(LocalReply { close: true, ..reply }.into());
            }
            let lost = match &result {
                Ok((response, ..)) => {
                    let grpc = grpc_status(response.headers());
                    let worth =
                        |retry: &Retry| retry.of_response(response.status(), response.headers(), grpc);
                    if !retry.is_some_and(worth) {
                        exchange.details = "via_upstream".into();
                        return result.map_err(|failure| failure.reply(false).into());
                    }
                    None
                }
                Err(failure) => {
                    if let Some(reason) = failure.reason() {
                        exchange.observe_upstream(|upstream| upstream.failure = reason.to_owned().into());
                    }
                    failure.lost()
                }
            };
            let worth = match (retry, &result) {
                (None, _) => false,
                (Some(_), Ok(_)) => true,
                (Some(retry), Err(_)) => lost.is_some_and(|lost| retry.of_loss(lost)),
            };
            let exhausted = worth && retry.is_some_and(|retry| self.retries >= retry.attempts);
            if !worth || exhausted || !Box::pin(self.prepare_retry(retry)).await {
                let flags = if exhausted { Flags::RETRY_LIMIT } else { Flags::NONE };
                exchange.flags |= flags;
                return result
                    .inspect(|_| exchange.details = "via_upstream".into())
                    .map_err(|failure| Box::new(failure.reply(self.retries > 0)));
            }
            // An answer that is not wanted goes with its connection.
            drop(result);
        }
    }

    /// Waits for the back-off; `false` if there is no room for a retry, or nothing that could be sent again.
    async fn prepare_retry(&mut self, retry: Option<&Retry>) -> bool {
        self.take_back(None);
        let Some(retry) = retry.filter(|_| self.head.is_some() && self.bodies.can_go_again()) else {
            return false;
        };
        let Ok(permit) = self.upstream.begin_retry() else { return false };
        let wait = retry.back_off(self.retries, random());
        if self.deadline.at().is_some_and(|deadline| Instant::now() + wait >= deadline) {
            return false;
        }
        self._retrying = Some(permit);
        self.retries += 1;
        self.tried.extend(self.current.take());
        sleep(wait).await;
        true
    }

    /// An attempt that must be over in time.
    async fn limited_attempt(
        &mut self,
        per_try: Option<&Deadline>,
        exchange: &mut Exchange,
    ) -> Result<Won, Failure> {
        let whole = self.deadline;
        let attempt = self.attempt(exchange);
        let won = match per_try {
            None => within(&[whole], attempt).await,
            Some(per_try) => within(&[whole, per_try], attempt).await,
        };
        won.unwrap_or_else(|| Err(self.timed_out()))
    }

    fn timed_out(&self) -> Failure {
        if let Some(endpoint) = &self.current {
            self.upstream.report(endpoint, Outcome::Timeout);
        }
        if self.deadline.is_over() { Failure::Timeout } else { Failure::PerTryTimeout }
    }

    async fn attempt(&mut self, exchange: &mut Exchange) -> Result<Won, Failure> {
        let connection = &self.call.client.connection;
        let retry = self.call.forward.retry.as_ref();
        let avoid = retry.is_some_and(|retry| retry.avoid_previous_hosts);
        let leave = retry.is_some_and(|retry| retry.avoid_previous_priorities);
        // Istio has Envoy look at priorities anew after every second attempt.
        let tried = self.tried.len() / 2 * 2;
        let choice = Choice {
            hash: self.hash,
            avoid: if avoid { &self.tried } else { &[] },
            leave: if leave { &self.tried[..tried] } else { &[] },
            original: connection.original,
        };
        let endpoint = self.upstream.pick(&choice).ok_or(Failure::NoHealthyUpstream)?;
        exchange.observe_upstream(|upstream| upstream.host = Some(Arc::from(endpoint.address.to_string())));
        self.current = Some(Arc::clone(&endpoint));
        let permit = self.upstream.begin_request().map_err(|_| Failure::Overflow)?;
        let guards = Guards { _active: endpoint.begin(), _permit: Some(permit) };
        let started = Instant::now();
        match self.send(&endpoint, started, exchange).await {
            Ok((response, lease)) => {
                let grpc = if exchange.grpc { grpc_status(response.headers()) } else { None };
                let status = grpc.map_or(response.status().as_u16(), http_status);
                self.upstream.report(&endpoint, Outcome::Status(status));
                Ok((response, lease, guards, started.elapsed()))
            }
            Err(failure) => {
                match &failure {
                    Failure::Connect { .. } => self.upstream.report(&endpoint, Outcome::ConnectFailure),
                    Failure::Lost(_) | Failure::Protocol => self.upstream.report(&endpoint, Outcome::Reset),
                    _ => {}
                }
                Err(failure)
            }
        }
    }

    /// Sends the request to an endpoint. Where it meets a connection that the endpoint has just closed, and either nobody can have seen
    /// it or seeing it twice does no harm, it goes once more on a connection of its own (dataplane.md §7.6, 21). That is no retry.
    async fn send(
        &mut self,
        endpoint: &Arc<Endpoint>,
        started: Instant,
        exchange: &mut Exchange,
    ) -> Result<(Response<Answer>, Lease), Failure> {
        let connection = Rc::clone(&self.call.client.connection);
        let client = (connection.remote, connection.destination);
        let preserve_case = self.call.http.preserve_header_case;
        // hyper keeps the case of names where only hyper can read it.
        let simple = matches!(self.bodies, Bodies::None) && !self.call.upgrade && !preserve_case;
        let mut fresh = false;
        loop {
            let host = self.head.as_ref().and_then(|head| head.authority.to_str().ok()).unwrap_or_default();
            let now = started.into_std();
            let want = Want { http2: self.http2, preserve_case, host, client, simple, fresh, now };
            let mut lease = Lease::acquire(self.upstream, endpoint, want).await?;
            exchange.observe_upstream(|upstream| {
                upstream.local = lease.far().local;
                upstream.peer_uri = Arc::clone(&lease.far().uri);
            });
            let again = !fresh && self.may_go_twice(&lease);
            let request = self.request(again)?;
            self.record = lease.written();
            match lease.send(request).await {
                Ok(response)
                    if response.status() == StatusCode::SWITCHING_PROTOCOLS && !self.call.upgrade =>
                {
                    return Err(Failure::Protocol);
                }
                Ok(response) => return Ok((response, lease)),
                Err(Sent { protocol_error: true, .. }) => return Err(Failure::Protocol),
                Err(Sent { lost, protocol_error: _, closed, answered, request }) => {
                    let unseen = lost == Lost::ResetBeforeRequest;
                    let repeats = !fresh && lease.is_reused() && (unseen || (again && closed && !answered));
                    self.take_back(request);
                    if !repeats || self.head.is_none() || !self.bodies.can_go_again() {
                        return Err(Failure::Lost(lost));
                    }
                    fresh = true;
                }
            }
        }
    }

    /// Takes back a request that is not answered: as it came back, else its head as the connection wrote it down.
    fn take_back(&mut self, request: Option<Request<RequestBody>>) {
        let record = self.record.take();
        let parts = match request {
            Some(request) => {
                let (parts, body) = request.into_parts();
                self.bodies.put_back(body);
                Some(parts)
            }
            None => record.filter(|_| self.head.is_none()).and_then(|record| record.head()),
        };
        if self.head.is_none()
            && let Some(parts) = parts
            && let Some((authority, scheme)) = self.sent.take()
        {
            self.head = Some(Box::new(Head { parts, authority, scheme }));
        }
    }

    /// Whether the same request may be sent twice: it has no body, and its method allows it. On a connection that has just been made
    /// it need not.
    fn may_go_twice(&self, lease: &Lease) -> bool {
        lease.is_reused()
            && matches!(self.bodies, Bodies::None)
            && self.head.as_ref().is_some_and(|head| is_idempotent(&head.parts.method))
    }

    /// The request of the next attempt. Connections of HTTP/1 write its head down; only where that is not enough, it is copied in case
    /// that it is wanted again.
    fn request(&mut self, again: bool) -> Result<Request<RequestBody>, Failure> {
        let mut body = self.bodies.next();
        let copied = self.http2 || self.call.http.preserve_header_case;
        let head = if copied && (again || self.call.forward.retry.is_some()) {
            let head = self.head.as_ref().ok_or(Failure::Unspeakable)?;
            Head { parts: head.parts.clone(), authority: head.authority.clone(), scheme: head.scheme }
        } else {
            let head = *self.head.take().ok_or(Failure::Unspeakable)?;
            self.sent = Some((head.authority.clone(), head.scheme));
            head
        };
        let mut parts =
            outgoing(head.parts, &head.authority, head.scheme, self.http2).ok_or(Failure::Unspeakable)?;
        if self.call.host.attempt_count {
            let count = match self.count {
                1 => HeaderValue::from_static("1"),
                count => HeaderValue::from(count),
            };
            parts.headers.insert(ENVOY_ATTEMPT_COUNT, count);
        }
        let expects = parts.headers.contains_key(EXPECT) && !self.http2 && self.count == 1;
        let go = expects.then(oneshot::channel::<()>);
        let mut request = match go {
            None => Request::from_parts(parts, body),
            Some((go, when)) => {
                body = RequestBody::Expected(Box::new(Expected::new(body, when)));
                let go = std::sync::Mutex::new(Some(go));
                let mut request = Request::from_parts(parts, body);
                hyper::ext::on_informational(&mut request, move |response| {
                    if response.status() == StatusCode::CONTINUE
                        && let Some(go) = go.lock().ok().and_then(|mut go| go.take())
                    {
                        let _ = go.send(());
                    }
                });
                request
            }
        };
        if self.http2 {
            request.headers_mut().remove(EXPECT);
        }
        Ok(request)
    }
}
