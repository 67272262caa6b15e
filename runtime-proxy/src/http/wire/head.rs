//! Heads of requests as they are written, and heads of answers as they are read.

use ::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version};
use bytes::{Bytes, BytesMut};
use hyper::ext::ReasonPhrase;

use super::super::names::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use super::Broken;
use super::framing::{Chunk, Framing};

/// Largest head of an answer.
const LARGEST: usize = 60 * 1024;
/// Most headers of an answer.
const MOST: usize = 100;

/// Where a header line stands in the head: name and value, each from and to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    name: (usize, usize),
    value: (usize, usize),
}

/// The head of an answer.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) response: Response<()>,
    pub(super) framing: Framing,
    /// Whether another request may follow.
    pub(super) keep_alive: bool,
}

/// Writes the head of a request that has no body.
pub(super) fn write<B>(request: &Request<B>, out: &mut Vec<u8>) {
    out.extend_from_slice(request.method().as_str().as_bytes());
    out.push(b' ');
    let path = request.uri().path_and_query().map_or("/", ::http::uri::PathAndQuery::as_str);
    out.extend_from_slice(path.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
    for (name, value) in request.headers() {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
}

/// What the first line of an answer says, and how long its head is.
struct Start {
    length: usize,
    status: StatusCode,
    version: Version,
    /// Reason, where it is not the usual one.
    reason: Option<ReasonPhrase>,
}

/// Takes the head of an answer out of what was read; `None` if it is not there as a whole. Informational answers before it are
/// passed over (RFC 9110 §15.2), except for the one that ends HTTP. Headers of the request make place for those of the answer.
///
/// # Errors
/// If it is no HTTP.
pub(super) fn read<B>(
    read: &mut BytesMut,
    lines: &mut Vec<Line>,
    request: &mut Request<B>,
) -> Result<Option<Head>, Broken> {
    loop {
        let Some(Start { length, status, version, reason }) = start(read, lines)? else { return Ok(None) };
        let head = read.split_to(length).freeze();
        if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
            if read.is_empty() {
                return Ok(None);
            }
            continue;
        }
        let mut response = Response::new(());
        *response.headers_mut() = std::mem::take(request.headers_mut());
        let keep_alive = fill(&head, lines, version, response.headers_mut())?;
        let framing = framing(status, version, request.method(), response.headers_mut())?;
        *response.status_mut() = status;
        *response.version_mut() = version;
        if let Some(reason) = reason {
            response.extensions_mut().insert(reason);
        }
        let keep_alive =
            keep_alive && framing != Framing::UntilClose && status != StatusCode::SWITCHING_PROTOCOLS;
        return Ok(Some(Head { response, framing, keep_alive }));
    }
}

fn start(read: &[u8], lines: &mut Vec<Line>) -> Result<Option<Start>, Broken> {
    let mut headers = [const { std::mem::MaybeUninit::uninit() }; MOST];
    let mut parsed = httparse::Response::new(&mut []);
    let config = httparse::ParserConfig::default();
    let length = match config.parse_response_with_uninit_headers(&mut parsed, read, &mut headers) {
        Ok(httparse::Status::Complete(length)) if length <= LARGEST => length,
        Ok(httparse::Status::Partial) if read.len() < LARGEST => return Ok(None),
        Ok(_) | Err(_) => return Err(Broken::NoHttp),
    };
    lines.clear();
    let base = read.as_ptr().addr();
    let place = |text: &[u8]| {
        let from = text.as_ptr().addr() - base;
        (from, from + text.len())
    };
    lines.extend(
        parsed
            .headers
            .iter()
            .map(|line| Line { name: place(line.name.as_bytes()), value: place(line.value) }),
    );
    let status = parsed.code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(Broken::NoHttp)?;
    let version = if parsed.version == Some(1) { Version::HTTP_11 } else { Version::HTTP_10 };
    let reason = parsed
        .reason
        .filter(|reason| Some(*reason) != status.canonical_reason())
        .and_then(|reason| ReasonPhrase::try_from(reason.as_bytes()).ok());
    Ok(Some(Start { length, status, version, reason }))
}

/// Fills the map. Returns whether the connection stays open, as far as headers say.
fn fill(head: &Bytes, lines: &[Line], version: Version, headers: &mut HeaderMap) -> Result<bool, Broken> {
    headers.clear();
    let (mut close, mut keep) = (false, version == Version::HTTP_11);
    for Line { name, value } in lines {
        let name = HeaderName::from_bytes(&head[name.0..name.1]).map_err(|_| Broken::NoHttp)?;
        let value = head.slice(value.0..value.1);
        if name == CONNECTION {
            close |= names(&value, "close");
            keep |= names(&value, "keep-alive");
        }
        headers.append(name, HeaderValue::from_maybe_shared(value).map_err(|_| Broken::NoHttp)?);
    }
    Ok(keep && !close)
}

/// Whether a list names something.
fn names(list: &[u8], wanted: &str) -> bool {
    list.split(|byte| *byte == b',').any(|name| name.trim_ascii().eq_ignore_ascii_case(wanted.as_bytes()))
}

/// How the end of a body is told. What could be read in two ways is refused, because the end decides what the next answer is.
fn framing(
    status: StatusCode,
    version: Version,
    method: &Method,
    headers: &mut HeaderMap,
) -> Result<Framing, Broken> {
    let none = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED, StatusCode::SWITCHING_PROTOCOLS];
    if *method == Method::HEAD || none.contains(&status) {
        return Ok(Framing::Nothing);
    }
    if let Some(coding) = headers.get_all(TRANSFER_ENCODING).iter().next_back() {
        if version == Version::HTTP_10 {
            return Err(Broken::NoHttp);
        }
        let last = coding.as_bytes().rsplit(|byte| *byte == b',').next().unwrap_or_default();
        let chunked = last.trim_ascii().eq_ignore_ascii_case(b"chunked");
        // It counts alone (RFC 9112 §6.3), and nobody behind this proxy must see the other.
        headers.remove(CONTENT_LENGTH);
        return Ok(if chunked { Framing::Chunked(Chunk::Size) } else { Framing::UntilClose });
    }
    let mut lengths =
        headers.get_all(CONTENT_LENGTH).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let Some(first) = lengths.next() else { return Ok(Framing::UntilClose) };
    let length = number(first).ok_or(Broken::NoHttp)?;
    // Lengths that say the same are one (RFC 9110 §8.6).
    if lengths.any(|other| number(other) != Some(length)) {
        return Err(Broken::NoHttp);
    }
    Ok(if length == 0 { Framing::Nothing } else { Framing::Length(length) })
}

fn number(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii();
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text).ok().filter(|_| digits)?.parse().ok()
}
