//! A connection, or a place on one, while a request uses it.

use std::rc::Rc;

use ::http::{Request, Response};
use hyper::client::conn::TrySendError;

use super::super::body::RequestBody;
use super::super::retry::Lost;
use super::carrier::{Answer, Carrier, Written};
use super::{Entry, Far, Place, Pool};

/// A connection, or a place on one, while a request uses it.
#[derive(Debug)]
pub(crate) enum Lease {
    /// A connection of HTTP/1 as a whole.
    Http1 {
        /// What drives it.
        carrier: Carrier,
        /// Where it goes when it is free; `None` for one that nobody else may use.
        pool: Option<Rc<Pool>>,
        /// What is known of it.
        entry: Entry,
    },
    /// A stream of HTTP/2.
    Http2(Place),
}

/// Why a request has no answer.
#[derive(Debug)]
pub(crate) struct Sent {
    /// How it was lost.
    pub(crate) lost: Lost,
    /// Whether the answer was no HTTP.
    pub(crate) protocol_error: bool,
    /// Whether the connection ended, rather than the stream alone.
    pub(crate) closed: bool,
    /// Whether anything came back.
    pub(crate) answered: bool,
    /// The request, if it was not looked at yet.
    pub(crate) request: Option<Request<RequestBody>>,
}

impl Lease {
    /// Sends a request and waits for the head of the answer.
    pub(crate) async fn send(&mut self, request: Request<RequestBody>) -> Result<Response<Answer>, Sent> {
        match self {
            Self::Http1 { carrier, entry, .. } => {
                entry.served = entry.served.saturating_add(1);
                carrier.send(request).await
            }
            Self::Http2(place) => {
                let mut sender = place.connection.sender.clone();
                let response = Box::pin(sender.try_send_request(request)).await;
                response.map(|response| response.map(Answer::Hyper)).map_err(|error| lost(error, false))
            }
        }
    }

    /// What is known of the other end.
    pub(crate) fn far(&self) -> &Far {
        match self {
            Self::Http1 { entry, .. } => &entry.far,
            Self::Http2(place) => &place.connection.far,
        }
    }

    /// Whether other requests were sent on it before.
    pub(crate) fn is_reused(&self) -> bool {
        match self {
            Self::Http1 { entry, .. } => entry.served > 0,
            Self::Http2(place) => place.connection.served.get() > 1,
        }
    }

    /// What it writes down of the request; `None` for HTTP/2.
    pub(crate) fn written(&self) -> Option<Written> {
        match self {
            Self::Http1 { carrier, .. } => Some(carrier.written()),
            Self::Http2(_) => None,
        }
    }

    /// Gives it back once the answer is there as a whole. A connection that still sends the request is of no use to anybody.
    pub(crate) fn release(self, sent_request: bool) {
        if let Self::Http1 { carrier, pool: Some(pool), entry } = self
            && sent_request
        {
            pool.keep(carrier, entry);
        }
    }
}

pub(super) fn lost(mut error: TrySendError<Request<RequestBody>>, untouched: bool) -> Sent {
    let request = error.take_message();
    let error = error.into_error();
    let stream = h2_error(&error);
    let refused = stream.is_some_and(|stream| {
        stream.reason() == Some(h2::Reason::REFUSED_STREAM) || (stream.is_go_away() && stream.is_remote())
    });
    let lost = match (untouched || request.is_some(), refused) {
        (_, true) => Lost::Refused,
        (true, false) => Lost::ResetBeforeRequest,
        (false, false) => Lost::Reset,
    };
    let closed = !stream.is_some_and(h2::Error::is_reset);
    let protocol_error = error.is_parse() || error.is_parse_too_large();
    Sent { lost, protocol_error, closed, answered: false, request }
}

fn h2_error(error: &hyper::Error) -> Option<&h2::Error> {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if let Some(found) = error.downcast_ref::<h2::Error>() {
            return Some(found);
        }
        source = error.source();
    }
    None
}
