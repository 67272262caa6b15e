//! Normalisation of request paths (Envoy's `normalize_path`, `merge_slashes`, `path_with_escaped_slashes_action`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Path normalisation of a mesh (`pathNormalization` of MeshConfig, spec §6.1.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PathNormalization {
    /// None.
    None,
    /// RFC 3986.
    Base,
    /// Also merges slashes.
    MergeSlashes,
    /// Also decodes escaped slashes first.
    DecodeAndMergeSlashes,
}

/// What happens to paths with escaped slashes (`%2F`, `%5C`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum EscapedSlashes {
    /// Envoy's default, which keeps them.
    Default,
    /// They stay.
    KeepUnchanged,
    /// The request is refused.
    RejectRequest,
    /// The client is redirected to the unescaped path.
    UnescapeAndRedirect,
    /// The unescaped path is forwarded.
    UnescapeAndForward,
}

/// How the paths of one connection are normalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PathRules {
    /// The level of the mesh.
    pub level: PathNormalization,
    /// What happens to escaped slashes; otherwise the level says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escaped_slashes: Option<EscapedSlashes>,
    /// Whether runs of slashes become one; otherwise the level says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_slashes: Option<bool>,
}

/// What becomes of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathDecision {
    /// The request goes on with it.
    Use(String),
    /// The client is sent to it.
    Redirect(String),
    /// The request is refused.
    Refuse,
}

/// The part of a path that routes and policies look at.
#[must_use]
pub fn without_query(path: &str) -> &str {
    path.split(['?', '#']).next().unwrap_or(path)
}

/// Normalises the path of a request. Escaped slashes come first, then RFC 3986, then runs of slashes.
#[must_use]
pub fn normalise(rules: PathRules, path: &str) -> PathDecision {
    let PathRules { level, escaped_slashes, merge_slashes: merges } = rules;
    if path.contains('#') {
        // A fragment is the client's own business; a client that sends one may want to fool a policy.
        return PathDecision::Refuse;
    }
    let (before, query) = match path.find('?') {
        Some(at) => path.split_at(at),
        None => (path, ""),
    };
    let slashes = escaped_slashes.unwrap_or(match level {
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
    let usual = matches!(level, PathNormalization::MergeSlashes | PathNormalization::DecodeAndMergeSlashes);
    if merges.unwrap_or(usual) {
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
