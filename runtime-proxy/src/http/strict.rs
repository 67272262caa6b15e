//! A strict look at HTTP/1 before anybody parses it: what two parsers could read in two ways is refused (request smuggling,
//! dataplane.md §7.6, 1 and 2).
//!
//! hyper reads requests whose framing is ambiguous in the way that RFC 9112 allows, and drops what it did not use, so that nobody
//! behind it can see it any longer. This reader therefore stands before it. It only refuses: bytes that are fine pass through as they
//! are, and where they are not, hyper is given a NUL, which it answers with 400 and closes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Longest line of a head. Heads as a whole are limited by hyper.
const LONGEST_LINE: usize = 64 * 1024;

/// Where the bytes of a connection stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before or in the first line of a request.
    RequestLine,
    /// In its header lines.
    Headers,
    /// In a body, so many bytes of which are missing.
    Body(u64),
    /// In a line with the size of a chunk.
    ChunkSize,
    /// In a chunk, so many bytes of which are missing, its line end included.
    Chunk(u64),
    /// In the lines behind the last chunk.
    Trailers,
    /// Something is wrong; nothing is read any longer.
    Refused,
}

/// What is known of the head that is being read.
#[derive(Debug, Clone, Copy, Default)]
struct Framing {
    http_10: bool,
    length: Option<u64>,
    chunked: bool,
}

/// Follows the framing of a connection.
#[derive(Debug)]
pub(super) struct Scanner {
    state: State,
    framing: Framing,
    /// The part of a line that was read with earlier bytes.
    line: Vec<u8>,
}

impl Scanner {
    pub(super) fn new() -> Self {
        Self { state: State::RequestLine, framing: Framing::default(), line: Vec::new() }
    }

    /// Whether a head has begun and is not there as a whole yet.
    fn in_head(&self) -> bool {
        self.state == State::Headers || (self.state == State::RequestLine && !self.line.is_empty())
    }

    /// Looks at the next bytes. Returns how many of them are fine, if not all are.
    pub(super) fn scan(&mut self, bytes: &[u8]) -> Result<(), usize> {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            match self.state {
                State::Refused => return Err(at),
                State::Body(missing) => {
                    let taken = skip(missing, rest.len());
                    at += taken;
                    self.state = match missing - wide(taken) {
                        0 => State::RequestLine,
                        missing => State::Body(missing),
                    };
                }
                State::Chunk(missing) => {
                    let taken = skip(missing, rest.len());
                    // The last two of the missing bytes are the line end behind the chunk.
                    let fine =
                        rest[..taken].iter().enumerate().all(|(offset, byte)| match missing - wide(offset) {
                            2 => *byte == b'\r',
                            1 => *byte == b'\n',
                            _ => true,
                        });
                    if !fine {
                        self.state = State::Refused;
                        return Err(at);
                    }
                    at += taken;
                    self.state = match missing - wide(taken) {
                        0 => State::ChunkSize,
                        missing => State::Chunk(missing),
                    };
                }
                State::RequestLine | State::Headers | State::ChunkSize | State::Trailers => {
                    let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
                        self.line.extend_from_slice(rest);
                        if self.line.len() > LONGEST_LINE && self.state != State::RequestLine {
                            self.state = State::Refused;
                            return Err(at);
                        }
                        return Ok(());
                    };
                    let next = if self.line.is_empty() {
                        next(self.state, &mut self.framing, &rest[..end])
                    } else {
                        self.line.extend_from_slice(&rest[..end]);
                        let next = next(self.state, &mut self.framing, &self.line);
                        self.line.clear();
                        next
                    };
                    let Some(next) = next else {
                        self.state = State::Refused;
                        return Err(at);
                    };
                    self.state = next;
                    at += end + 1;
                }
            }
        }
        Ok(())
    }
}

fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn skip(missing: u64, available: usize) -> usize {
    usize::try_from(missing).unwrap_or(usize::MAX).min(available)
}

/// What comes behind a line, which is given without its LF; `None` if the line is refused.
fn next(state: State, framing: &mut Framing, line: &[u8]) -> Option<State> {
    let line = line.strip_suffix(b"\r")?;
    if line.iter().any(|byte| matches!(byte, b'\r' | 0)) {
        return None;
    }
    match state {
        // Empty lines before a request are skipped (RFC 9112 §2.2).
        State::RequestLine if line.is_empty() => Some(State::RequestLine),
        State::RequestLine => request_line(framing, line).then_some(State::Headers),
        State::Headers if line.is_empty() => behind_head(*framing),
        State::Headers => header(framing, line).then_some(State::Headers),
        State::ChunkSize => chunk(line),
        State::Trailers if line.is_empty() => Some(State::RequestLine),
        State::Trailers => trailer(line).then_some(State::Trailers),
        State::Body(_) | State::Chunk(_) | State::Refused => None,
    }
}

fn request_line(framing: &mut Framing, line: &[u8]) -> bool {
    let mut parts = line.split(|byte| *byte == b' ');
    let (Some(_), Some(target), Some(version), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    *framing = Framing { http_10: version == b"HTTP/1.0", ..Framing::default() };
    // A fragment is the client's own business; one that is sent may want to fool a policy (CVE-2021-39156).
    !target.is_empty() && !target.contains(&b'#')
}

/// Whether a header line is fine: no folding, no space before the colon, and framing that only one reading fits.
fn header(framing: &mut Framing, line: &[u8]) -> bool {
    let Some((name, value)) = split(line) else { return false };
    match name.len() {
        14 if name.eq_ignore_ascii_case(b"content-length") => {
            let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
            let number =
                std::str::from_utf8(value).ok().filter(|_| digits).and_then(|text| text.parse().ok());
            let alone = framing.length.is_none() && !framing.chunked;
            framing.length = number;
            alone && number.is_some()
        }
        17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
            let alone = framing.length.is_none() && !framing.chunked && !framing.http_10;
            framing.chunked = true;
            alone && value.eq_ignore_ascii_case(b"chunked")
        }
        _ => true,
    }
}

/// A trailer must not say what only a head may say.
fn trailer(line: &[u8]) -> bool {
    split(line).is_some_and(|(name, _)| {
        ["content-length", "transfer-encoding", "host"]
            .iter()
            .all(|forbidden| !name.eq_ignore_ascii_case(forbidden.as_bytes()))
    })
}

/// Name and value of a header line; `None` for one that is folded or has no proper name.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    (!name.is_empty() && name.iter().all(token)).then(|| (name, value.trim_ascii()))
}

fn behind_head(framing: Framing) -> Option<State> {
    let Framing { http_10: _, length, chunked } = framing;
    Some(match (chunked, length) {
        (true, _) => State::ChunkSize,
        (false, None | Some(0)) => State::RequestLine,
        (false, Some(length)) => State::Body(length),
    })
}

fn chunk(line: &[u8]) -> Option<State> {
    let size = line.split(|byte| *byte == b';').next().unwrap_or(line);
    // Extensions may follow; 15 digits are more than anybody can send and never overflow.
    if size.is_empty() || size.len() > 15 || !size.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let size = u64::from_str_radix(std::str::from_utf8(size).ok()?, 16).ok()?;
    Some(if size == 0 { State::Trailers } else { State::Chunk(size + 2) })
}

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
#[derive(Debug)]
pub(super) struct Strict<S> {
    stream: S,
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
        Self { stream, scanner: Scanner::new(), tunnel, head_timeout, timer: None, refused: false }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Strict<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.refused {
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        if this.tunnel.0.load(Ordering::Relaxed) {
            return read;
        }
        if read.is_pending() {
            if this.scanner.in_head() {
                let limit = this.head_timeout;
                let timer = this.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
                ready!(timer.as_mut().poll(context));
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            return Poll::Pending;
        }
        if let Err(fine) = this.scanner.scan(&buffer.filled()[before..]) {
            // hyper stops at a NUL wherever it stands in a head or in the framing of a body.
            buffer.filled_mut()[before + fine..].fill(0);
            this.refused = true;
        }
        if !this.scanner.in_head() {
            this.timer = None;
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Strict<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Scans a text whole and byte by byte, which must say the same.
    fn fine(text: &str) -> bool {
        let whole = Scanner::new().scan(text.as_bytes()).is_ok();
        let mut scanner = Scanner::new();
        let bytewise = text.bytes().all(|byte| scanner.scan(&[byte]).is_ok());
        assert_eq!(whole, bytewise, "{text:?}");
        whole
    }

    #[test]
    fn plain_requests_pass_one_after_the_other() {
        for text in [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
            "\r\nGET / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=y\r\nab\n\r\n0\r\nx: y\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        ] {
            assert!(fine(text), "{text:?}");
        }
    }

    #[test]
    fn what_two_parsers_could_read_in_two_ways_is_refused() {
        for text in [
            "GET / HTTP/1.1\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\n",
            "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n",
            "GET / HTTP/1.1\r\nA: b\0c\r\n\r\n",
            "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
            "GET / HTTP/1.1\r\nA : b\r\n\r\n",
            "GET / HTTP/1.1\r\nA\r\n\r\n",
            "GET / HTTP/1.1\r\n: b\r\n\r\n",
            "GET  / HTTP/1.1\r\n\r\n",
            "GET /a#b HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 3, 3\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 0x3\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length:\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding:\x0bchunked\r\n\r\n",
            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n 3\r\nabc\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;a\nb\r\nabc\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 3\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        ] {
            assert!(!fine(text), "{text:?}");
        }
    }

    #[tokio::test]
    async fn a_head_that_does_not_end_is_cut_off_and_an_idle_connection_is_not() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (near, mut far) = tokio::io::duplex(1_024);
        let mut strict = Strict::new(near, Tunnel::default(), Duration::from_millis(20));
        let mut bytes = [0; 64];
        far.write_all(b"GET / HT").await.unwrap();
        assert_eq!(strict.read(&mut bytes).await.unwrap(), 8);
        assert_eq!(strict.read(&mut bytes).await.unwrap_err().kind(), io::ErrorKind::TimedOut);

        let (near, mut far) = tokio::io::duplex(1_024);
        let mut strict = Strict::new(near, Tunnel::default(), Duration::from_millis(20));
        far.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        assert_eq!(strict.read(&mut bytes).await.unwrap(), 18);
        let idle = tokio::time::timeout(Duration::from_millis(100), strict.read(&mut bytes)).await;
        assert!(idle.is_err());
    }
}
