//! Floods of HTTP/2 frames that cost the sender nothing (CVE-2019-9512, 9515, 9518 and their kin): a connection on which more of them
//! arrive in a second than any client has a use for is cut off. Streams that are reset are limited by hyper.

use std::io;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, ReadBuf};

use super::watched::{Watch, Watched, read_and_see};

/// Frames of that kind in one interval.
const MOST: u32 = 1_000;
/// The interval.
const INTERVAL: Duration = Duration::from_secs(1);
/// Length of the head of a frame.
const HEAD: usize = 9;

/// Follows the frames of a connection.
#[derive(Debug)]
pub(super) struct Frames {
    /// Bytes of the preface or of a payload that are missing.
    skip: usize,
    head: [u8; HEAD],
    known: usize,
    count: u32,
    since: Instant,
}

impl Frames {
    /// From the preface of the client on.
    fn new() -> Self {
        Self { skip: 24, head: [0; HEAD], known: 0, count: 0, since: Instant::now() }
    }

    /// Looks at the next bytes; `false` if there is a flood.
    fn scan(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            if self.skip > 0 {
                let skipped = self.skip.min(bytes.len());
                self.skip -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            let taken = (HEAD - self.known).min(bytes.len());
            self.head[self.known..self.known + taken].copy_from_slice(&bytes[..taken]);
            self.known += taken;
            bytes = &bytes[taken..];
            if self.known == HEAD {
                self.known = 0;
                let [high, middle, low, kind, flags, ..] = self.head;
                self.skip = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
                if is_free(kind, flags, self.skip) && !self.count() {
                    return false;
                }
            }
        }
        true
    }

    fn count(&mut self) -> bool {
        if self.since.elapsed() >= INTERVAL {
            self.since = Instant::now();
            self.count = 0;
        }
        self.count += 1;
        self.count <= MOST
    }
}

/// Whether a frame costs its sender nothing and the receiver something.
fn is_free(kind: u8, flags: u8, length: usize) -> bool {
    let flag = flags & 1 != 0;
    match kind {
        // DATA without bytes and without the end of its stream.
        0 => length == 0 && !flag,
        // PRIORITY, CONTINUATION.
        2 | 9 => true,
        // SETTINGS and PING that want an answer.
        4 | 6 => !flag,
        _ => false,
    }
}

/// A connection of HTTP/2 that is looked at.
pub(super) type Calm<S> = Watched<S, Frames>;

impl<S> Calm<S> {
    /// Looks at a connection from its preface on.
    pub(super) fn new(stream: S) -> Self {
        Self { stream, watch: Frames::new() }
    }
}

impl Watch for Frames {
    fn read<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        read_and_see(stream, context, buffer, |bytes| match self.scan(bytes) {
            true => Ok(()),
            false => Err(io::Error::other("a flood of frames")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    fn scan(frame: &[u8], times: usize) -> bool {
        let bytes = [PREFACE, &frame.repeat(times)].concat();
        let mut frames = Frames::new();
        // Pieces of an odd length fall into heads and payloads.
        bytes.chunks(7).all(|piece| frames.scan(piece))
    }

    #[test]
    fn frames_that_cost_nothing_are_limited() {
        let ping = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
        let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        let empty = [0, 0, 0, 0, 0, 0, 0, 0, 1];
        for frame in [&ping[..], &settings, &empty] {
            assert!(scan(frame, 1_000) && !scan(frame, 1_001), "{frame:?}");
        }
    }

    #[test]
    fn frames_that_carry_something_are_not() {
        let data = [0, 0, 1, 0, 0, 0, 0, 0, 1, 42];
        let end = [0, 0, 0, 0, 1, 0, 0, 0, 1];
        let answer = [0, 0, 0, 4, 1, 0, 0, 0, 0];
        let update = [0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        for frame in [&data[..], &end, &answer, &update] {
            assert!(scan(frame, 5_000), "{frame:?}");
        }
    }
}
