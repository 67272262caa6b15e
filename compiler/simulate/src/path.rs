//! Normalisation of request paths (Envoy's `normalize_path`, `merge_slashes`, `path_with_escaped_slashes_action`).

use meshc_plan::{EscapedSlashes, HttpConnection, PathNormalization};

/// What becomes of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PathDecision {
    /// The request goes on with it.
    Use(String),
    /// The client is sent to it.
    Redirect(String),
    /// The request is refused.
    Refuse,
}

/// The part of a path that routes and policies look at.
pub(crate) fn without_query(path: &str) -> &str {
    path.split(['?', '#']).next().unwrap_or(path)
}

/// Normalises the path of a request. Escaped slashes come first, then RFC 3986, then runs of slashes.
pub(crate) fn normalise(http: &HttpConnection, path: &str) -> PathDecision {
    if path.contains('#') {
        // A fragment is the client's own business; a client that sends one may want to fool a policy.
        return PathDecision::Refuse;
    }
    let (before, query) = match path.find('?') {
        Some(at) => path.split_at(at),
        None => (path, ""),
    };
    let level = http.path_normalization;
    let slashes = http.limits.escaped_slashes.unwrap_or(match level {
        PathNormalization::DecodeAndMergeSlashes => EscapedSlashes::UnescapeAndForward,
        _ => EscapedSlashes::KeepUnchanged,
    });
    let escaped = has_escaped_slashes(before);
    let mut text = before.to_owned();
    match slashes {
        EscapedSlashes::RejectRequest if escaped => return PathDecision::Refuse,
        EscapedSlashes::UnescapeAndForward | EscapedSlashes::UnescapeAndRedirect if escaped => {
            text = unescape_slashes(&text);
        }
        _ => {}
    }
    if level != PathNormalization::None {
        match canonical(&text) {
            Some(path) => text = path,
            None => return PathDecision::Refuse,
        }
    }
    let merges = matches!(level, PathNormalization::MergeSlashes | PathNormalization::DecodeAndMergeSlashes);
    if http.limits.merge_slashes.unwrap_or(merges) {
        text = merge_slashes(&text);
    }
    text.push_str(query);
    if slashes == EscapedSlashes::UnescapeAndRedirect && escaped {
        PathDecision::Redirect(text)
    } else {
        PathDecision::Use(text)
    }
}

fn has_escaped_slashes(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    lower.contains("%2f") || lower.contains("%5c")
}

fn unescape_slashes(path: &str) -> String {
    path.replace("%2f", "/").replace("%2F", "/").replace("%5c", "\\").replace("%5C", "\\")
}

fn merge_slashes(path: &str) -> String {
    let mut merged = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !merged.ends_with('/') {
            merged.push(character);
        }
    }
    merged
}

/// RFC 3986: needless escapes are decoded, `.` and `..` are resolved, a backslash is a slash. `None` if it is not a path.
fn canonical(path: &str) -> Option<String> {
    if !path.starts_with('/') {
        return None;
    }
    let decoded = decode_unreserved(path).replace('\\', "/");
    let mut segments: Vec<&str> = Vec::new();
    let mut rest = decoded.split('/').skip(1).peekable();
    while let Some(segment) = rest.next() {
        let last = rest.peek().is_none();
        match segment {
            "." if last => segments.push(""),
            "." => {}
            ".." => {
                segments.pop();
                if last {
                    segments.push("");
                }
            }
            other => segments.push(other),
        }
    }
    Some(format!("/{}", segments.join("/")))
}

/// Decodes escapes of letters, digits and `-._~`, and escapes what must not stand in a path.
fn decode_unreserved(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut decoded = String::with_capacity(path.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'%'
            && let Some(value) = path.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok())
            && (value.is_ascii_alphanumeric() || b"-._~".contains(&value))
        {
            decoded.push(char::from(value));
            at += 3;
            continue;
        }
        if byte.is_ascii_graphic() && !b"\"<>`{}".contains(&byte) {
            decoded.push(char::from(byte));
        } else {
            decoded.push_str(&format!("%{byte:02X}"));
        }
        at += 1;
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_resolved_and_needless_escapes_decoded() {
        let canonical = |path: &str| canonical(path).unwrap_or_default();
        assert_eq!(canonical("/a/./b/../c"), "/a/c");
        assert_eq!(canonical("/a/%2e%2E/b"), "/b");
        assert_eq!(canonical("/../../a/.."), "/");
        assert_eq!(canonical("/%61dmin\\x"), "/admin/x");
        assert_eq!(canonical("/a%2Fb//c"), "/a%2Fb//c");
        assert_eq!(super::canonical("a"), None);
    }

    #[test]
    fn runs_of_slashes_are_merged() {
        assert_eq!(merge_slashes("//a///b/"), "/a/b/");
        assert_eq!(unescape_slashes("/a%2fb%5Cc"), "/a/b\\c");
    }
}
