//! Names and values of headers, and their changes.

use std::collections::BTreeMap;

use crate::admission::{At, Report};
use crate::istio::{HeaderOperations, Headers};

/// Changes of request and response headers.
pub(super) fn check(at: &At<'_>, headers: Option<&Headers>, report: &mut Report) {
    let Some(Headers { request, response }) = headers else { return };
    operations(&at.field("request"), request.as_ref(), true, report);
    operations(&at.field("response"), response.as_ref(), false, report);
}

fn operations(at: &At<'_>, operations: Option<&HeaderOperations>, request: bool, report: &mut Report) {
    let Some(HeaderOperations { set, add, remove }) = operations else { return };
    for (field, headers) in [("set", set), ("add", add)] {
        written(&at.field(field), headers, request, report);
    }
    for (index, name) in remove.iter().enumerate() {
        report.check(&at.item("remove", index), changeable(name, false));
    }
}

fn written(at: &At<'_>, headers: &BTreeMap<String, String>, request: bool, report: &mut Report) {
    for (name, value) in headers {
        let at = at.field(name);
        report.check(&at, changeable(name, request));
        report.check(&at, value_of(value));
    }
}

/// Whether a header can be changed; on requests, the host can.
fn changeable(name: &str, host: bool) -> Result<(), String> {
    if name.is_empty() {
        return Err("the name of a header must not be empty".to_owned());
    }
    let is_host = is_authority(name);
    if (name.starts_with(':') || is_host) && !(host && is_host) {
        return Err(format!("the header `{name}` cannot be changed"));
    }
    Ok(())
}

/// Whether a header is the host of the request.
pub(super) fn is_authority(name: &str) -> bool {
    name.eq_ignore_ascii_case(":authority") || name.eq_ignore_ascii_case("host")
}

/// The name of a header that is matched or written to.
pub(super) fn name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("the name of a header must not be empty".to_owned());
    }
    if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
        return Ok(());
    }
    Err(format!("`{name}` is not the name of a header: use letters, digits, `-` and `_`"))
}

/// Whether the key of a header match names a claim of a token instead: `@request.auth.claims.name`, also with
/// the names in brackets.
pub(super) fn is_claim(key: &str) -> bool {
    let Some(path) = key.to_ascii_lowercase().strip_prefix("@request.auth.claims").map(str::to_owned) else {
        return false;
    };
    match path.strip_prefix('.') {
        Some(name) => !name.is_empty(),
        None => {
            let inner = path.strip_prefix('[').and_then(|path| path.strip_suffix(']'));
            inner.is_some_and(|inner| inner.split("][").all(|name| !name.is_empty()))
        }
    }
}

/// The name of a header that is matched, or a claim.
pub(super) fn name_or_claim(key: &str) -> Result<(), String> {
    if is_claim(key) { Ok(()) } else { name(key) }
}

/// The value that a header is set to: no control characters, and Envoy's `%COMMAND(arguments)%` complete. A
/// percent sign that is meant is written twice.
pub(super) fn value_of(value: &str) -> Result<(), String> {
    if value.bytes().any(|byte| byte < b' ' && byte != b'\t' || byte == 0x7f) {
        return Err("the value of a header must not hold control characters".to_owned());
    }
    let mut rest = value;
    while let Some((_, after)) = rest.split_once('%') {
        rest = match after.strip_prefix('%') {
            Some(after) => after,
            None if after.is_empty() => return Err(format!("`{value}` ends in a single `%`: write `%%`")),
            None => command(after).ok_or_else(|| format!("`{value}` holds a `%` command without its end"))?,
        };
    }
    Ok(())
}

/// What follows a command that starts after its percent sign.
fn command(text: &str) -> Option<&str> {
    let end = text.find(['%', '('])?;
    let (_, rest) = text.split_at(end);
    match rest.strip_prefix('(') {
        None => rest.strip_prefix('%'),
        Some(arguments) => after_arguments(arguments)?.trim_start_matches(' ').strip_prefix('%'),
    }
}

/// What follows the closing parenthesis of arguments: a list of quoted strings, or plain text.
fn after_arguments(text: &str) -> Option<&str> {
    let text = text.trim_start_matches(' ');
    let Some(mut rest) = text.strip_prefix('[') else {
        return after_closing(text, ')');
    };
    loop {
        rest = after_closing(rest.trim_start_matches(' ').strip_prefix('"')?, '"')?.trim_start_matches(' ');
        if let Some(end) = rest.strip_prefix(']') {
            return end.trim_start_matches(' ').strip_prefix(')');
        }
        rest = rest.strip_prefix(',')?;
    }
}

/// What follows a closing character; a backslash hides the character after it.
fn after_closing(text: &str, closing: char) -> Option<&str> {
    let mut characters = text.char_indices();
    while let Some((index, character)) = characters.next() {
        if character == '\\' {
            characters.next()?;
        } else if character == closing {
            return text.get(index + character.len_utf8()..);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_envoy_are_complete() {
        for value in [
            "",
            "plain",
            "100%%",
            "hello %HOSTNAME%",
            "%REQ(:method)%",
            r#"%UPSTREAM_METADATA(["a", "b"])%"#,
            "%START_TIME(%s)%",
            "a\tb",
        ] {
            assert_eq!(value_of(value), Ok(()), "{value}");
        }
        for value in [
            "abc%",
            "abcd%oijasodifj",
            "%START_TIME%%",
            "%REQ(x%",
            r#"%M([x])%"#,
            "a\nb",
            r#"%M(["a" "b"])%"#,
        ] {
            assert!(value_of(value).is_err(), "{value}");
        }
    }

    #[test]
    fn claims_are_told_from_headers() {
        assert!(is_claim("@request.auth.claims.sub") && is_claim("@request.auth.claims[a][b]"));
        assert!(
            !is_claim("@request.auth.claims") && !is_claim("@request.auth.claims[a]b") && !is_claim("claims")
        );
        assert!(name_or_claim("x-user").is_ok() && name_or_claim("@foo").is_err() && name("").is_err());
    }

    #[test]
    fn only_requests_can_have_another_host() {
        assert!(changeable(":authority", true).is_ok() && changeable("Host", true).is_ok());
        assert!(changeable("host", false).is_err() && changeable(":path", true).is_err());
    }
}
