//! HTTP/1.1 towards endpoints, for requests without a body, which are most of all.
//!
//! hyper drives a connection in a task of its own, so that a request and its answer go from task to task and back. Here whoever waits
//! for the answer drives the connection: nothing is queued, and nobody is woken in between. What needs more than one side to move at
//! once, bodies of requests and upgrades, stays with hyper, which can take over a connection that is between two requests.

mod framing;
mod head;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use ::http::{Request, Response};
use bytes::{Bytes, BytesMut};
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWrite as _, ReadBuf};

use self::framing::Framing;
use super::body::BodyError;
use crate::stream::Stream;

/// Room for a read at first and at least.
const SMALL: usize = 8 * 1024;
/// Room for a read where the ones before filled theirs.
const LARGE: usize = 256 * 1024;

/// A connection of HTTP/1.1.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Stream,
    /// What was read and is not used yet.
    read: BytesMut,
    /// Room for the next read.
    room: usize,
    /// The head of the request, and how much of it was written.
    out: Vec<u8>,
    written: usize,
    answered: bool,
    /// What is left of the body of the answer.
    framing: Framing,
    /// Why there is no more of it.
    failed: Option<io::Error>,
    /// Whether the endpoint takes another request behind this one.
    keep_alive: bool,
    /// Where the header lines of the answer stand; kept for its memory.
    lines: Vec<head::Line>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// The connection was closed before anything of the request was written.
    Unsent,
    /// It broke off later.
    Reset,
    /// What came is no HTTP.
    NoHttp,
}

impl From<io::Error> for Broken {
    fn from(_: io::Error) -> Self {
        Self::Reset
    }
}

impl Wire {
    /// A connection on which nothing was sent.
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            read: BytesMut::new(),
            room: SMALL,
            out: Vec::new(),
            written: 0,
            answered: false,
            framing: Framing::Nothing,
            failed: None,
            keep_alive: true,
            lines: Vec::new(),
        }
    }

    /// The connection as it is between two requests.
    pub(super) fn into_inner(self) -> Stream {
        self.stream
    }

    /// Whether another request can go on it.
    pub(super) fn is_free(&self) -> bool {
        self.keep_alive && self.framing == Framing::Nothing && self.read.is_empty()
    }

    /// Whether the endpoint has neither closed it nor said anything unasked.
    pub(super) fn is_quiet(&mut self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        Pin::new(&mut self.stream).poll_read(&mut context, &mut ReadBuf::new(&mut [0])).is_pending()
    }

    /// Whether anything of an answer came.
    pub(super) fn is_answered(&self) -> bool {
        self.answered
    }

    /// Sends a request without a body and waits for the head of the answer; its body is read with [`Wire::poll_frame`]. What is not
    /// answered is left as it was.
    pub(super) async fn send<B>(
        wire: &Rc<RefCell<Self>>,
        request: &mut Request<B>,
    ) -> Result<Response<()>, Broken> {
        wire.borrow_mut().begin(request);
        std::future::poll_fn(|context| {
            let mut this = wire.borrow_mut();
            ready!(this.poll_write(context))?;
            this.poll_head(context, request)
        })
        .await
    }

    fn begin<B>(&mut self, request: &Request<B>) {
        self.out.clear();
        self.written = 0;
        self.answered = false;
        // Until the answer is there as a whole.
        self.keep_alive = false;
        head::write(request, &mut self.out);
    }

    /// The head that was written last.
    pub(super) fn written(&self) -> &[u8] {
        &self.out
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        while let Some(rest) = self.out.get(self.written..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(&mut self.stream).poll_write(context, rest)) {
                Ok(length) if length > 0 => self.written += length,
                // Nobody has seen any of it.
                _ if self.written == 0 => return Poll::Ready(Err(Broken::Unsent)),
                _ => return Poll::Ready(Err(Broken::Reset)),
            }
        }
        Pin::new(&mut self.stream).poll_flush(context).map_err(Broken::from)
    }

    /// The head of the answer, in the map of the request, whose memory is used again.
    fn poll_head<B>(
        &mut self,
        context: &mut Context<'_>,
        request: &mut Request<B>,
    ) -> Poll<Result<Response<()>, Broken>> {
        loop {
            if !self.read.is_empty()
                && let Some(head) = head::read(&mut self.read, &mut self.lines, request)?
            {
                let head::Head { response, framing, keep_alive } = head;
                self.framing = framing;
                self.keep_alive = keep_alive;
                return Poll::Ready(Ok(response));
            }
            if ready!(self.poll_fill(context))? == 0 {
                return Poll::Ready(Err(Broken::Reset));
            }
            self.answered = true;
        }
    }

    /// Reads more.
    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        // Small answers share a buffer as long as there is room for another one.
        if self.read.capacity() - self.read.len() < self.room / 4 {
            self.read.reserve(self.room);
        }
        let room = self.read.capacity() - self.read.len();
        let length = ready!(pin!(self.stream.read_buf(&mut self.read)).poll(context))?;
        self.room = if length == room { (self.room * 2).min(LARGE) } else { SMALL };
        Poll::Ready(Ok(length))
    }

    /// The next part of the body of the answer.
    pub(super) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Some(Err(BodyError::Broken(error))));
        }
        loop {
            match self.framing.next(&mut self.read) {
                Ok(framing::Next::Frame(frame)) => return Poll::Ready(Some(Ok(frame))),
                Ok(framing::Next::End) => return Poll::Ready(None),
                Ok(framing::Next::More) => {}
                Err(error) => return self.fail(error, context),
            }
            match ready!(self.poll_fill(context)) {
                Ok(0) if self.framing.ends_with_connection() => return Poll::Ready(None),
                Ok(0) => return self.fail(io::ErrorKind::UnexpectedEof.into(), context),
                Ok(_) => {}
                Err(error) => return self.fail(error, context),
            }
        }
    }

    /// Tells of an error with the next look: what came before is on its way to the client first.
    fn fail<T>(&mut self, error: io::Error, context: &mut Context<'_>) -> Poll<T> {
        self.keep_alive = false;
        self.failed = Some(error);
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Whether nothing of the body is left.
    pub(super) fn is_end_stream(&self) -> bool {
        self.framing == Framing::Nothing
    }

    /// What is known of the length of the rest of the body.
    pub(super) fn size_hint(&self) -> SizeHint {
        match self.framing {
            Framing::Nothing => SizeHint::with_exact(0),
            Framing::Length(rest) => SizeHint::with_exact(rest),
            Framing::Chunked(_) | Framing::UntilClose => SizeHint::new(),
        }
    }
}
