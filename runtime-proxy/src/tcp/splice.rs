//! Moves bytes from one socket to another inside the kernel, through a pipe.
//!
//! A pipe is taken from a small stock of the thread when bytes are there and goes back once it is empty, so that an idle connection
//! holds no pipe.

use std::cell::RefCell;
use std::io;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll, ready};

use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};
use tokio::io::Interest;
use tokio::net::TcpStream;

/// Bytes after which splicing pays: below it, its two calls for each piece cost more than a copy.
pub(super) const AFTER: u64 = 64 * 1024;

/// Bytes of a pipe.
const CAPACITY: usize = 256 * 1024;

/// Empty pipes that a thread keeps.
const STOCK: usize = 16;

/// Pieces in a row before other connections have their turn.
const TURNS: usize = 16;

thread_local! {
    static PIPES: RefCell<Vec<Pipe>> = const { RefCell::new(Vec::new()) };
}

/// A pipe, and how many bytes are in it.
#[derive(Debug)]
struct Pipe {
    reader: OwnedFd,
    writer: OwnedFd,
    held: usize,
}

impl Pipe {
    fn take() -> io::Result<Self> {
        if let Some(pipe) = PIPES.with_borrow_mut(Vec::pop) {
            return Ok(pipe);
        }
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        // A user with many pipes gets no larger one; the usual 64 KiB will do.
        let _ = fcntl_setpipe_size(&writer, CAPACITY);
        Ok(Self { reader, writer, held: 0 })
    }

    fn give_back(self) {
        PIPES.with_borrow_mut(|pipes| {
            if self.held == 0 && pipes.len() < STOCK {
                pipes.push(self);
            }
        });
    }
}

/// What one direction holds while it splices.
#[derive(Debug, Default)]
pub(super) struct Splicing {
    pipe: Option<Pipe>,
}

/// What a turn of splicing came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The source has ended, and everything is written.
    Ended,
    /// There is no pipe: bytes have to be copied.
    NoPipe,
}

/// Why it does not go on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// Reading.
    Source,
    /// Writing.
    Sink,
}

impl Splicing {
    /// Moves what is there; `moved` hears of every piece that was written.
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
        source: &TcpStream,
        sink: &TcpStream,
        mut moved: impl FnMut(u64),
    ) -> Poll<Result<Turn, Failed>> {
        for _ in 0..TURNS {
            if self.pipe.as_ref().is_some_and(|pipe| pipe.held > 0) {
                ready!(self.poll_write(context, sink, &mut moved)).map_err(|_| Failed::Sink)?;
                continue;
            }
            if self.pipe.is_none() {
                // Only when there is something to read, or every idle connection would hold a pipe.
                ready!(source.poll_read_ready(context)).map_err(|_| Failed::Source)?;
                match Pipe::take() {
                    Ok(pipe) => self.pipe = Some(pipe),
                    Err(_) => return Poll::Ready(Ok(Turn::NoPipe)),
                }
            }
            match self.fill(source) {
                Ok(0) => {
                    self.release();
                    return Poll::Ready(Ok(Turn::Ended));
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.release();
                    // Readiness may be back already, and then the next turn takes it.
                    ready!(source.poll_read_ready(context)).map_err(|_| Failed::Source)?;
                }
                Err(_) => return Poll::Ready(Err(Failed::Source)),
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reads into the empty pipe.
    fn fill(&mut self, source: &TcpStream) -> io::Result<usize> {
        let Some(pipe) = &mut self.pipe else { return Err(io::ErrorKind::WouldBlock.into()) };
        let flags = SpliceFlags::MOVE | SpliceFlags::NONBLOCK;
        let read = source
            .try_io(Interest::READABLE, || Ok(splice(source, None, &pipe.writer, None, CAPACITY, flags)?))?;
        pipe.held += read;
        Ok(read)
    }

    fn poll_write(
        &mut self,
        context: &mut Context<'_>,
        sink: &TcpStream,
        moved: &mut impl FnMut(u64),
    ) -> Poll<io::Result<()>> {
        let Some(pipe) = &mut self.pipe else { return Poll::Ready(Ok(())) };
        let flags = SpliceFlags::MOVE | SpliceFlags::NONBLOCK;
        loop {
            let write = || Ok(splice(&pipe.reader, None, sink, None, pipe.held, flags)?);
            match sink.try_io(Interest::WRITABLE, write) {
                Ok(written) => {
                    pipe.held -= written.min(pipe.held);
                    moved(u64::try_from(written).unwrap_or(u64::MAX));
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(sink.poll_write_ready(context))?;
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn release(&mut self) {
        if let Some(pipe) = self.pipe.take() {
            pipe.give_back();
        }
    }
}

impl Drop for Splicing {
    fn drop(&mut self) {
        self.release();
    }
}
