//! The canonical print of YAML: what `kubectl` and every other reader reads as it was meant.
//!
//! Enters: JSON values. Leaves: block style, two spaces, keys sorted, lists not indented below their key, as Go's writers print
//! manifests. A text is quoted whenever some reader of YAML 1.1 or 1.2 would take it for something else, so that `on`, `0777`,
//! `1_000` and `12:30` stay texts.

use std::fmt::Write;

use serde_json::{Map, Number, Value};

/// Prints one document, with a newline at its end and without `---`.
#[must_use]
pub fn to_string(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => mapping(&mut out, map, 0),
        Value::Array(items) if !items.is_empty() => sequence(&mut out, items, 0),
        other => {
            flow(&mut out, other, 2);
            out.push('\n');
        }
    }
    out
}

/// Writes the entries of a mapping. The caller has written the indentation of the first key.
fn mapping(out: &mut String, map: &Map<String, Value>, indent: usize) {
    for (index, (key, value)) in map.iter().enumerate() {
        if index > 0 {
            spaces(out, indent);
        }
        entry_key(out, key, indent);
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                out.push('\n');
                spaces(out, indent + 2);
                mapping(out, inner, indent + 2);
            }
            Value::Array(items) if !items.is_empty() => {
                out.push('\n');
                spaces(out, indent);
                sequence(out, items, indent);
            }
            other => {
                out.push(' ');
                flow(out, other, indent + 2);
                out.push('\n');
            }
        }
    }
}

/// Writes a key with its colon. A reader need not look for the colon of a long key unless a question mark announces it.
fn entry_key(out: &mut String, key: &str, indent: usize) {
    if key.len() < 256 {
        string(out, key);
    } else {
        out.push_str("? ");
        string(out, key);
        out.push('\n');
        spaces(out, indent);
    }
    out.push(':');
}

/// Writes the items of a list. The caller has written the indentation of the first dash.
fn sequence(out: &mut String, items: &[Value], indent: usize) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            spaces(out, indent);
        }
        out.push_str("- ");
        match item {
            Value::Object(inner) if !inner.is_empty() => mapping(out, inner, indent + 2),
            Value::Array(inner) if !inner.is_empty() => sequence(out, inner, indent + 2),
            other => {
                flow(out, other, indent + 2);
                out.push('\n');
            }
        }
    }
}

/// Writes a scalar or an empty collection. A text of several lines is indented by `indent`.
fn flow(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(&number_text(number)),
        Value::String(text) if is_block(text) => block(out, text, indent),
        Value::String(text) => string(out, text),
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
    }
}

/// A number that has no fraction is printed without one, and an exponent always follows a point and carries a sign, since
/// readers of YAML 1.1 take `1e3` for a text.
fn number_text(number: &Number) -> String {
    let text = number.to_string();
    if let Some(integer) = text.strip_suffix(".0") {
        return integer.to_owned();
    }
    match text.split_once('e') {
        None => text,
        Some((digits, exponent)) => {
            let point = if digits.contains('.') { "" } else { ".0" };
            let sign = if exponent.starts_with(['-', '+']) { "" } else { "+" };
            format!("{digits}{point}e{sign}{exponent}")
        }
    }
}

/// Writes a text on one line, plain where nobody can misread it.
fn string(out: &mut String, text: &str) {
    if is_plain(text) {
        out.push_str(text);
    } else {
        quoted(out, text);
    }
}

/// Whether a text reads as itself without quotes.
fn is_plain(text: &str) -> bool {
    let starts_well = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'.' | b'$' | b'(' | b'^' | b'+')
    };
    let inside = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    text.bytes().next().is_some_and(starts_well)
        && text.bytes().all(inside)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.starts_with("...")
        && !resolves(text)
}

/// Whether some reader takes a plain text for a boolean, null, number, date or merge key.
fn resolves(text: &str) -> bool {
    const WORDS: [&str; 10] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan"];
    let lower = text.to_ascii_lowercase();
    if WORDS.contains(&lower.as_str()) {
        return true;
    }
    let unsigned = lower.strip_prefix(['+', '-']).unwrap_or(&lower);
    if matches!(unsigned, "inf" | "infinity" | ".inf" | ".nan") {
        return true;
    }
    let digits = unsigned.replace('_', "");
    let of = |prefix: &str, is_digit: fn(&char) -> bool| {
        digits.strip_prefix(prefix).is_some_and(|rest| rest.chars().all(|c| is_digit(&c)))
    };
    let binary: fn(&char) -> bool = |c| matches!(c, '0' | '1');
    of("0x", char::is_ascii_hexdigit)
        || of("0o", char::is_ascii_digit)
        || of("0b", binary)
        || is_decimal(&digits)
        || is_sexagesimal(&digits)
        || is_date(&lower)
}

/// Digits with at most one point and an exponent. A half-written exponent (`1e`) counts too, to be safe.
fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, ""));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let is_digit = |byte: u8| byte.is_ascii_digit();
    mantissa.bytes().any(is_digit)
        && mantissa.bytes().all(|byte| is_digit(byte) || byte == b'.')
        && mantissa.matches('.').count() <= 1
        && exponent.bytes().all(is_digit)
}

/// Numbers to the base 60 of YAML 1.1, such as `12:30`.
fn is_sexagesimal(text: &str) -> bool {
    let (whole, _) = text.split_once('.').unwrap_or((text, ""));
    whole.contains(':')
        && whole.split(':').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

/// Dates and times of YAML 1.1: `2001-01-01` and whatever follows.
fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let digits = |part: Option<&str>, from: usize, to: usize| {
        part.is_some_and(|part| (from..=to).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
    };
    digits(parts.next(), 4, 4)
        && digits(parts.next(), 1, 2)
        && parts.next().is_some_and(|rest| rest.bytes().next().is_some_and(|b| b.is_ascii_digit()))
}

/// Writes a text in double quotes. What a terminal, an editor or a reader might change is escaped.
fn quoted(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_printable(c) => out.push(c),
            c if u32::from(c) <= 0xff => push(out, format_args!("\\x{:02X}", u32::from(c))),
            c if u32::from(c) <= 0xffff => push(out, format_args!("\\u{:04X}", u32::from(c))),
            c => push(out, format_args!("\\U{:08X}", u32::from(c))),
        }
    }
    out.push('"');
}

/// Printable for YAML, and not one of the characters that some readers take for a line break or drop.
fn is_printable(character: char) -> bool {
    match character {
        ' '..='~' => true,
        '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => false,
        c => u32::from(c) >= 0xa0,
    }
}

/// Whether a text is written line by line: it has several lines, and none of them would lose or gain anything.
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\n', '\t'])
        && text.chars().all(|c| c == '\n' || c == '\t' || is_printable(c))
        && text.lines().all(|line| !line.ends_with([' ', '\t']))
}

/// Tells of a text that comes in parts whether it can be written line by line and ends with one newline.
#[derive(Default)]
pub(crate) struct Lines {
    /// The last two bytes.
    last: [u8; 2],
    refused: bool,
}

impl Lines {
    /// Sees the next part.
    pub(crate) fn see(&mut self, text: &str) {
        if self.last == [0, 0] && text.starts_with([' ', '\n', '\t']) {
            self.refused = true;
        }
        let bytes = text.as_bytes();
        let is_blank = |byte: u8| matches!(byte, b' ' | b'\t');
        // Bitwise operators, so that many bytes are looked at in one step.
        let control = |byte: u8| ((byte < b' ') & (byte != b'\n') & (byte != b'\t')) | (byte == 0x7f);
        self.refused |= bytes.iter().fold(false, |found, byte| found | control(*byte));
        let follows = |(first, second): (&u8, &u8)| is_blank(*first) & (*second == b'\n');
        self.refused |=
            bytes.iter().zip(bytes.iter().skip(1)).fold(false, |found, pair| found | follows(pair));
        if let Some(first) = bytes.first() {
            self.refused |= follows((&self.last[1], first));
        }
        for byte in &bytes[bytes.len().saturating_sub(2)..] {
            self.last = [self.last[1], *byte];
        }
        self.refused |= !text.is_ascii() && text.chars().any(|c| !c.is_ascii() && !is_printable(c));
    }

    /// Whether all of what was seen can be written so.
    pub(crate) fn are_a_block(&self) -> bool {
        !self.refused && self.last[1] == b'\n' && self.last[0] != b'\n'
    }
}

/// Writes a text of several lines literally. The sign says what ends it: nothing, one newline or several.
fn block(out: &mut String, text: &str, indent: usize) {
    let body = text.trim_end_matches('\n');
    out.push_str(match text.len() - body.len() {
        0 => "|-",
        1 => "|",
        _ => "|+",
    });
    for line in body.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            spaces(out, indent);
            out.push_str(line);
        }
    }
    // The last newline is written by the caller, as after every scalar.
    for _ in 1..(text.len() - body.len()) {
        out.push('\n');
    }
}

fn spaces(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n(' ', count));
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests;
