//! Bodies: what goes to upstreams, with what retries and mirrors need of it.

mod source;

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep, Timeout, sleep_until, timeout};

pub(super) use self::source::{Replay, Source};

/// How long a body waits for `100 Continue` of the upstream before it goes anyway (RFC 9110 §10.1.1).
const CONTINUE_WAIT: Duration = Duration::from_secs(1);

/// Why a body ends early. The connection, or the stream of HTTP/2, ends with it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// The other side broke off.
    #[error(transparent)]
    Hyper(#[from] hyper::Error),
    /// The connection broke off, or its framing was wrong.
    #[error(transparent)]
    Broken(std::io::Error),
    /// A later attempt has the body now, or nobody wants it any longer.
    #[error("the body is not wanted any longer")]
    Abandoned,
    /// It took too long.
    #[error("it took too long")]
    Timeout,
}

/// What is counted of the body of a request.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Bytes that came from the client.
    pub(super) received: Cell<u64>,
    /// Whether all of it came, and when.
    pub(super) finished: Cell<Option<Instant>>,
    /// When all of it must be there.
    pub(super) deadline: Option<Instant>,
    /// Whether it was not.
    pub(super) late: Cell<bool>,
    timer: RefCell<Option<Pin<Box<Sleep>>>>,
}

impl Progress {
    /// Nothing yet; all of it must be there by some time.
    pub(super) fn until(deadline: Option<Instant>) -> Self {
        Self { deadline, ..Self::default() }
    }

    /// All of it is there.
    pub(super) fn finish(&self) {
        if self.finished.get().is_none() {
            self.finished.set(Some(Instant::now()));
        }
    }

    /// Whether the time is up. Only asked while there is nothing to pass on.
    fn is_late(&self, context: &mut Context<'_>) -> bool {
        let Some(deadline) = self.deadline else { return false };
        let mut timer = self.timer.borrow_mut();
        let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        self.late.set(timer.as_mut().poll(context).is_ready());
        self.late.get()
    }
}

/// The body of a request on its way to an upstream.
#[derive(Debug)]
pub(super) enum RequestBody {
    /// There is none.
    Empty,
    /// As it comes.
    Stream(Incoming, Rc<Progress>),
    /// As it comes, or as it came where it was sent before.
    Replay(Replay),
    /// As it comes, once the upstream asks for it.
    Expected(Box<Expected>),
    /// A copy.
    Copy(Option<Bytes>),
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Empty => Poll::Ready(None),
            Self::Stream(incoming, progress) => stream(incoming, progress, context),
            Self::Replay(replay) => replay.poll(context),
            Self::Expected(expected) => expected.poll(context),
            Self::Copy(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty | Self::Copy(None) => true,
            Self::Stream(incoming, _) => incoming.is_end_stream(),
            Self::Replay(replay) => replay.is_end(),
            Self::Expected(expected) => expected.body.is_end_stream(),
            Self::Copy(Some(_)) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty | Self::Copy(None) => SizeHint::with_exact(0),
            Self::Stream(incoming, _) => incoming.size_hint(),
            Self::Replay(replay) => replay.hint.map_or_else(SizeHint::new, SizeHint::with_exact),
            Self::Expected(expected) => expected.body.size_hint(),
            Self::Copy(Some(bytes)) => SizeHint::with_exact(u64::try_from(bytes.len()).unwrap_or_default()),
        }
    }
}

fn stream(
    incoming: &mut Incoming,
    progress: &Progress,
    context: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
    let polled = Pin::new(&mut *incoming).poll_frame(context);
    if polled.is_pending() && progress.is_late(context) {
        return Poll::Ready(Some(Err(BodyError::Timeout)));
    }
    let frame = ready!(polled);
    match &frame {
        None => progress.finish(),
        Some(Ok(frame)) => {
            if let Some(data) = frame.data_ref() {
                progress
                    .received
                    .set(progress.received.get() + u64::try_from(data.len()).unwrap_or_default());
            }
            if frame.is_trailers() || incoming.is_end_stream() {
                progress.finish();
            }
        }
        Some(Err(_)) => {}
    }
    Poll::Ready(frame.map(|frame| frame.map_err(BodyError::Hyper)))
}

/// A body that waits until the upstream says `100 Continue`.
#[derive(Debug)]
pub(super) struct Expected {
    body: RequestBody,
    go: Option<Pin<Box<Timeout<oneshot::Receiver<()>>>>>,
}

impl Expected {
    /// Holds a body back until somebody says so. If the other end is dropped instead, the body is not wanted.
    pub(super) fn new(body: RequestBody, go: oneshot::Receiver<()>) -> Self {
        Self { body, go: Some(Box::pin(timeout(CONTINUE_WAIT, go))) }
    }

    /// The body that is held back.
    pub(super) fn into_body(self) -> RequestBody {
        self.body
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(go) = &mut self.go {
            if let Ok(Err(_)) = ready!(go.as_mut().poll(context)) {
                return Poll::Ready(Some(Err(BodyError::Abandoned)));
            }
            self.go = None;
        }
        Pin::new(&mut self.body).poll_frame(context)
    }
}
