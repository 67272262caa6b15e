//! Bodies of responses on their way to the client. With the last byte the connection of the upstream is free again, and the
//! exchange is over.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::body::BodyError;
use super::exchange::Exchange;
use super::pool::{Answer, Lease};
use crate::telemetry::Flags;
use crate::upstream::{ActiveRequest, RequestPermit};

/// The body of a response.
#[derive(Debug)]
pub(super) struct ResponseBody {
    kind: Kind,
    exchange: Option<Box<Exchange>>,
}

#[derive(Debug)]
enum Kind {
    Empty,
    Full(Bytes),
    Upstream(Box<FromUpstream>),
}

/// A body that comes from an upstream.
#[derive(Debug)]
pub(super) struct FromUpstream {
    /// The body.
    pub(super) incoming: Answer,
    /// The connection that it comes on.
    pub(super) lease: Lease,
    /// What is counted while it comes.
    pub(super) _guards: Guards,
    /// When it must be over.
    pub(super) deadline: Option<Instant>,
    /// How long nothing may move.
    pub(super) idle: Option<Duration>,
    /// Wakes at the earlier of both; made when it is first waited for.
    pub(super) timer: Option<Pin<Box<Sleep>>>,
}

/// What is counted while a request is on its way to an upstream.
#[derive(Debug)]
pub(super) struct Guards {
    /// At the endpoint.
    pub(super) _active: ActiveRequest,
    /// At the upstream.
    pub(super) _permit: Option<RequestPermit>,
}

impl ResponseBody {
    /// No body, and the exchange is over.
    #[expect(clippy::boxed_local, reason = "it is over, and goes as it came")]
    pub(super) fn empty(mut exchange: Box<Exchange>) -> Self {
        exchange.complete = true;
        Self { kind: Kind::Empty, exchange: None }
    }

    /// A body that is there as a whole.
    pub(super) fn full(mut exchange: Box<Exchange>, body: Bytes) -> Self {
        if body.is_empty() {
            return Self::empty(exchange);
        }
        exchange.sent = u64::try_from(body.len()).unwrap_or_default();
        Self { kind: Kind::Full(body), exchange: Some(exchange) }
    }

    /// A body that comes from an upstream.
    pub(super) fn upstream(exchange: Box<Exchange>, body: FromUpstream) -> Self {
        if body.incoming.is_end_stream() {
            body.lease.release(sent_request(&exchange));
            return Self::empty(exchange);
        }
        Self { kind: Kind::Upstream(Box::new(body)), exchange: Some(exchange) }
    }

    /// No body for now; the exchange goes on elsewhere (tunnels).
    pub(super) fn detached() -> Self {
        Self { kind: Kind::Empty, exchange: None }
    }

    fn finish(&mut self) {
        if let Kind::Upstream(body) = std::mem::replace(&mut self.kind, Kind::Empty)
            && let Some(exchange) = &self.exchange
        {
            body.lease.release(sent_request(exchange));
        }
        if let Some(mut exchange) = self.exchange.take() {
            exchange.complete = true;
        }
    }

    fn fail(&mut self, flags: Flags, details: &'static str) {
        self.kind = Kind::Empty;
        if let Some(exchange) = &mut self.exchange {
            exchange.flags |= flags;
            exchange.details = details.into();
        }
        self.exchange = None;
    }
}

/// Whether the whole request was sent; a connection that still takes the rest of one cannot take another.
fn sent_request(exchange: &Exchange) -> bool {
    exchange.progress.as_ref().is_none_or(|progress| progress.finished.get().is_some())
}

impl FromUpstream {
    /// Whether the time is up. Only asked while there is nothing to pass on.
    fn expired(&mut self, context: &mut Context<'_>) -> Option<(Flags, &'static str)> {
        let idle_until = self.idle.map(|idle| Instant::now() + idle);
        let until = [self.deadline, idle_until].into_iter().flatten().min()?;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
        timer.as_mut().poll(context).is_ready().then(|| {
            if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                (Flags::UPSTREAM_TIMEOUT, "response_timeout")
            } else {
                (Flags::STREAM_IDLE_TIMEOUT, "stream_idle_timeout")
            }
        })
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let body = match &mut this.kind {
            Kind::Empty => return Poll::Ready(None),
            Kind::Full(body) => {
                let body = std::mem::take(body);
                this.finish();
                return Poll::Ready(Some(Ok(Frame::data(body))));
            }
            Kind::Upstream(body) => body,
        };
        let polled = Pin::new(&mut body.incoming).poll_frame(context);
        if polled.is_pending()
            && let Some((flags, details)) = body.expired(context)
        {
            this.fail(flags, details);
            return Poll::Ready(Some(Err(BodyError::Timeout)));
        }
        let frame = ready!(polled);
        if body.idle.is_some() {
            body.timer = None;
        }
        match frame {
            None => {
                this.finish();
                Poll::Ready(None)
            }
            Some(Err(error)) => {
                this.fail(
                    Flags::UPSTREAM_TERMINATION,
                    "upstream_reset_after_response_started{connection_termination}",
                );
                Poll::Ready(Some(Err(error)))
            }
            Some(Ok(frame)) => {
                let over = frame.is_trailers() || body.incoming.is_end_stream();
                if let Some(exchange) = &mut this.exchange {
                    if let Some(data) = frame.data_ref() {
                        exchange.sent += u64::try_from(data.len()).unwrap_or_default();
                    }
                    if let Some(trailers) = frame.trailers_ref() {
                        exchange.observe_trailers(trailers);
                    }
                }
                if over {
                    this.finish();
                }
                Poll::Ready(Some(Ok(frame)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Empty => true,
            Kind::Full(_) => false,
            Kind::Upstream(body) => body.incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Full(body) => SizeHint::with_exact(u64::try_from(body.len()).unwrap_or_default()),
            Kind::Upstream(body) => body.incoming.size_hint(),
        }
    }
}
