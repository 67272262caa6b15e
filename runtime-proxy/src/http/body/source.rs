//! Bodies that may be sent again: what was read is kept, up to a limit.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use ::http::HeaderMap;
use bytes::Bytes;
use hyper::body::{Body as _, Frame, Incoming};
use tokio::sync::Notify;

use super::{BodyError, Progress, RequestBody, stream};

/// The body of a request that may be sent again.
#[derive(Debug)]
pub(crate) struct Source {
    incoming: Incoming,
    progress: Rc<Progress>,
    chunks: Vec<Bytes>,
    kept: usize,
    limit: usize,
    trailers: Option<HeaderMap>,
    ended: bool,
    failed: bool,
    overflowed: bool,
    /// Which attempt has the body; what earlier ones still ask for they do not get.
    attempt: u32,
    finished: Rc<Notify>,
}

impl Source {
    /// Keeps up to `limit` bytes of a body.
    pub(crate) fn new(incoming: Incoming, progress: Rc<Progress>, limit: usize) -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self {
            incoming,
            progress,
            chunks: Vec::new(),
            kept: 0,
            limit,
            trailers: None,
            ended: false,
            failed: false,
            overflowed: false,
            attempt: 0,
            finished: Rc::new(Notify::new()),
        }))
    }

    /// Whether everything that was read so far is still there.
    pub(crate) fn can_replay(&self) -> bool {
        !self.overflowed && !self.failed
    }

    /// The body for the next attempt.
    pub(crate) fn replay(source: &Rc<RefCell<Self>>) -> RequestBody {
        let mut this = source.borrow_mut();
        this.attempt += 1;
        let hint = this.incoming.size_hint().exact().filter(|_| this.attempt == 1);
        let kept = u64::try_from(this.kept).unwrap_or_default();
        let hint = hint.or_else(|| {
            let rest = if this.ended { Some(0) } else { this.incoming.size_hint().exact() };
            rest.map(|rest| rest + kept)
        });
        RequestBody::Replay(Replay {
            source: Rc::clone(source),
            at: 0,
            attempt: this.attempt,
            done: false,
            hint,
        })
    }

    /// Waits until the body is there as a whole; `None` if it is longer than what is kept, or broke off.
    pub(crate) async fn whole(source: &Rc<RefCell<Self>>) -> Option<Bytes> {
        loop {
            let finished = {
                let this = source.borrow();
                if !this.can_replay() {
                    return None;
                }
                if this.ended {
                    return Some(this.chunks.concat().into());
                }
                Rc::clone(&this.finished)
            };
            finished.notified().await;
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = ready!(stream(&mut self.incoming, &Rc::clone(&self.progress), context));
        match &frame {
            None => self.ended = true,
            Some(Err(_)) => self.failed = true,
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.keep(data);
                }
                if let Some(trailers) = frame.trailers_ref() {
                    self.trailers = Some(trailers.clone());
                    self.ended = true;
                }
                self.ended |= self.incoming.is_end_stream();
            }
        }
        if self.ended || self.failed || self.overflowed {
            self.finished.notify_waiters();
        }
        Poll::Ready(frame)
    }

    fn keep(&mut self, data: &Bytes) {
        self.kept += data.len();
        if self.kept > self.limit {
            self.overflowed = true;
            self.chunks = Vec::new();
        } else {
            self.chunks.push(data.clone());
        }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.finished.notify_waiters();
    }
}

/// One attempt's view of a body that may be sent again.
#[derive(Debug)]
pub(crate) struct Replay {
    source: Rc<RefCell<Source>>,
    at: usize,
    attempt: u32,
    done: bool,
    pub(super) hint: Option<u64>,
}

impl Replay {
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let mut source = self.source.borrow_mut();
        if source.attempt != self.attempt {
            return Poll::Ready(Some(Err(BodyError::Abandoned)));
        }
        if self.done {
            return Poll::Ready(None);
        }
        if let Some(chunk) = source.chunks.get(self.at) {
            self.at += 1;
            return Poll::Ready(Some(Ok(Frame::data(chunk.clone()))));
        }
        if source.ended {
            self.done = true;
            return Poll::Ready(source.trailers.clone().map(|trailers| Ok(Frame::trailers(trailers))));
        }
        let frame = ready!(source.poll(context));
        self.at = source.chunks.len();
        self.done = frame.is_none() || matches!(&frame, Some(Ok(frame)) if frame.is_trailers());
        Poll::Ready(frame)
    }

    pub(super) fn is_end(&self) -> bool {
        let source = self.source.borrow();
        self.done || (source.ended && self.at >= source.chunks.len() && source.trailers.is_none())
    }
}
