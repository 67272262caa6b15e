//! What only JSON demands. Its documents are read as YAML, which contains JSON, but also much that JSON forbids.

use meshc_diagnostics::{FileId, Span, codes};
use serde::de::IgnoredAny;

use crate::fault::Fault;

/// The first place where a file with the name of a JSON file is no JSON. Objects may follow each other, as in kubectl.
pub(crate) fn fault(file: FileId, text: &str) -> Option<Fault> {
    let text_without_mark = text.strip_prefix('\u{feff}').unwrap_or(text);
    let error = serde_json::Deserializer::from_str(text_without_mark)
        .into_iter::<IgnoredAny>()
        .find_map(Result::err)?;
    let line = text_without_mark
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum::<usize>();
    let mut at =
        (text.len() - text_without_mark.len() + line + error.column().saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let end = at + text[at..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
    let place = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
    let span = Span { file, start: place(at), end: place(end) };
    if let Some(fault) = trailing_comma(file, text, at) {
        return Some(fault);
    }
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or(&message);
    let fault = Fault::new(&codes::JSON_SYNTAX, format!("not JSON: {message}"), span, "here");
    Some(fault.help("call the file .yaml if it is YAML"))
}

/// The most frequent slip in JSON by hand, which parsers describe by what they expected after it.
fn trailing_comma(file: FileId, text: &str, at: usize) -> Option<Fault> {
    let comma = text[..at].trim_end().strip_suffix(',')?.len();
    text[at..].starts_with(['}', ']']).then(|| {
        let place = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
        let span = Span { file, start: place(comma), end: place(comma + 1) };
        let message = "not JSON: a comma stands after the last entry";
        Fault::new(&codes::JSON_SYNTAX, message, span, "nothing follows it").help("delete the comma")
    })
}
