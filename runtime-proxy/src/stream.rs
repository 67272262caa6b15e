//! A connection as bytes, whatever carries it: TCP, a Unix domain socket, or TLS over either.
//!
//! Bytes that an inspector has read already come first again. Every TCP socket is without Nagle's delay; whoever opens one
//! (accepting, connecting) sees to it through [`Stream::tcp`].

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsStream;

/// A connection as bytes.
#[derive(Debug)]
pub(crate) struct Stream {
    /// Bytes that were read before and are read again first.
    prefix: Bytes,
    carrier: Carrier,
}

#[derive(Debug)]
enum Carrier {
    Tcp(TcpStream),
    Unix(UnixStream),
    Tls(Box<TlsStream<Stream>>),
}

impl Stream {
    /// A TCP connection, from here on without Nagle's delay.
    pub(crate) fn tcp(stream: TcpStream) -> Self {
        // A socket that is dead already says so when it is read.
        let _ = stream.set_nodelay(true);
        Self { prefix: Bytes::new(), carrier: Carrier::Tcp(stream) }
    }

    /// A connection on a Unix domain socket.
    pub(crate) fn unix(stream: UnixStream) -> Self {
        Self { prefix: Bytes::new(), carrier: Carrier::Unix(stream) }
    }

    /// TLS over a stream, of either side.
    pub(crate) fn tls(stream: impl Into<TlsStream<Self>>) -> Self {
        Self { prefix: Bytes::new(), carrier: Carrier::Tls(Box::new(stream.into())) }
    }

    /// The same with bytes that are read first, before those that are read first already.
    #[must_use]
    pub(crate) fn with_prefix(self, first: Bytes) -> Self {
        let Self { prefix, carrier } = self;
        let prefix = match (first.is_empty(), prefix.is_empty()) {
            (true, _) => prefix,
            (false, true) => first,
            (false, false) => [first, prefix].concat().into(),
        };
        Self { prefix, carrier }
    }

    /// The socket, through TLS.
    pub(crate) fn socket(&self) -> socket2::SockRef<'_> {
        match &self.carrier {
            Carrier::Tcp(stream) => stream.into(),
            Carrier::Unix(stream) => stream.into(),
            Carrier::Tls(stream) => stream.get_ref().0.socket(),
        }
    }

    /// Address of this side, through TLS; `None` for a Unix domain socket.
    pub(crate) fn local_addr(&self) -> Option<SocketAddr> {
        self.socket().local_addr().ok()?.as_socket()
    }

    /// Address of the other side, through TLS; `None` for a Unix domain socket.
    pub(crate) fn peer_addr(&self) -> Option<SocketAddr> {
        self.socket().peer_addr().ok()?.as_socket()
    }

    /// Closes with a reset instead of an orderly end, so that the peer knows that what it sent was not taken.
    pub(crate) fn reset(self) {
        // Without lingering, closing sends RST; if that cannot be set, closing must do.
        let _ = self.socket().set_linger(Some(std::time::Duration::ZERO));
    }

    /// The bare TCP connection, if it is one and nothing of the prefix is left: its bytes can be moved inside the kernel.
    pub(crate) fn plain_tcp(&self) -> Option<&TcpStream> {
        match &self.carrier {
            Carrier::Tcp(stream) if self.prefix.is_empty() => Some(stream),
            Carrier::Tcp(_) | Carrier::Unix(_) | Carrier::Tls(_) => None,
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { prefix, carrier } = self.get_mut();
        if !prefix.is_empty() {
            let length = prefix.len().min(buffer.remaining());
            buffer.put_slice(&prefix[..length]);
            prefix.advance(length);
            if prefix.is_empty() {
                // The memory of what inspectors read is not kept for the life of the connection.
                *prefix = Bytes::new();
            }
            return Poll::Ready(Ok(()));
        }
        match carrier {
            Carrier::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Carrier::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
            Carrier::Tls(stream) => Pin::new(stream.as_mut()).poll_read(context, buffer),
        }
    }
}

/// Most bytes of several pieces that are put together before they are written: a system call that takes one piece is cheaper than one
/// that takes several, by more than so few bytes cost.
const SMALL: usize = 4 * 1024;

thread_local! {
    static PIECES: RefCell<Vec<u8>> = RefCell::new(Vec::with_capacity(SMALL));
}

/// Whether several pieces are written as one.
fn is_small(slices: &[io::IoSlice<'_>]) -> bool {
    slices.len() > 1 && slices.iter().map(|slice| slice.len()).sum::<usize>() <= SMALL
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().carrier {
            Carrier::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Carrier::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
            Carrier::Tls(stream) => Pin::new(stream.as_mut()).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().carrier {
            Carrier::Tcp(stream) if is_small(slices) => PIECES.with_borrow_mut(|pieces| {
                pieces.clear();
                slices.iter().for_each(|slice| pieces.extend_from_slice(slice));
                Pin::new(stream).poll_write(context, pieces)
            }),
            Carrier::Tcp(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Carrier::Unix(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Carrier::Tls(stream) => Pin::new(stream.as_mut()).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.carrier {
            Carrier::Tcp(stream) => stream.is_write_vectored(),
            Carrier::Unix(stream) => stream.is_write_vectored(),
            Carrier::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().carrier {
            Carrier::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Carrier::Unix(stream) => Pin::new(stream).poll_flush(context),
            Carrier::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().carrier {
            Carrier::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Carrier::Unix(stream) => Pin::new(stream).poll_shutdown(context),
            Carrier::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    fn pair_with_prefix(prefix: &'static [u8]) -> (Stream, UnixStream) {
        let (near, far) = UnixStream::pair().unwrap();
        (Stream::unix(near).with_prefix(Bytes::from_static(prefix)), far)
    }

    fn run<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    #[test]
    fn what_was_read_before_is_read_first() {
        run(async {
            let (mut near, mut far) = pair_with_prefix(b"abc");
            far.write_all(b"def").await.unwrap();
            far.shutdown().await.unwrap();
            let mut text = String::new();
            near.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "abcdef");
        });
    }

    #[test]
    fn small_pieces_are_written_as_one_and_large_ones_as_they_are() {
        run(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut near = Stream::tcp(TcpStream::connect(listener.local_addr().unwrap()).await.unwrap());
            let (mut far, _) = listener.accept().await.unwrap();
            for length in [1, SMALL - 2, SMALL, 3 * SMALL] {
                let (head, body) = (vec![b'h'; 2], vec![b'b'; length]);
                let slices = [io::IoSlice::new(&head), io::IoSlice::new(&body)];
                assert_eq!(near.write_vectored(&slices).await.unwrap(), length + 2);
                let mut read = vec![0; length + 2];
                far.read_exact(&mut read).await.unwrap();
                assert_eq!(read, [head, body].concat());
            }
        });
    }

    #[test]
    fn a_later_prefix_comes_before_an_earlier_one() {
        run(async {
            let (near, far) = pair_with_prefix(b"abc");
            drop(far);
            let mut text = String::new();
            near.with_prefix(Bytes::from_static(b"0")).read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "0abc");
        });
    }

    #[test]
    fn only_bare_tcp_without_a_prefix_is_moved_inside_the_kernel() {
        run(async {
            let (near, _far) = pair_with_prefix(b"");
            assert!(near.plain_tcp().is_none());
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let mut tcp = Stream::tcp(tcp).with_prefix(Bytes::from_static(b"abc"));
            assert!(tcp.plain_tcp().is_none());
            tcp.read_exact(&mut [0; 3]).await.unwrap();
            assert!(tcp.plain_tcp().is_some());
        });
    }
}
