//! Follows the framing of HTTP/1 and refuses what only one of two parsers would read as it is meant.

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
    pub(super) fn in_head(&self) -> bool {
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
                    let Some(end) = memchr::memchr(b'\n', rest) else {
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
    if memchr::memchr2(b'\r', 0, line).is_some() {
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

/// Bytes that may stand in a name (RFC 9110 §5.6.2).
const TOKEN: [bool; 256] = {
    let mut token = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        token[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let marks = b"!#$%&'*+-.^_`|~";
    let mut at = 0;
    while at < marks.len() {
        token[marks[at] as usize] = true;
        at += 1;
    }
    token
};

/// Name and value of a header line; `None` for one that is folded or has no proper name.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|byte| !TOKEN[usize::from(*byte)])?;
    let (name, value) = (&line[..colon], line[colon..].strip_prefix(b":")?);
    (!name.is_empty()).then(|| (name, value.trim_ascii()))
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
