//! Where the body of an answer ends (RFC 9112 §6.3).

use std::io;

use ::http::{HeaderMap, HeaderName, HeaderValue};
use bytes::{Buf as _, Bytes, BytesMut};
use hyper::body::Frame;

/// Longest line with the size of a chunk, extensions included.
const LONGEST_LINE: usize = 4 * 1024;
/// Largest trailers.
const LARGEST_TRAILERS: usize = 16 * 1024;
/// Most trailers.
const MOST_TRAILERS: usize = 100;

/// What is left of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// Nothing.
    Nothing,
    /// So many bytes.
    Length(u64),
    /// Chunks.
    Chunked(Chunk),
    /// Everything until the connection ends.
    UntilClose,
}

/// Where in the chunks a body stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chunk {
    /// Before a line with a size.
    Size,
    /// In a chunk, so many bytes of which are missing.
    Data(u64),
    /// Before the line end behind a chunk.
    End,
    /// Behind the last chunk.
    Trailers,
}

/// What comes next.
#[derive(Debug)]
pub(super) enum Next {
    /// A part of the body.
    Frame(Frame<Bytes>),
    /// Nothing, because it is over.
    End,
    /// It is not there yet.
    More,
}

impl Framing {
    /// Takes the next part of the body out of what was read.
    ///
    /// # Errors
    /// If the framing is broken.
    pub(super) fn next(&mut self, read: &mut BytesMut) -> io::Result<Next> {
        match self {
            Self::Nothing => Ok(Next::End),
            _ if read.is_empty() => Ok(Next::More),
            Self::UntilClose => Ok(Next::Frame(Frame::data(read.split().freeze()))),
            Self::Length(missing) => {
                let data = take(read, missing);
                if *missing == 0 {
                    *self = Self::Nothing;
                }
                Ok(Next::Frame(Frame::data(data)))
            }
            Self::Chunked(_) => self.next_chunk(read),
        }
    }

    /// Whether the end of the connection is the end of the body.
    pub(super) fn ends_with_connection(self) -> bool {
        self == Self::UntilClose
    }

    fn next_chunk(&mut self, read: &mut BytesMut) -> io::Result<Next> {
        let Self::Chunked(at) = self else { return Ok(Next::End) };
        loop {
            match at {
                Chunk::Size => {
                    let Some(line) = line(read)? else { return Ok(Next::More) };
                    *at = match size(&line)? {
                        0 => Chunk::Trailers,
                        size => Chunk::Data(size),
                    };
                }
                Chunk::Data(_) if read.is_empty() => return Ok(Next::More),
                Chunk::Data(missing) => {
                    let data = take(read, missing);
                    if *missing == 0 {
                        *at = Chunk::End;
                    }
                    return Ok(Next::Frame(Frame::data(data)));
                }
                Chunk::End => {
                    match read.get(..2) {
                        None => return Ok(Next::More),
                        Some(b"\r\n") => read.advance(2),
                        Some(_) => return Err(io::ErrorKind::InvalidData.into()),
                    }
                    *at = Chunk::Size;
                }
                Chunk::Trailers => {
                    let Some(trailers) = trailers(read)? else { return Ok(Next::More) };
                    *self = Self::Nothing;
                    return Ok(if trailers.is_empty() {
                        Next::End
                    } else {
                        Next::Frame(Frame::trailers(trailers))
                    });
                }
            }
        }
    }
}

/// Takes as many bytes as are missing and there.
fn take(read: &mut BytesMut, missing: &mut u64) -> Bytes {
    let length = usize::try_from(*missing).unwrap_or(usize::MAX).min(read.len());
    *missing -= length as u64;
    read.split_to(length).freeze()
}

/// Takes a line, without its end; `None` if it is not there as a whole.
fn line(read: &mut BytesMut) -> io::Result<Option<BytesMut>> {
    match memchr::memchr(b'\n', read) {
        Some(end) if end < LONGEST_LINE => {
            let mut line = read.split_to(end + 1);
            if !line.ends_with(b"\r\n") {
                return Err(io::ErrorKind::InvalidData.into());
            }
            line.truncate(end - 1);
            Ok(Some(line))
        }
        None if read.len() < LONGEST_LINE => Ok(None),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Size of a chunk; extensions behind it mean nothing here (RFC 9112 §7.1.1).
fn size(line: &[u8]) -> io::Result<u64> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or(line).trim_ascii();
    // 15 digits are more than anybody can send, and never overflow.
    let fine = (1..=15).contains(&digits.len()) && digits.iter().all(u8::is_ascii_hexdigit);
    std::str::from_utf8(digits)
        .ok()
        .filter(|_| fine)
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .ok_or(io::ErrorKind::InvalidData.into())
}

/// Takes the trailers with the empty line behind them; `None` if they are not there as a whole.
fn trailers(read: &mut BytesMut) -> io::Result<Option<HeaderMap>> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidData);
    let mut lines = [httparse::EMPTY_HEADER; MOST_TRAILERS];
    let (length, headers) = match httparse::parse_headers(read, &mut lines) {
        Ok(httparse::Status::Complete((length, lines))) => {
            let mut headers = HeaderMap::new();
            for line in lines {
                let name = HeaderName::from_bytes(line.name.as_bytes()).map_err(|_| invalid())?;
                headers.append(name, HeaderValue::from_bytes(line.value).map_err(|_| invalid())?);
            }
            (length, headers)
        }
        Ok(httparse::Status::Partial) if read.len() < LARGEST_TRAILERS => return Ok(None),
        Ok(httparse::Status::Partial) | Err(_) => return Err(invalid()),
    };
    read.advance(length);
    Ok(Some(headers))
}
