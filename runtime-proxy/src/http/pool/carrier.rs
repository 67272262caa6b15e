//! What drives a connection of HTTP/1.1: whoever waits for its answer, or hyper.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ::http::request::Parts;
use ::http::{Request, Response};
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use super::super::body::{BodyError, RequestBody};
use super::super::retry::Lost;
use super::super::wire::{Broken, Wire};
use super::lease::{Sent, lost};
use super::record::{self, Record, Recorded};
use super::{HEAD, Want};
use crate::stream::Stream;
use crate::upstream::ConnectionPermit;

/// Time for a connection to be ready for its next request.
const READY: Duration = Duration::from_millis(50);

/// What drives a connection.
#[derive(Debug)]
pub(crate) enum Carrier {
    /// Whoever waits for the answer.
    Wire {
        /// The connection.
        wire: Rc<RefCell<Wire>>,
        /// Room for it.
        permit: ConnectionPermit,
    },
    /// hyper, in a task of its own.
    Hyper {
        /// What sends.
        sender: http1::SendRequest<RequestBody>,
        /// What is written down of the request.
        record: Arc<Record>,
    },
}

impl Carrier {
    /// For a connection that has just been made.
    pub(super) async fn new(
        stream: Stream,
        permit: ConnectionPermit,
        want: Want<'_>,
    ) -> Result<Self, hyper::Error> {
        if want.simple {
            let wire = Rc::new(RefCell::new(Wire::new(stream)));
            return Ok(Self::Wire { wire, permit });
        }
        let record = Record::new();
        let io = TokioIo::new(Recorded { stream, watch: Arc::clone(&record) });
        let (sender, connection) = http1::Builder::new()
            .preserve_header_case(want.preserve_case)
            .max_header_size(HEAD)
            .handshake(io)
            .await?;
        tokio::task::spawn_local(async move {
            // Whoever sent a request learns of an error; nobody else wants to.
            let _ = connection.with_upgrades().await;
            drop(permit);
        });
        Ok(Self::Hyper { sender, record })
    }

    /// The same, ready for a request; `None` if it cannot take one.
    pub(super) async fn ready(self, want: Want<'_>) -> Option<Self> {
        match self {
            Self::Wire { wire, permit: _ } if !wire.borrow_mut().is_quiet() => None,
            Self::Wire { wire, permit } if want.simple => Some(Self::Wire { wire, permit }),
            Self::Wire { wire, permit } => {
                let stream = Rc::into_inner(wire)?.into_inner().into_inner();
                Self::new(stream, permit, want).await.ok()
            }
            Self::Hyper { mut sender, record } => {
                // Ready at once, unless the last answer has just ended and its connection has not been polled yet. One that does
                // not become ready has an endpoint that answered without reading the request.
                let ready = sender.is_ready()
                    || Box::pin(tokio::time::timeout(READY, sender.ready()))
                        .await
                        .is_ok_and(|ready| ready.is_ok());
                ready.then_some(Self::Hyper { sender, record })
            }
        }
    }

    /// Whether whoever waits for the answer drives it.
    pub(super) fn is_wire(&self) -> bool {
        matches!(self, Self::Wire { .. })
    }

    /// Whether another request may follow the one that was answered.
    pub(super) fn is_open(&self) -> bool {
        match self {
            Self::Wire { wire, .. } => wire.borrow().is_free(),
            Self::Hyper { sender, .. } => !sender.is_closed(),
        }
    }

    /// Whether the endpoint has not closed it while nobody used it.
    pub(super) fn is_alive(&self) -> bool {
        match self {
            Self::Wire { wire, .. } => wire.borrow_mut().is_quiet(),
            Self::Hyper { sender, .. } => !sender.is_closed(),
        }
    }

    /// Sends a request and waits for the head of the answer.
    pub(super) async fn send(&mut self, mut request: Request<RequestBody>) -> Result<Response<Answer>, Sent> {
        match self {
            Self::Wire { wire, .. } => match Wire::send(wire, &mut request).await {
                Ok(response) => Ok(response.map(|()| Answer::Wire(Rc::clone(wire)))),
                Err(broken) => Err(Sent {
                    lost: if broken == Broken::Unsent { Lost::ResetBeforeRequest } else { Lost::Reset },
                    protocol_error: broken == Broken::NoHttp,
                    closed: true,
                    answered: wire.borrow().is_answered(),
                    request: Some(request),
                }),
            },
            Self::Hyper { sender, record } => {
                record.begin();
                match sender.try_send_request(request).await {
                    Ok(response) => Ok(response.map(Answer::Hyper)),
                    Err(error) => {
                        let sent = lost(error, record.is_untouched());
                        Err(Sent { answered: record.is_answered(), ..sent })
                    }
                }
            }
        }
    }

    /// What it wrote of the request.
    pub(super) fn written(&self) -> Written {
        match self {
            Self::Wire { wire, .. } => Written::Wire(Rc::clone(wire)),
            Self::Hyper { record, .. } => Written::Hyper(Arc::clone(record)),
        }
    }
}

/// What a connection wrote of the request that it carries.
#[derive(Debug)]
pub(crate) enum Written {
    /// Where whoever waits for the answer drives it.
    Wire(Rc<RefCell<Wire>>),
    /// Where hyper does.
    Hyper(Arc<Record>),
}

impl Written {
    /// The head of the request, if it was written.
    pub(crate) fn head(&self) -> Option<Parts> {
        match self {
            Self::Wire(wire) => record::parse(wire.borrow().written()),
            Self::Hyper(record) => record.head(),
        }
    }
}

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Read by whoever wants it.
    Wire(Rc<RefCell<Wire>>),
    /// Read by hyper.
    Hyper(Incoming),
}

impl Body for Answer {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Wire(wire) => wire.borrow_mut().poll_frame(context),
            Self::Hyper(incoming) => Pin::new(incoming).poll_frame(context).map_err(BodyError::Hyper),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Wire(wire) => wire.borrow().is_end_stream(),
            Self::Hyper(incoming) => incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Wire(wire) => wire.borrow().size_hint(),
            Self::Hyper(incoming) => incoming.size_hint(),
        }
    }
}
