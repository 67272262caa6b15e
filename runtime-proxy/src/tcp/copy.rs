//! Two directions of bytes between two streams. Each ends by itself: an end of one side is passed on as an end, while the other
//! direction goes on (dataplane.md §7.6, 14). What is held between them is bounded: nothing is read before what was read is
//! written (24).

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::scratch;
use super::splice::{self, Failed, Splicing, Turn};
use crate::connection::{Connection, Counter};
use crate::stream::Stream;

/// Reads in a row before other connections have their turn.
const TURNS: usize = 16;

/// Why bytes are passed on no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Both sides have ended.
    Closed,
    /// No byte moved for too long.
    Idle,
    /// The connection has reached its age.
    TooLong,
    /// Its chain is gone.
    Drained,
    /// The connection of the client broke.
    ClientFailed,
    /// The connection to the endpoint broke.
    ServerFailed,
}

/// Two streams that are joined.
pub(super) struct Passing<'c> {
    client: Stream,
    server: Stream,
    up: OneWay<'c>,
    down: OneWay<'c>,
    moved_at: Cell<Instant>,
}

impl<'c> Passing<'c> {
    /// Joins a client with a server; bytes are counted where the connection of the client counts them.
    pub(super) fn new(client: Stream, server: Stream, connection: &'c Connection) -> Self {
        Self {
            client,
            server,
            up: OneWay::new(&connection.received),
            down: OneWay::new(&connection.sent),
            moved_at: Cell::new(Instant::now()),
        }
    }

    /// Passes bytes on until both sides have ended, one has broken, or no byte moved for as long as `idle`; zero is for ever.
    pub(super) async fn run(self, idle: Duration) -> Ended {
        let Self { mut client, mut server, mut up, mut down, moved_at } = self;
        let both = poll_fn(|context| {
            let first = up.poll(context, &mut client, &mut server, &moved_at);
            let ended = match first {
                Poll::Ready(Err(Broken::Source)) => Some(Ended::ClientFailed),
                Poll::Ready(Err(Broken::Sink)) => Some(Ended::ServerFailed),
                Poll::Ready(Ok(())) | Poll::Pending => None,
            };
            if let Some(ended) = ended {
                return Poll::Ready(ended);
            }
            match (down.poll(context, &mut server, &mut client, &moved_at), first) {
                (Poll::Ready(Err(Broken::Source)), _) => Poll::Ready(Ended::ServerFailed),
                (Poll::Ready(Err(Broken::Sink)), _) => Poll::Ready(Ended::ClientFailed),
                (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => Poll::Ready(Ended::Closed),
                (Poll::Ready(Ok(())) | Poll::Pending, _) => Poll::Pending,
            }
        });
        let ended = tokio::select! {
            biased;
            ended = both => ended,
            () = quiet(&moved_at, idle) => Ended::Idle,
        };
        // A reset is passed on as a reset, or the other side would take what it has for everything.
        match ended {
            Ended::ClientFailed => server.reset(),
            Ended::ServerFailed => client.reset(),
            Ended::Closed | Ended::Idle | Ended::TooLong | Ended::Drained => {}
        }
        ended
    }
}

/// Waits until nothing has moved for some time.
async fn quiet(moved_at: &Cell<Instant>, idle: Duration) {
    if idle.is_zero() {
        return std::future::pending().await;
    }
    loop {
        let last = moved_at.get();
        tokio::time::sleep_until(last + idle).await;
        if moved_at.get() == last {
            return;
        }
    }
}

/// Which side of a direction broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broken {
    Source,
    Sink,
}

/// One direction.
struct OneWay<'c> {
    /// What was read and is not written yet.
    left: Vec<u8>,
    /// How much of it is written.
    written: usize,
    moved: u64,
    counter: &'c Counter,
    state: State,
    /// Whether something was written that a flush must send (TLS).
    unflushed: bool,
    /// How bytes move inside the kernel, once it pays.
    splicing: Splicing,
    /// Whether splicing is out of the question.
    copies: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Moving,
    /// The source has ended; the sink is told.
    Ending,
    Done,
}

impl<'c> OneWay<'c> {
    fn new(counter: &'c Counter) -> Self {
        Self {
            left: Vec::new(),
            written: 0,
            moved: 0,
            counter,
            state: State::Moving,
            unflushed: false,
            splicing: Splicing::default(),
            copies: false,
        }
    }

    fn poll(
        &mut self,
        context: &mut Context<'_>,
        source: &mut Stream,
        sink: &mut Stream,
        moved_at: &Cell<Instant>,
    ) -> Poll<Result<(), Broken>> {
        let before = self.moved;
        let outcome = self.poll_state(context, source, sink);
        if self.moved != before {
            moved_at.set(Instant::now());
        }
        outcome
    }

    fn poll_state(
        &mut self,
        context: &mut Context<'_>,
        source: &mut Stream,
        sink: &mut Stream,
    ) -> Poll<Result<(), Broken>> {
        if self.state == State::Moving {
            ready!(self.poll_move(context, source, sink))?;
            self.state = State::Ending;
        }
        if self.state == State::Ending {
            // Shutting down flushes first. A sink that is gone already needs no end.
            let _ = ready!(Pin::new(sink).poll_shutdown(context));
            self.state = State::Done;
        }
        Poll::Ready(Ok(()))
    }

    /// Moves bytes until the source has ended.
    fn poll_move(
        &mut self,
        context: &mut Context<'_>,
        source: &mut Stream,
        sink: &mut Stream,
    ) -> Poll<Result<(), Broken>> {
        for _ in 0..TURNS {
            ready!(self.poll_left(context, sink)).map_err(|_| Broken::Sink)?;
            if self.moved >= splice::AFTER && !self.copies {
                match ready!(self.poll_splice(context, source, sink))? {
                    Turn::Ended => return Poll::Ready(Ok(())),
                    Turn::NoPipe => self.copies = true,
                }
            }
            match self.poll_piece(context, source, sink) {
                Poll::Ready(Ok(true)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(false)) => {}
                Poll::Ready(Err(broken)) => return Poll::Ready(Err(broken)),
                Poll::Pending => {
                    if self.unflushed {
                        ready!(Pin::new(sink).poll_flush(context)).map_err(|_| Broken::Sink)?;
                        self.unflushed = false;
                    }
                    return Poll::Pending;
                }
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_splice(
        &mut self,
        context: &mut Context<'_>,
        source: &Stream,
        sink: &Stream,
    ) -> Poll<Result<Turn, Broken>> {
        let (Some(source), Some(sink)) = (source.plain_tcp(), sink.plain_tcp()) else {
            return Poll::Ready(Ok(Turn::NoPipe));
        };
        let Self { splicing, moved, counter, .. } = self;
        let turn = splicing.poll(context, source, sink, |bytes| {
            *moved += bytes;
            counter.add(bytes);
        });
        turn.map_err(|failed| match failed {
            Failed::Source => Broken::Source,
            Failed::Sink => Broken::Sink,
        })
    }

    /// Writes what an earlier turn could not.
    fn poll_left(&mut self, context: &mut Context<'_>, sink: &mut Stream) -> Poll<std::io::Result<()>> {
        while self.written < self.left.len() {
            let wrote = ready!(Pin::new(&mut *sink).poll_write(context, &self.left[self.written..]))?;
            if wrote == 0 {
                return Poll::Ready(Err(std::io::ErrorKind::WriteZero.into()));
            }
            self.written += wrote;
            self.unflushed = true;
        }
        if !self.left.is_empty() {
            self.left = Vec::new();
            self.written = 0;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once and writes as much of it as the sink takes; the rest is left. True at the end of the source.
    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
        source: &mut Stream,
        sink: &mut Stream,
    ) -> Poll<Result<bool, Broken>> {
        scratch::with(self.moved, |scratch| {
            let mut read = ReadBuf::new(scratch);
            match ready!(Pin::new(source).poll_read(context, &mut read)) {
                Ok(()) => {}
                // TLS that ends without saying so: many programs just close. It is the end for Envoy as well.
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    return Poll::Ready(Ok(true));
                }
                Err(_) => return Poll::Ready(Err(Broken::Source)),
            }
            let mut rest = read.filled();
            if rest.is_empty() {
                return Poll::Ready(Ok(true));
            }
            let length = u64::try_from(rest.len()).unwrap_or(u64::MAX);
            self.moved += length;
            self.counter.add(length);
            while !rest.is_empty() {
                match Pin::new(&mut *sink).poll_write(context, rest) {
                    Poll::Ready(Ok(wrote)) if wrote > 0 => {
                        self.unflushed = true;
                        rest = &rest[wrote..];
                    }
                    Poll::Ready(_) => return Poll::Ready(Err(Broken::Sink)),
                    Poll::Pending => {
                        self.left = rest.to_vec();
                        return Poll::Pending;
                    }
                }
            }
            Poll::Ready(Ok(false))
        })
    }
}

#[cfg(test)]
mod tests;
