//! HTTP, by its first line, as Envoy's HTTP inspector recognises it.

use super::Verdict;

/// A version of HTTP in plaintext.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    Http11,
    /// HTTP/2 with prior knowledge.
    Http2,
}

impl Version {
    /// The name by which chains match it, as Envoy's inspector has it.
    pub(crate) fn application_protocol(self) -> &'static str {
        match self {
            Self::Http10 => "http/1.0",
            Self::Http11 => "http/1.1",
            Self::Http2 => "h2c",
        }
    }
}

/// What an HTTP/2 client sends first (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Longest method that is taken for one; Envoy's parser knows no longer one.
const METHOD_LIMIT: usize = 32;
/// Longest first line that is waited for; a longer one is HTTP/1.1 with a target that its handler refuses.
const LINE_LIMIT: usize = 8 * 1024;

/// Reads the first line of a request, or the preface of HTTP/2.
pub(crate) fn read(bytes: &[u8]) -> Verdict<Version> {
    let common = bytes.iter().zip(PREFACE).take_while(|(a, b)| a == b).count();
    if common == PREFACE.len() {
        return Verdict::Yes(Version::Http2);
    }
    if common == bytes.len() {
        return Verdict::More;
    }
    // Empty lines before a request are ignored (RFC 9112 §2.2).
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
    if start > METHOD_LIMIT {
        return Verdict::No;
    }
    let line = &bytes[start..];
    let token = line.iter().position(|byte| !is_method(*byte));
    match token {
        None if line.len() > METHOD_LIMIT => Verdict::No,
        None => Verdict::More,
        Some(0) => Verdict::No,
        Some(end) if end > METHOD_LIMIT || line[end] != b' ' => Verdict::No,
        Some(end) => target(&line[end + 1..]),
    }
}

/// Methods that are registered are upper-case with a dash here and there; a first word of another form is another protocol.
fn is_method(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte == b'-' || byte == b'_'
}

/// Reads the target and the version behind it.
fn target(bytes: &[u8]) -> Verdict<Version> {
    let seen = &bytes[..bytes.len().min(LINE_LIMIT)];
    let Some(end) = seen.iter().position(|byte| !(0x21..=0x7e).contains(byte) && *byte < 0x80) else {
        return if seen.len() == LINE_LIMIT { Verdict::Yes(Version::Http11) } else { Verdict::More };
    };
    if end == 0 || bytes[end] != b' ' {
        return Verdict::No;
    }
    let version = &bytes[end + 1..];
    for (known, name) in [(Version::Http10, b"HTTP/1.0"), (Version::Http11, b"HTTP/1.1")] {
        match version.get(..name.len()) {
            Some(start) if start == name => return ended(known, &version[name.len()..]),
            None if name.starts_with(version) => return Verdict::More,
            Some(_) | None => {}
        }
    }
    Verdict::No
}

/// A version is followed by the end of the line.
fn ended(version: Version, rest: &[u8]) -> Verdict<Version> {
    match rest {
        [] | [b'\r'] => Verdict::More,
        [b'\n', ..] | [b'\r', b'\n', ..] => Verdict::Yes(version),
        _ => Verdict::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Verdict<Version> {
        read(text.as_bytes())
    }

    #[test]
    fn the_first_line_tells_the_version() {
        assert_eq!(said("GET / HTTP/1.1\r\nHost: a\r\n"), Verdict::Yes(Version::Http11));
        assert_eq!(said("M-SEARCH * HTTP/1.0\n"), Verdict::Yes(Version::Http10));
        assert_eq!(said("\r\nPOST /a?b HTTP/1.1\r\n"), Verdict::Yes(Version::Http11));
        assert_eq!(said("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0"), Verdict::Yes(Version::Http2));
        assert_eq!(Version::Http2.application_protocol(), "h2c");
    }

    #[test]
    fn a_start_that_may_become_http_is_waited_for() {
        for text in
            ["", "G", "GET", "GET ", "GET /", "GET / HT", "GET / HTTP/1.1", "GET / HTTP/1.1\r", "PRI * HT"]
        {
            assert_eq!(said(text), Verdict::More, "{text}");
        }
    }

    #[test]
    fn other_protocols_are_not_waited_for() {
        for text in [
            "\x16\x03\x01",
            "SSH-2.0-x\r\n",
            "GET\t/",
            "*3\r\n$3",
            "\0",
            "get / HTTP/1.1\r\n",
            "GET / HTTP/3.0\r\n",
            "GET  HTTP/1.1\r\n",
            "GET / HTTP/1.1x",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(said(text), Verdict::No, "{text:?}");
        }
    }

    #[test]
    fn a_target_that_never_ends_is_left_to_the_handler_to_refuse() {
        assert_eq!(said(&format!("GET /{}", "a".repeat(LINE_LIMIT))), Verdict::Yes(Version::Http11));
    }
}
