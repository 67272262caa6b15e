//! TLS, by its ClientHello (RFC 8446 §4.1.2, RFC 6066 §3, RFC 7301): server name and application protocols.

use super::Verdict;

/// What a client says when it begins TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ClientHello {
    /// SNI in lower case; empty if there is none.
    pub(crate) server_name: String,
    /// ALPN, in the order of the client.
    pub(crate) alpn: Vec<String>,
}

const HANDSHAKE_RECORD: u8 = 22;
const CLIENT_HELLO: u8 = 1;
/// Longest fragment of a record (RFC 8446 §5.1).
const RECORD_LIMIT: usize = 1 << 14;

/// Reads a ClientHello, which may be spread over records. Broken contents of one that is complete make it none. One that is longer
/// than what inspectors read stays incomplete, so that the connection ends instead of passing for plaintext.
pub(crate) fn read(bytes: &[u8]) -> Verdict<ClientHello> {
    let mut message = Vec::new();
    let mut rest = bytes;
    loop {
        // What the first bytes of the message say is looked at as soon as they are here, so that another protocol that begins
        // alike does not wait for a length that it never meant.
        match complete(&message) {
            Verdict::More => {}
            Verdict::No => return Verdict::No,
            Verdict::Yes(body) => return parse(body).map_or(Verdict::No, Verdict::Yes),
        }
        match record(rest) {
            Verdict::More => return Verdict::More,
            Verdict::No => return Verdict::No,
            Verdict::Yes((fragment, after)) => {
                message.extend_from_slice(fragment);
                rest = after;
            }
        }
    }
}

/// The first record: its fragment, and what follows it.
fn record(bytes: &[u8]) -> Verdict<(&[u8], &[u8])> {
    let wrong = |at: usize, right: fn(u8) -> bool| bytes.get(at).is_some_and(|byte| !right(*byte));
    if wrong(0, |byte| byte == HANDSHAKE_RECORD) || wrong(1, |byte| byte == 3) || wrong(2, |byte| byte <= 4) {
        return Verdict::No;
    }
    let Some((header, rest)) = bytes.split_at_checked(5) else {
        return Verdict::More;
    };
    let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
    if length == 0 || length > RECORD_LIMIT {
        return Verdict::No;
    }
    rest.split_at_checked(length).map_or(Verdict::More, Verdict::Yes)
}

/// The body of the ClientHello, once the whole message is here.
fn complete(message: &[u8]) -> Verdict<&[u8]> {
    if message.first().is_some_and(|kind| *kind != CLIENT_HELLO) {
        return Verdict::No;
    }
    let Some((header, rest)) = message.split_at_checked(4) else {
        return Verdict::More;
    };
    let length = usize::from(header[1]) << 16 | usize::from(header[2]) << 8 | usize::from(header[3]);
    rest.get(..length).map_or(Verdict::More, Verdict::Yes)
}

/// Takes a message apart. `None` where a length contradicts another.
fn parse(body: &[u8]) -> Option<ClientHello> {
    let mut reader = Reader(body);
    let _version_and_random = reader.take(34)?;
    let _session = reader.short()?;
    let _ciphers = reader.long()?;
    let _compression = reader.short()?;
    let mut hello = ClientHello::default();
    if reader.0.is_empty() {
        // TLS 1.2 allows a ClientHello without extensions.
        return Some(hello);
    }
    let mut extensions = Reader(reader.long()?);
    while !extensions.0.is_empty() {
        let kind = extensions.number()?;
        let content = Reader(extensions.long()?);
        match kind {
            0 => hello.server_name = server_name(content)?,
            16 => hello.alpn = protocols(content)?,
            _ => {}
        }
    }
    Some(hello)
}

/// The host name; empty for names of other types.
fn server_name(mut content: Reader<'_>) -> Option<String> {
    let mut names = Reader(content.long()?);
    while !names.0.is_empty() {
        let kind = names.take(1)?;
        let name = names.long()?;
        if kind == [0] {
            return Some(String::from_utf8_lossy(name).to_ascii_lowercase());
        }
    }
    Some(String::new())
}

fn protocols(mut content: Reader<'_>) -> Option<Vec<String>> {
    let mut names = Reader(content.long()?);
    let mut protocols = Vec::new();
    while !names.0.is_empty() {
        protocols.push(String::from_utf8_lossy(names.short()?).into_owned());
    }
    Some(protocols)
}

/// Reads vectors with their lengths in front.
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u16> {
        let bytes = self.take(2)?;
        Some(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// A vector with a length of one byte.
    fn short(&mut self) -> Option<&'b [u8]> {
        let length = self.take(1)?[0];
        self.take(length.into())
    }

    /// A vector with a length of two bytes.
    fn long(&mut self) -> Option<&'b [u8]> {
        let length = self.number()?;
        self.take(length.into())
    }
}
