//! A stream with somebody who looks at what passes: at requests that must be strict, at frames that must be no flood, at what was
//! written of a request. Everything else of a stream is as it is without.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Looks at what passes.
pub(super) trait Watch {
    /// Reads from the stream.
    fn read<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>>;

    /// Bytes are about to be written; of several slices it is the first.
    fn writes(&mut self, _first: &[u8]) {}

    /// What became of them.
    fn wrote(&mut self, _written: &Poll<io::Result<usize>>) {}
}

/// Reads what the stream has, and gives it to somebody.
pub(super) fn read_and_see<S: AsyncRead + Unpin>(
    stream: &mut S,
    context: &mut Context<'_>,
    buffer: &mut ReadBuf<'_>,
    see: impl FnOnce(&[u8]) -> io::Result<()>,
) -> Poll<io::Result<()>> {
    let before = buffer.filled().len();
    ready!(Pin::new(stream).poll_read(context, buffer))?;
    Poll::Ready(see(&buffer.filled()[before..]))
}

/// A stream that is looked at.
#[derive(Debug)]
pub(super) struct Watched<S, W> {
    pub(super) stream: S,
    pub(super) watch: W,
}

impl<S: AsyncRead + Unpin, W: Watch + Unpin> AsyncRead for Watched<S, W> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, watch } = self.get_mut();
        watch.read(stream, context, buffer)
    }
}

impl<S: AsyncWrite + Unpin, W: Watch + Unpin> AsyncWrite for Watched<S, W> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Self { stream, watch } = self.get_mut();
        watch.writes(bytes);
        let written = Pin::new(stream).poll_write(context, bytes);
        watch.wrote(&written);
        written
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Self { stream, watch } = self.get_mut();
        watch.writes(slices.first().map_or(&[], |slice| slice));
        let written = Pin::new(stream).poll_write_vectored(context, slices);
        watch.wrote(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
