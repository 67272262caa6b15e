//! Formats: texts with Envoy's `%OPERATORS%` in them.

use std::fmt::Write as _;

use ::http::HeaderName;

use super::Record;
use super::operator::{Operator, Said};

/// A text with operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Format {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Operator { operator: Operator, longest: Option<usize> },
}

impl Format {
    /// Reads a format.
    ///
    /// # Errors
    /// If an operator is not known or not closed, as a sentence.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('%') {
            literal.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(behind) = rest.strip_prefix('%') {
                literal.push('%');
                rest = behind;
                continue;
            }
            let (part, behind) = operator(rest)?;
            if !literal.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut literal)));
            }
            parts.push(part);
            rest = behind;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Self { parts })
    }

    /// The text, if there is no operator in it.
    pub(crate) fn constant(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Headers of the request that it looks at.
    pub(crate) fn request_headers(&self) -> impl Iterator<Item = &HeaderName> {
        self.operators().flat_map(Operator::request_headers)
    }

    /// Headers of the response that it looks at.
    pub(crate) fn response_headers(&self) -> impl Iterator<Item = &HeaderName> {
        self.operators().flat_map(Operator::response_headers)
    }

    /// Writes what it says of a record. What is not known is `-`.
    pub(crate) fn write(&self, record: &Record, out: &mut String) {
        self.write_or(record, "-", out);
    }

    /// Writes the value of a header: what is not known is empty.
    pub(crate) fn header_value(&self, record: &Record) -> String {
        let mut out = String::new();
        self.write_or(record, "", &mut out);
        out
    }

    fn write_or(&self, record: &Record, missing: &str, out: &mut String) {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Operator { operator, longest } => match operator.of(record) {
                    Said::Nothing => out.push_str(missing),
                    Said::Text(text) => out.push_str(cut(&text, *longest)),
                    Said::Number(number) => {
                        let _ = write!(out, "{number}");
                    }
                },
            }
        }
    }

    /// What it says as a JSON value: a number or `null` where it is one operator, else a text.
    pub(super) fn json(&self, record: &Record) -> serde_json::Value {
        if let [Part::Operator { operator, longest }] = self.parts.as_slice() {
            return match operator.of(record) {
                Said::Nothing => serde_json::Value::Null,
                Said::Text(text) => cut(&text, *longest).into(),
                Said::Number(number) => number.into(),
            };
        }
        let mut out = String::new();
        self.write(record, &mut out);
        out.into()
    }

    fn operators(&self) -> impl Iterator<Item = &Operator> {
        self.parts.iter().filter_map(|part| match part {
            Part::Operator { operator, longest: _ } => Some(operator),
            Part::Text(_) => None,
        })
    }
}

/// At most so many bytes of a text, on a character boundary.
fn cut(text: &str, longest: Option<usize>) -> &str {
    match longest {
        Some(longest) if longest < text.len() => {
            let end = (0..=longest).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
            &text[..end]
        }
        _ => text,
    }
}

/// Reads `NAME%`, `NAME(ARGUMENT)%` or `NAME(ARGUMENT):LENGTH%`, and returns what stands behind it.
fn operator(text: &str) -> Result<(Part, &str), String> {
    let unclosed = || format!("`%{text}` has no closing per cent sign");
    let end = text.find(['(', '%', ':']).ok_or_else(unclosed)?;
    let name = &text[..end];
    let mut behind = &text[end..];
    let mut argument = None;
    if let Some(inside) = behind.strip_prefix('(') {
        let close = inside.find(')').ok_or_else(unclosed)?;
        argument = Some(&inside[..close]);
        behind = &inside[close + 1..];
    }
    let mut longest = None;
    if let Some(length) = behind.strip_prefix(':') {
        let close = length.find('%').ok_or_else(unclosed)?;
        let number = length[..close].parse().map_err(|_| format!("`{}` is no length", &length[..close]))?;
        longest = Some(number);
        behind = &length[close..];
    }
    let behind = behind.strip_prefix('%').ok_or_else(unclosed)?;
    Ok((Part::Operator { operator: Operator::parse(name, argument)?, longest }, behind))
}

#[cfg(test)]
mod tests;
