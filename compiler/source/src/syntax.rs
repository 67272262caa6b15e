//! Syntax errors in the words of somebody who has to repair the file.

use granit_parser::ErrorKind;
use meshc_diagnostics::{FileId, Span, codes};

use crate::fault::Fault;

/// The finding for an error that the parser reports at a byte of a file.
pub(crate) fn fault(file: FileId, text: &str, at: usize, kind: &ErrorKind) -> Fault {
    let at = floor_boundary(text, at);
    if let Some(span) = template_action(file, text, at) {
        return template(span);
    }
    if let Some(span) = indenting_tab(file, text, at, kind) {
        return Fault::new(
            &codes::TAB_INDENTATION,
            "a tab indents this line",
            span,
            "YAML indents with spaces only",
        )
        .help("replace each tab by spaces; most editors do it when told that the file is YAML");
    }
    if let Some(span) = conflict(file, text, at) {
        let message = "the file holds a merge conflict that nobody has resolved";
        return Fault::new(&codes::YAML_SYNTAX, message, span, "one side of the conflict begins here")
            .help("decide for one side and delete the lines `<<<<<<<`, `=======` and `>>>>>>>`");
    }
    let item = line_of(text, at).1.trim_start().starts_with("- ");
    let Explanation { message, label, help } = explain(kind, item);
    let message = message.map_or_else(|| kind.to_string(), str::to_owned);
    let code = match kind {
        ErrorKind::RecursionLimitExceeded => &codes::NESTED_TOO_DEEP,
        _ => &codes::YAML_SYNTAX,
    };
    let fault = Fault::new(code, message, token(file, text, at), label);
    match help {
        Some(help) => fault.help(help),
        None => fault,
    }
}

/// The finding that somebody forgot to render a template.
pub(crate) fn template(span: Span) -> Fault {
    let message = "the document is a template that nobody has rendered";
    Fault::new(&codes::UNRENDERED_TEMPLATE, message, span, "a template action")
        .help("render it first: `helm template … | meshc build -`")
}

/// An error in our words; where there are none, the parser's message stands.
struct Explanation {
    message: Option<&'static str>,
    label: &'static str,
    help: Option<&'static str>,
}

/// `item` tells whether the line of the error begins as a list item.
fn explain(kind: &ErrorKind, item: bool) -> Explanation {
    let (message, label, help) = match kind {
        ErrorKind::MappingValueNotAllowed => (
            "a `:` stands where no key can end",
            "not allowed here",
            "put the value in quotes if it contains `: `; else look for a missing `:` above, or wrong indentation",
        ),
        ErrorKind::ExpectedBlockMappingKey if item => (
            "a list item stands where a key must stand",
            "expected a key",
            "give the list a key above it, or indent the item like the other items",
        ),
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::InvalidIndentation => (
            "this line is indented like neither its parent nor its siblings",
            "the indentation fits no line above",
            "indent it like the keys that it belongs to",
        ),
        ErrorKind::ExpectedBlockSequenceEntry => (
            "a list item must begin with `-`",
            "expected `-`",
            "indent this line deeper than the `-` above, or add a `-`",
        ),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            ("a key without `:`", "no `:` follows", "write `key: value`")
        }
        ErrorKind::UnclosedQuotedScalar => ("a quote is not closed", "opened here", "add the closing quote"),
        ErrorKind::UnclosedFlowCollection { .. } => {
            ("a bracket is not closed", "opened here", "add the closing bracket")
        }
        ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping => {
            ("the file ends inside brackets", "expected a closing bracket", "add the closing bracket")
        }
        ErrorKind::ExpectedFlowMappingSeparator => (
            "a mapping in `{…}` is not closed, or a `,` is missing in it",
            "expected `,` or `}` before this",
            "close the `{` above; on the lines below it keys need a `,` between them",
        ),
        ErrorKind::ExpectedFlowSequenceSeparator => (
            "a list in `[…]` is not closed, or a `,` is missing in it",
            "expected `,` or `]` before this",
            "close the `[` above; items need a `,` between them",
        ),
        ErrorKind::MisplacedFlowCollectionEnd | ErrorKind::MismatchedFlowCollectionEnd { .. } => (
            "a closing bracket without its opening one",
            "closes nothing",
            "delete it, or put the value in quotes",
        ),
        ErrorKind::BlockEntryInFlowCollection => (
            "a `-` item stands inside brackets",
            "not allowed here",
            "close the bracket above, or write the items with `,` between them",
        ),
        ErrorKind::InvalidColonPlacement => (
            "a `:` stands inside a list in brackets",
            "not allowed here",
            "close the bracket above, or put the value in quotes",
        ),
        ErrorKind::UnknownAnchor => (
            "the alias names an anchor that does not exist",
            "no anchor above has this name",
            "anchors hold within one document; put the value in quotes if it is a text that begins with `*`",
        ),
        ErrorKind::RecursionLimitExceeded => {
            ("the values are nested too deeply", "more than 255 levels", "split the object")
        }
        ErrorKind::UnexpectedCharacter { .. } => {
            ("no value can begin with this character", "here", "put the value in quotes")
        }
        ErrorKind::UnknownQuotedScalarEscape => (
            "an unknown escape in a quoted text",
            "not an escape of YAML",
            "write `\\\\` for a backslash, or use single quotes",
        ),
        _ => return Explanation { message: None, label: "here", help: None },
    };
    Explanation { message: Some(message), label, help: Some(help) }
}

/// The marker of a merge conflict before an error, if its end follows.
fn conflict(file: FileId, text: &str, at: usize) -> Option<Span> {
    let (start, line) = line_of(text, at);
    let before = &text[..start + line.len()];
    let marker = before.rfind("\n<<<<<<< ").map(|line_feed| line_feed + 1);
    let marker = marker.or_else(|| before.starts_with("<<<<<<< ").then_some(0))?;
    text[marker..].contains("\n>>>>>>> ").then(|| span(file, marker, marker + "<<<<<<<".len()))
}

/// The first template action in the line of a byte.
pub(crate) fn template_action(file: FileId, text: &str, at: usize) -> Option<Span> {
    let (start, line) = line_of(text, at);
    let open = line.find("{{")?;
    let close = line[open..].find("}}").map_or(line.len(), |length| open + length + 2);
    Some(span(file, start + open, start + close))
}

/// The tab that indents the line of an error, or the line after it, where a value that goes on over lines ends.
fn indenting_tab(file: FileId, text: &str, at: usize, kind: &ErrorKind) -> Option<Span> {
    let about_tabs = matches!(
        kind,
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabInPlainScalar
            | ErrorKind::TabAtBlockScalarStart
    );
    let (mut start, _) = line_of(text, at);
    for line in text[start..].split_inclusive('\n').take(if about_tabs { 2 } else { 1 }) {
        let blank = line.len() - line.trim_start_matches([' ', '\t', '-']).len();
        if let Some(tab) = line[..blank].find('\t') {
            let tabs = line[tab..].len() - line[tab..].trim_start_matches('\t').len();
            return Some(span(file, start + tab, start + tab + tabs));
        }
        start += line.len();
    }
    None
}

/// The characters to underline: an alias or word as a whole, anything else as one character.
fn token(file: FileId, text: &str, at: usize) -> Span {
    let rest = &text[at..];
    let word = rest.find(|c: char| c.is_whitespace() || ",[]{}:\"'".contains(c)).unwrap_or(rest.len());
    let first = rest.chars().next().filter(|c| !matches!(c, '\r' | '\n')).map_or(0, char::len_utf8);
    span(file, at, at + word.max(first))
}

fn line_of(text: &str, at: usize) -> (usize, &str) {
    let start = text[..at].rfind('\n').map_or(0, |line_feed| line_feed + 1);
    let end = text[at..].find('\n').map_or(text.len(), |line_feed| at + line_feed);
    (start, &text[start..end])
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn span(file: FileId, start: usize, end: usize) -> Span {
    let place = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
    Span { file, start: place(start), end: place(end) }
}
