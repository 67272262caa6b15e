//! A strict look at HTTP/1 before anybody parses it: what two parsers could read in two ways is refused (request smuggling,
//! dataplane.md §7.6, 1 and 2).
//!
//! hyper reads requests whose framing is ambiguous in the way that RFC 9112 allows, and drops what it did not use, so that nobody
//! behind it can see it any longer. This reader therefore stands before it. It only refuses: bytes that are fine pass through as they
//! are, and where they are not, hyper is given a NUL, which it answers with 400 and closes.

mod scanner;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Sleep, sleep};

use self::scanner::Scanner;
use super::watched::{Watch, Watched};

/// The switch that turns the look off, once a connection is a tunnel.
#[derive(Debug, Clone, Default)]
pub(super) struct Tunnel(Arc<AtomicBool>);

impl Tunnel {
    /// From here on bytes are no HTTP.
    pub(super) fn open(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A connection that is looked at.
pub(super) type Strict<S> = Watched<S, Look>;

/// What the look at a connection knows.
#[derive(Debug)]
pub(super) struct Look {
    scanner: Scanner,
    tunnel: Tunnel,
    /// Time to receive a head, from its first byte on (slowloris).
    head_timeout: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    /// Whether the scan found something wrong, and the answer to it is on its way.
    refused: bool,
}

impl<S> Strict<S> {
    /// Looks at a connection. A head must be there within the time.
    pub(super) fn new(stream: S, tunnel: Tunnel, head_timeout: Duration) -> Self {
        let scanner = Scanner::new();
        Self { stream, watch: Look { scanner, tunnel, head_timeout, timer: None, refused: false } }
    }
}

impl Watch for Look {
    fn read<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.refused {
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let read = Pin::new(stream).poll_read(context, buffer);
        if self.tunnel.0.load(Ordering::Relaxed) {
            return read;
        }
        if read.is_pending() {
            if self.scanner.in_head() {
                let limit = self.head_timeout;
                let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
                ready!(timer.as_mut().poll(context));
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            return Poll::Pending;
        }
        if let Err(fine) = self.scanner.scan(&buffer.filled()[before..]) {
            // hyper stops at a NUL wherever it stands in a head or in the framing of a body.
            buffer.filled_mut()[before + fine..].fill(0);
            self.refused = true;
        }
        if !self.scanner.in_head() {
            self.timer = None;
        }
        read
    }
}

#[cfg(test)]
mod tests;
