//! What a connection of HTTP/1 wrote of the request that it carries.
//!
//! hyper keeps nothing of a request that it has written. One that meets a connection which the endpoint has just closed is sent again
//! (dataplane.md §7.6, 21), as is one that a retry wants; copying the head of each request in case of that would cost more than all
//! matching. Its bytes are in hand when they are written, and are read again only where they are needed.

use std::io;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use ::http::request::Parts;
use ::http::{HeaderName, HeaderValue, Method, Request, Uri, Version};
use tokio::io::{AsyncRead, ReadBuf};

use super::super::watched::{Watch, Watched, read_and_see};

/// Memory that a connection keeps for heads.
const KEPT: usize = 4 * 1024;

/// Nothing of the request was written yet.
const BEGUN: u8 = 0;
/// The connection took none of what was written, so far.
const TRIED: u8 = 1;
/// The connection took some of it.
const WRITTEN: u8 = 2;
/// Something came back.
const HEARD: u8 = 3;

/// What is known of the request that a connection carries.
#[derive(Debug)]
pub(crate) struct Record {
    phase: AtomicU8,
    /// The first bytes: the head, and what of the body went with it.
    bytes: Mutex<Vec<u8>>,
}

impl Record {
    /// That of a connection that carries no request yet.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { phase: AtomicU8::new(HEARD), bytes: Mutex::default() })
    }

    /// A request follows. Whatever was written before was written as a whole.
    pub(super) fn begin(&self) {
        self.phase.store(BEGUN, Ordering::Relaxed);
    }

    /// Whether the connection took nothing of the request, so that nobody can have seen it.
    pub(super) fn is_untouched(&self) -> bool {
        self.phase.load(Ordering::Relaxed) < WRITTEN
    }

    /// Whether anything came back.
    pub(super) fn is_answered(&self) -> bool {
        self.phase.load(Ordering::Relaxed) == HEARD
    }

    /// The head of the request, if it was written.
    pub(crate) fn head(&self) -> Option<Parts> {
        let begun = self.phase.load(Ordering::Relaxed) != BEGUN;
        begun.then(|| parse(&self.bytes.lock().unwrap_or_else(PoisonError::into_inner)))?
    }

    fn note(&self, first: &[u8]) {
        self.phase.store(TRIED, Ordering::Relaxed);
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        if bytes.capacity() > KEPT {
            *bytes = Vec::new();
        }
        bytes.clear();
        bytes.extend_from_slice(first);
    }

    fn advance(&self, from: u8, to: u8) {
        if self.phase.load(Ordering::Relaxed) == from {
            self.phase.store(to, Ordering::Relaxed);
        }
    }
}

/// Reads what hyper writes, which is strict: one space between words, one line for each header.
pub(super) fn parse(bytes: &[u8]) -> Option<Parts> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let mut lines =
        bytes[..end].split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut words = lines.next()?.split(|byte| *byte == b' ');
    let (method, target) = (words.next()?, words.next()?);
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.method = Method::from_bytes(method).ok()?;
    parts.uri = Uri::try_from(target).ok()?;
    parts.version = Version::HTTP_11;
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let value = line[colon + 1..].strip_prefix(b" ").unwrap_or(&line[colon + 1..]);
        parts
            .headers
            .append(HeaderName::from_bytes(&line[..colon]).ok()?, HeaderValue::from_bytes(value).ok()?);
    }
    Some(parts)
}

/// A connection with its record.
pub(super) type Recorded<S> = Watched<S, Arc<Record>>;

impl Watch for Arc<Record> {
    fn read<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        read_and_see(stream, context, buffer, |bytes| {
            if !bytes.is_empty() {
                self.phase.store(HEARD, Ordering::Relaxed);
            }
            Ok(())
        })
    }

    /// hyper writes the head as a whole, as one slice where there are several.
    fn writes(&mut self, first: &[u8]) {
        if self.phase.load(Ordering::Relaxed) == BEGUN {
            self.note(first);
        }
    }

    fn wrote(&mut self, written: &Poll<io::Result<usize>>) {
        if matches!(written, Poll::Ready(Ok(length)) if *length > 0) {
            self.advance(TRIED, WRITTEN);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const HEAD: &str = "PUT /a?b=c HTTP/1.1\r\nhost: a\r\nx: 1\r\nx: \r\n\r\n";

    fn recorded() -> (Recorded<tokio::io::DuplexStream>, tokio::io::DuplexStream) {
        let (stream, far) = tokio::io::duplex(16);
        let record = Record::new();
        record.begin();
        (Recorded { stream, watch: record }, far)
    }

    #[tokio::test]
    async fn the_head_is_read_again_from_what_was_written_first() {
        let (mut stream, mut far) = recorded();
        assert!(stream.watch.head().is_none() && stream.watch.is_untouched());
        let slices = [io::IoSlice::new(HEAD.as_bytes()), io::IoSlice::new(b"body")];
        assert!(stream.write_vectored(&slices).await.unwrap() < HEAD.len());
        let head = stream.watch.head().unwrap();
        assert_eq!((head.method, head.uri.to_string().as_str()), (Method::PUT, "/a?b=c"));
        let headers: Vec<_> =
            head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        assert_eq!(headers, [("host", &b"a"[..]), ("x", b"1"), ("x", b"")]);
        assert!(!stream.watch.is_untouched() && !stream.watch.is_answered());
        far.write_all(b"H").await.unwrap();
        stream.read_u8().await.unwrap();
        assert!(stream.watch.is_answered() && stream.watch.head().is_some());
        stream.watch.begin();
        assert!(stream.watch.head().is_none() && !stream.watch.is_answered());
    }

    #[tokio::test]
    async fn what_a_closed_connection_does_not_take_is_untouched() {
        let (mut stream, far) = recorded();
        drop(far);
        assert!(stream.write_all(HEAD.as_bytes()).await.is_err());
        assert!(stream.watch.is_untouched() && stream.watch.head().is_some());
    }

    #[test]
    fn a_head_that_was_not_written_as_a_whole_is_none() {
        assert!(parse(b"GET / HTTP/1.1\r\nhost: a\r\n").is_none());
        assert!(parse(b"GET / HTTP/1.1\r\n\r\n").is_some());
    }
}
