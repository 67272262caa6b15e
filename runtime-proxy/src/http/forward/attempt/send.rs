//! Sending a request: once, or once more where the connection was stale.

use std::rc::Rc;
use std::sync::Arc;

use ::http::{HeaderValue, Request, Response, StatusCode};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::super::super::body::{Expected, RequestBody};
use super::super::super::exchange::Exchange;
use super::super::super::names::{ENVOY_ATTEMPT_COUNT, EXPECT};
use super::super::super::pool::{Answer, Lease, Sent, Want};
use super::super::super::read::Head;
use super::super::super::retry::Lost;
use super::super::super::route::is_idempotent;
use super::super::bodies::Bodies;
use super::super::failure::Failure;
use super::super::outgoing;
use super::Attempts;
use crate::upstream::Endpoint;

impl Attempts<'_> {
    /// Sends the request to an endpoint. Where it meets a connection that the endpoint has just closed, and either nobody can have seen
    /// it or seeing it twice does no harm, it goes once more on a connection of its own (dataplane.md §7.6, 21). That is no retry.
    pub(super) async fn send(
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
            // Sending counts: what is asked afterwards is never new. Nobody has closed a new connection while it was idle.
            let stale = !fresh && lease.is_reused();
            let again = stale && self.may_go_twice();
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
                    let repeats = stale && (unseen || (again && closed && !answered));
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
    pub(super) fn take_back(&mut self, request: Option<Request<RequestBody>>) {
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

    /// Whether the same request may be sent twice: it has no body, and its method allows it.
    fn may_go_twice(&self) -> bool {
        matches!(self.bodies, Bodies::None)
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
